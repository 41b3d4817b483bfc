"""HTTP routes: the URLs that `google.api.http` gives an rpc, and those that a newer version lacks.

The option is documented in google/api/http.proto: a verb with a path template, the field for the body, the field for
the response, and any number of additional bindings. `selector` is ignored, and so are bindings inside additional
bindings.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.schema.model import Rpc

if TYPE_CHECKING:
    from fieldstone.schema.model import Schema

OPTION = "google.api.http"
"""The full name of the option that declares routes."""

_VERBS = frozenset({"get", "put", "post", "delete", "patch"})
_PART = re.compile(r"(?:additional_bindings\[(\d+)\]\.)?([a-z_]+(?:\.[a-z_]+)?)")
_VARIABLE = re.compile(r"\{([^={}]+)(=[^{}]*)?\}")
_WHOLE = "*"


class Route(Struct, frozen=True):
    """One way to call an rpc over HTTP.

    Attributes:
        verb: the method of the request: GET, or a custom one.
        path: the path template, with its variables as the schema writes them.
        body: the request field that is sent as the body; `*` for all fields outside the path, empty for none.
        response_body: the response field that is sent as the answer; empty for all of it.
    """

    verb: str
    path: str
    body: str = ""
    response_body: str = ""

    def __str__(self) -> str:
        """The route as people write it: `POST /v1/steps body: "*"`."""
        words = [self.verb, self.path]
        words += [f'{part}: "{field}"' for part in ("body", "response_body") if (field := getattr(self, part))]
        return " ".join(words)

    @property
    def canonical(self) -> Route:
        """The same route with every variable written out: `{id}` stands for `{id=*}`."""
        return replace(self, path=_VARIABLE.sub(lambda found: f"{{{found[1]}{found[2] or '=*'}}}", self.path))


def routes_of(rpc: Rpc) -> list[Route]:
    """The routes of an rpc, the main binding first, without duplicates; empty without the option."""
    option = rpc.custom.get(OPTION)
    bindings: dict[int, dict[str, str]] = {}
    for path, value in option.parts.items() if option else ():
        if found := _PART.fullmatch(path):
            number = -1 if found[1] is None else int(found[1])
            bindings.setdefault(number, {})[found[2]] = str(value)
    routes = (_route(parts) for _, parts in sorted(bindings.items()))
    return list(dict.fromkeys(route for route in routes if route))


def _route(parts: dict[str, str]) -> Route | None:
    verb = next((name for name in parts if name in _VERBS), "")
    if not verb and "custom.path" not in parts:
        return None
    what = (verb.upper(), parts[verb]) if verb else (parts.get("custom.kind", ""), parts["custom.path"])
    return Route(*what, parts.get("body", ""), parts.get("response_body", ""))


def missing_routes(old: Rpc, new: Rpc, schemas: tuple[Schema, Schema]) -> list[Route]:
    """The routes of an rpc that no longer work in the newer version.

    A field that a route names may be renamed; then the route may use the new name.

    Args:
        old: the released rpc.
        new: the same rpc in the newer version.
        schemas: the released module, and the newer one.
    """
    kept = {route.canonical for route in routes_of(new)}
    return [r for r in routes_of(old) if not {r.canonical, _renamed(r, old, new, schemas).canonical} & kept]


def _renamed(route: Route, old: Rpc, new: Rpc, schemas: tuple[Schema, Schema]) -> Route:
    """A route with the newer version's names for its fields."""
    request, response = (old.request, new.request), (old.response, new.response)
    return Route(
        route.verb,
        _VARIABLE.sub(lambda found: f"{{{_path_in_new(found[1], request, schemas)}{found[2] or ''}}}", route.path),
        _path_in_new(route.body, request, schemas),
        _path_in_new(route.response_body, response, schemas),
    )


def _path_in_new(path: str, types: tuple[str, str], schemas: tuple[Schema, Schema]) -> str:
    """The path of a field (`step.id`) in the newer version, found by number if its name is gone."""
    if path in {"", _WHOLE}:
        return path
    names: list[str] = []
    for name in path.split("."):
        old, new = (schema.messages.get(type_) for schema, type_ in zip(schemas, types, strict=True))
        before = old.fields.get(old.numbers.get(name, 0)) if old else None
        by_name = new.fields.get(new.numbers.get(name, 0)) if new else None
        after = by_name or (new.fields.get(before.number) if new and before else None)
        names.append(after.name if after else name)
        types = before.type if before else "", after.type if after else ""
    return ".".join(names)


def listed(routes: Collection[Route]) -> str:
    """Routes for people, in Markdown's backticks."""
    return ", ".join(f"`{route}`" for route in routes)
