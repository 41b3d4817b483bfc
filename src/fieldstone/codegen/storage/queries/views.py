"""The views of queries: plain data for templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from fieldstone.codegen.storage.column_views import ColumnView


class MeasureView(Struct, frozen=True, kw_only=True):
    """An attribute of a group: a value that all its records have, or one that is computed of them.

    Attributes:
        name: the attribute; `type` its annotation.
        comment: one line for the docstring.
        select: by dialect, the expressions of SQL that it is read from.
        read: by dialect, an expression over `values`, the row, at the positions of `select`.
        memory: as `select`, expressions over `rows`, the rows of the group as SQLite has them.
    """

    name: str
    type: str
    comment: str
    select: Mapping[str, Sequence[str]]
    read: Mapping[str, str]
    memory: Sequence[str]


class GroupView(Struct, frozen=True, kw_only=True):
    """The answer of a query that computes, one for each group; a row begins with how many records the group has.

    Attributes:
        name: the class.
        by: the values that tell groups apart.
        measures: the values that are computed.
    """

    name: str
    by: Sequence[MeasureView]
    measures: Sequence[MeasureView]

    @property
    def attributes(self) -> Sequence[MeasureView]:
        """All attributes of the class."""
        return [*self.by, *self.measures]


class ArgumentView(Struct, frozen=True, kw_only=True):
    """An argument of a repository's method.

    `name` and `type` are as in the signature (without `| None`), `column` is what it is compared
    with and `operator` how ("=", ">=", "<", "in"). `bind` has by dialect an expression over a variable of
    that name: what is bound; `condition` the condition in SQL.
    """

    name: str
    type: str
    column: ColumnView
    operator: str
    bind: Mapping[str, str]
    condition: Mapping[str, str]


class AnswerView(Struct, frozen=True, kw_only=True):
    """Records of the contract suite that a query finds, in the order of its answer.

    Attributes:
        fixed: attributes that are alike in all of them.
        tie: an attribute that two at a time have alike; empty for none.
        absent: attributes that are None in all of them.
        is_many: whether there can be more than one.
    """

    fixed: Sequence[str]
    absent: Sequence[str]
    tie: str
    is_many: bool


class PageView(Struct, frozen=True, kw_only=True):
    """The argument `after` of a query in one kind of database.

    Attributes:
        variables: the parts of the argument.
        condition: the condition in SQL for what comes after.
        bound: expressions over the variables, for the condition.
        values: an expression for each variable: its value as the column holds it.
    """

    variables: Sequence[str]
    condition: str
    bound: Sequence[str]
    values: Sequence[str]


class QueryView(Struct, frozen=True, kw_only=True):
    """A method of the repository.

    Attributes:
        name: the method.
        result: records, first, count, deleted or groups.
        equal: positional arguments, each required.
        among: positional arguments after them, each a list of values of which a record has one.
        absent: the columns that are NULL.
        present: the column of a range that can be absent, where records without it are not in the answer.
        optional: keyword arguments, each `| None = None`.
        range: keyword arguments, each `| None = None`: none, or `from_x` and `before_x`.
        order: the columns that the answer is ordered by, a total order; of groups, the columns that make them.
        descending: whether the last ones come first.
        latest: the columns of which each distinct value has one record in the answer; empty for all records.
        ranking: the columns that decide which one, the last.
        limit: the default of the argument `limit`; 0 for `None`, all.
        pages: whether the method has the arguments `after` and `limit`: result is `records`.
        after_type: the annotation of `after`: a tuple of the types of `order`.
        after: by dialect.
        where: by dialect, the conditions that hold whatever is left out.
        opening: SQL between WHERE and the conditions, `closing` after them.
        order_by: SQL, with the keywords; empty for no order.
        comment: one line for the docstring.
        groups: the class of the answer; None unless result is `groups`.
        answer: how the contract suite makes records that it finds; None until examples are chosen.
    """

    name: str
    result: str
    equal: Sequence[ArgumentView]
    among: Sequence[ArgumentView]
    absent: Sequence[ColumnView]
    present: Sequence[ColumnView]
    optional: Sequence[ArgumentView]
    range: Sequence[ArgumentView]
    order: Sequence[ColumnView]
    descending: bool
    latest: Sequence[ColumnView]
    ranking: Sequence[ColumnView]
    limit: int
    pages: bool
    after_type: str
    after: Mapping[str, PageView]
    where: Mapping[str, str]
    opening: str
    closing: str
    order_by: str
    comment: str
    groups: GroupView | None = None
    answer: AnswerView | None = None

    @property
    def given(self) -> Sequence[ArgumentView]:
        """The arguments that must be given."""
        return [*self.equal, *self.among]

    @property
    def named(self) -> Sequence[ArgumentView]:
        """The arguments that may be left out, before `after` and `limit`."""
        return [*self.optional, *self.range]

    @property
    def is_fixed(self) -> bool:
        """Whether its statement is the same for all arguments."""
        return not self.named and not self.pages
