"""The uses in one file, from its typed syntax tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mypy import nodes, patterns, types

from .contracts import Contracts
from .found import Found
from .syntax import children, class_names, has_any, takes_anything

READ, WRITE, WHOLE = "read", "write", "whole"
KEEPING = {
    "ByteSize", "Clear", "CopyFrom", "FromString", "IsInitialized", "MergeFrom", "MergeFromString", "ParseFromString",
    "SerializePartialToString", "SerializeToString", "SetInParent", "DiscardUnknownFields", "UnknownFields",
    "HasField", "WhichOneof", "ClearField", "__class__",
}  # fmt: skip
"""Methods that read no field, or only those that their argument names."""
BY_NAME = {"HasField": READ, "WhichOneof": READ, "ClearField": WRITE}
"""Methods that take the name of a field or of a oneof."""
CHANGING = {
    "add", "append", "extend", "insert", "remove", "pop", "clear", "update", "sort", "reverse", "setdefault",
    "CopyFrom", "MergeFrom", "get_or_create", "FromDatetime", "FromSeconds", "FromMilliseconds", "FromNanoseconds",
    "FromJsonString", "FromTimedelta", "GetCurrentTime", "Pack", "SetInParent", "ParseFromString",
}  # fmt: skip
"""Methods of a field's value that write it."""
BY_REFLECTION = {"getattr": READ, "hasattr": READ, "setattr": WRITE, "delattr": WRITE}
"""Functions that take the name of an attribute."""
CONSTANT = "_FIELD_NUMBER"


class Scan:
    """Collects the uses in one file.

    Args:
        path: its path, as the uses name it.
        typed: the type of each expression of the program.
        contracts: the generated classes.
        found: takes the uses.
    """

    def __init__(
        self, path: str, typed: Mapping[nodes.Expression, types.Type], contracts: Contracts, found: Found
    ) -> None:
        self._path, self._typed, self._contracts, self._found = path, typed, contracts, found
        self._written: set[nodes.Expression] = set()
        self._visits: dict[type[nodes.Node], Callable[[Any], None]] = {
            nodes.AssignmentStmt: lambda node: self._write(*node.lvalues),
            nodes.ForStmt: lambda node: self._write(node.index),
            nodes.DelStmt: lambda node: self._write(node.expr),
            nodes.OperatorAssignmentStmt: self._change,
            nodes.MemberExpr: self._member,
            nodes.NameExpr: self._constant,
            nodes.CallExpr: self._call,
            nodes.ComparisonExpr: self._comparison,
            nodes.OpExpr: self._operation,
            nodes.ClassDef: self._class,
            patterns.ClassPattern: self._pattern,
        }

    def walk(self, tree: nodes.Node) -> None:
        """Visit a syntax tree, each node before those in it."""
        waiting, seen = [tree], set[int]()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            visit = self._visits.get(type(node))
            if visit is not None:
                visit(node)
            waiting += reversed(children(node))

    def _write(self, *targets: nodes.Expression) -> None:
        """Note what an assignment writes, before it is visited."""
        for target in targets:
            if isinstance(target, nodes.TupleExpr | nodes.ListExpr):
                self._write(*target.items)
            elif isinstance(target, nodes.StarExpr):
                self._write(target.expr)
            elif isinstance(target, nodes.IndexExpr):
                self._write(target.base)
            elif isinstance(target, nodes.MemberExpr):
                self._written.add(target)

    def _change(self, node: nodes.OperatorAssignmentStmt) -> None:
        """`x.field += 1` writes; the visit of its target notes the read."""
        if isinstance(node.lvalue, nodes.MemberExpr):
            for module, message in self._messages(self._typed.get(node.lvalue.expr)):
                self._field(module, message, node.lvalue.name, WRITE, node.line)

    def _constant(self, node: nodes.RefExpr) -> None:
        """A value of an enum."""
        if node.fullname in self._contracts.enum_values:
            module, name = self._contracts.enum_values[node.fullname]
            self._found.use(module, name, READ, self._path, node.line)

    def _member(self, node: nodes.MemberExpr) -> None:
        """An attribute: a field, a method of a message, or an rpc."""
        self._constant(node)
        of = getattr(node.expr, "node", None)
        if isinstance(of, nodes.TypeInfo):
            self._of_class(of, node)
        if isinstance(of, nodes.TypeInfo | nodes.MypyFile):
            return
        base = self._typed.get(node.expr)
        for module, message in self._messages(base):
            self._attribute(module, message, node)
        for module, service in self._services(base):
            self._rpc(module, service, node.name, READ, node.line)
        if has_any(base):
            self._untyped(node.name, node.line)

    def _of_class(self, of: nodes.TypeInfo, node: nodes.MemberExpr) -> None:
        """An attribute of a message's class: reflection and numbers of fields lead anywhere."""
        if of.fullname in self._contracts.messages and (node.name.endswith(CONSTANT) or node.name == "DESCRIPTOR"):
            module, message = self._contracts.messages[of.fullname]
            self._unseen(module, node.line, f"{message.name}.{node.name}")

    def _attribute(self, module: str, message: Any, node: nodes.MemberExpr) -> None:
        if self._field(module, message, node.name, WRITE if node in self._written else READ, node.line):
            return
        if node.name.endswith(CONSTANT):
            self._unseen(module, node.line, f"{message.name}.{node.name}")
        elif not (
            node.name in KEEPING
            or node.name in message.nested_types_by_name
            or node.name in message.enum_types_by_name
            or node.name in message.enum_values_by_name
        ):  # ListFields, DESCRIPTOR, Extensions, and what else reads by reflection
            self._whole([(module, message)], node.line)

    def _field(self, module: str, message: Any, name: str, how: str, line: int) -> bool:
        """Note the use of a field, or of all members of a oneof; returns whether the message has one of that name."""
        oneof = message.oneofs_by_name.get(name)
        fields = oneof.fields if oneof is not None else filter(None, [message.fields_by_name.get(name)])
        names = [field.full_name for field in fields]
        for full_name in names:
            self._found.use(module, full_name, how, self._path, line)
        return bool(names)

    def _rpc(self, module: str, service: Any, method: str, how: str, line: int) -> None:
        for rpc in _methods(service, method):
            self._found.use(module, rpc.full_name, how, self._path, line)

    def _call(self, node: nodes.CallExpr) -> None:
        callee = node.callee
        if isinstance(callee, nodes.MemberExpr):
            self._method(callee, node)
        constructed = self._constructed(callee)
        if constructed is not None:
            self._keywords(*constructed, node)
        elif isinstance(callee, nodes.RefExpr) and callee.fullname.removeprefix("builtins.") in BY_REFLECTION:
            self._by_reflection(callee.fullname.removeprefix("builtins."), node)
        else:
            self._arguments(node)

    def _method(self, callee: nodes.MemberExpr, node: nodes.CallExpr) -> None:
        """A call of a method: of a message with the name of a field, of a field's value, or of a client."""
        if callee.name in CHANGING and isinstance(callee.expr, nodes.MemberExpr):
            self._written.add(callee.expr)
        base = self._typed.get(callee.expr)
        if callee.name in BY_NAME:
            for module, message in self._messages(base):
                self._named(module, message, node.args[0] if node.args else None, BY_NAME[callee.name], node.line)
        for module, service in self._services(base):
            for rpc in _methods(service, callee.name):
                self._keywords(module, rpc.input_type, node)

    def _named(self, module: str, message: Any, name: nodes.Expression | None, how: str, line: int) -> None:
        """The use of a field, or of all members of a oneof, by its name in a text."""
        if isinstance(name, nodes.StrExpr):
            self._field(module, message, name.value, how, line)
        else:
            self._unseen(module, line, f"a field of {message.name} by a name that is no literal")

    def _constructed(self, callee: nodes.Expression) -> tuple[str, Any] | None:
        """The module and descriptor of the message that a call constructs; None for another call."""
        if isinstance(node := getattr(callee, "node", None), nodes.TypeInfo):
            return self._contracts.messages.get(node.fullname)
        found = types.get_proper_type(self._typed.get(callee))
        if isinstance(found, types.CallableType) and found.is_type_obj():
            return self._contracts.messages.get(found.type_object().fullname)
        return None

    def _keywords(self, module: str, message: Any, node: nodes.CallExpr) -> None:
        """The fields that the keywords of a call set."""
        for argument, kind, keyword in zip(node.args, node.arg_kinds, node.arg_names, strict=True):
            if keyword:
                self._field(module, message, keyword, WRITE, argument.line)
            elif kind == nodes.ARG_STAR2:
                self._unseen(module, node.line, f"`**` in {message.name}(...)")

    def _by_reflection(self, function: str, node: nodes.CallExpr) -> None:
        """`getattr(x, "field")` and its kind."""
        if len(node.args) < 2:  # noqa: PLR2004 - the value and the name
            return
        target, name = node.args[:2]
        messages = self._messages(self._typed.get(target))
        for module, message in messages:
            self._named(module, message, name, BY_REFLECTION[function], node.line)
        if not messages and isinstance(name, nodes.StrExpr):
            self._untyped(name.value, node.line)

    def _arguments(self, node: nodes.CallExpr) -> None:
        """Messages that are given to a parameter of any type: all of them may be read there."""
        called = types.get_proper_type(self._typed.get(node.callee))
        for index, argument in enumerate(node.args):
            given = self._messages(self._typed.get(argument), inside=True)
            if given and takes_anything(called, node, index):
                self._whole(given, argument.line)

    def _comparison(self, node: nodes.ComparisonExpr) -> None:
        """`==` compares all fields."""
        if not {"==", "!=", "in", "not in"}.isdisjoint(node.operators):
            for operand in node.operands:
                self._whole(self._messages(self._typed.get(operand), inside=True), node.line)

    def _operation(self, node: nodes.OpExpr) -> None:
        """`"%s" % message` prints all fields."""
        if node.op == "%":
            self._whole(self._messages(self._typed.get(node.right), inside=True), node.line)

    def _pattern(self, node: patterns.ClassPattern) -> None:
        """`case Step(reward=r)` reads."""
        for module, message in filter(None, [self._contracts.messages.get(node.class_ref.fullname)]):
            for key in node.keyword_keys:
                self._field(module, message, key, READ, node.line)

    def _class(self, node: nodes.ClassDef) -> None:
        """The rpcs that a class serves, if it implements a generated servicer."""
        for base in node.info.mro[1:]:
            if base.fullname in self._contracts.services:
                module, service = self._contracts.services[base.fullname]
                for name, symbol in node.info.names.items():
                    self._rpc(module, service, name, WRITE, symbol.node.line if symbol.node else node.line)

    def _whole(self, messages: Sequence[tuple[str, Any]], line: int) -> None:
        for module, message in messages:
            if self._contracts.is_narrowed(module):
                for field in self._contracts.fields_below(module, message):
                    self._found.use(module, field, READ, self._path, line)
                if self._contracts.is_partial(module, message):
                    self._found.partial.add((module, self._path, line, message.full_name))
            else:
                self._found.use(module, message.full_name, WHOLE, self._path, line)

    def _untyped(self, name: str, line: int) -> None:
        """An attribute of a value without a type, which may be a field of that name."""
        for module in self._contracts.field_names.get(name, ()):
            self._unseen(module, line, f"`.{name}` of a value without a type")

    def _unseen(self, module: str, line: int, words: str) -> None:
        self._found.unseen(module, self._path, line, words)

    def _messages(self, found: types.Type | None, *, inside: bool = False) -> list[tuple[str, Any]]:
        """The module and descriptor of each message that a value is, or with `inside` contains."""
        names = dict.fromkeys(class_names(found, inside=inside))
        return [self._contracts.messages[name] for name in names if name in self._contracts.messages]

    def _services(self, found: types.Type | None) -> list[tuple[str, Any]]:
        """The module and descriptor of each service that a value is a stub or a client of."""
        names = dict.fromkeys(class_names(found))
        return [self._contracts.services[name] for name in names if name in self._contracts.services]


def _methods(service: Any, method: str) -> list[Any]:
    """The rpcs of a service that a method of a stub (`GetStep`) or of a client (`get_step`) calls."""
    plain = method.replace("_", "").lower()
    return [rpc for rpc in service.methods if rpc.name.replace("_", "").lower() == plain]
