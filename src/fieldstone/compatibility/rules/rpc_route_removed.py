"""A URL of an rpc was removed, or means another call."""

from collections.abc import Iterator

from fieldstone.compatibility.custom_options.routes import OPTION, Route, listed, missing_routes, routes_of
from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Change, Kept, Removed, Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Rpc, Service

_HTTP_PROTO = """
    package google.api;
    import "google/protobuf/descriptor.proto";
    extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
    message HttpRule {
      oneof pattern { string get = 2; string put = 3; string post = 4; CustomHttpPattern custom = 8; }
      string body = 7; string response_body = 12; repeated HttpRule additional_bindings = 11;
    }
    message CustomHttpPattern { string kind = 1; string path = 2; }
"""
_STEP = "string id = 1; string run = 2;"


def _file(text: str) -> dict[str, str]:
    return {"google/api/http.proto": _HTTP_PROTO, "acme/v1/steps.proto": f'import "google/api/http.proto"; {text}'}


def _get(rule: str, *, fields: str = _STEP, name: str = "Get", service: str = "Steps") -> dict[str, str]:
    option = f"option (google.api.http) = {{{rule}}};" if rule else ""
    return _file(f"message A {{ {fields} }} service {service} {{ rpc {name}(A) returns (A) {{ {option} }} }}")


def _in_2024(files: dict[str, str]) -> dict[str, str]:
    """The same files, with the option's file imported by `import option`."""
    return files | {
        path: f'edition = "2024"; package acme.v1; import option {text.removeprefix("import ")}'
        for path, text in files.items()
        if path.startswith("acme")
    }


@rule(
    on=[(Kept, Rpc), (Renamed, Rpc), (Removed, Rpc), (Renamed, Service), (Removed, Service)],
    summary="A released rpc keeps its URLs.",
    message="rpc `{rpc}` of `{service}` no longer has the route {gone}{instead}",
    fix="keep {gone}; put further routes into `additional_bindings`",
    breaks=[Surface.HTTP],
    follows=["service-removed", "service-renamed", "rpc-removed", "rpc-renamed"],
    examples=[
        hit(_get('get: "/v1/steps"'), _get('get: "/v2/steps"')),
        hit(_get('get: "/v1/steps"'), _get('put: "/v1/steps" body: "*"')),
        hit(_get('put: "/v1/steps" body: "*"'), _get('put: "/v1/steps" body: "run"')),
        hit(_get('get: "/v1/steps"'), _get('get: "/v1/steps" response_body: "run"')),
        hit(_get('get: "/v1/{id}"'), _get('get: "/v1/{run}"')),
        hit(_get('get: "/a" additional_bindings { get: "/b" }'), _get('get: "/a"')),
        hit(_get('get: "/v1/steps"'), _get("")),
        hit(_in_2024(_get('get: "/v1/steps"')), _in_2024(_get("get: '/v2/steps'"))),
        hit(_get('get: "/v1/steps"'), _get("", name="Read"), also=["rpc-renamed"]),
        hit(
            _get('get: "/v1/steps"'),
            _file(f"message A {{ {_STEP} }} service Steps {{}}"),
            also=["rpc-removed"],
        ),
        hit(_get('get: "/v1/steps"'), _file(f"message A {{ {_STEP} }}"), also=["service-removed"]),
        miss(_get(""), _get('put: "/v1/steps" body: "*"')),
        miss(_get('get: "/v1/steps"'), _get('get: "/v1/steps" additional_bindings { get: "/v2/steps" }')),
        miss(
            _get('get: "/a" additional_bindings { get: "/b" } additional_bindings { get: "/c/{id}" }'),
            _get('get: "/c/{id=*}" additional_bindings { get: "/b" } additional_bindings { get: "/a" }'),
        ),
        miss(
            _get('get: "/v1/{id}"'),
            _get('get: "/v1/{key}"', fields='string key = 1 [json_name = "id"]; string run = 2;'),
            also=["field-renamed"],
        ),
        miss(_get('custom { kind: "GET" path: "/v1/steps" }'), _get('get: "/v1/steps"')),
        miss(_get('get: "/v1/steps"'), _get('get: "/v1/steps"', name="Read"), also=["rpc-renamed"]),
        miss(_get('get: "/v1/steps"'), _get('get: "/v1/steps"', service="Runs"), also=["service-renamed"]),
    ],
)
def rpc_route_removed(change: Change, context: Context) -> Iterator[Hit]:
    """A gateway answers an unknown URL with 404. If a route takes another body or maps a path variable to another
    field, it answers with an error or wrongly. Clients that use gRPC are unaffected. All routes of an rpc are equal, so
    they may be added, reordered and moved between the main binding and the additional ones. The routes of a removed rpc
    have findings of their own. The rule applies while `google.api.http` is among the module's `options`.
    """
    if OPTION not in context.watched or (isinstance(change, Removed) and context.is_retired(change.old)):
        return
    for old, new in _rpcs(change):
        if new is None and context.is_retired(old):
            continue
        gone = missing_routes(old, new, (context.old, context.new)) if new else routes_of(old)
        if gone:
            yield Hit(rpc=old.name, service=old.parent, gone=listed(gone), instead=_instead(old, new, context))


def _rpcs(change: Change) -> Iterator[tuple[Rpc, Rpc | None]]:
    """The released rpcs that the change is about, each with its new version, if any."""
    old, new = change.sides
    if isinstance(old, Rpc):
        yield old, new if isinstance(new, Rpc) else None
    elif isinstance(old, Service):
        rpcs = new.rpcs if isinstance(new, Service) else {}
        yield from ((rpc, rpcs.get(name)) for name, rpc in old.rpcs.items())


def _instead(old: Rpc, new: Rpc | None, context: Context) -> str:
    came: list[Route] = missing_routes(new, old, (context.new, context.old)) if new else []
    return f"; it has {listed(came)}" if came else ""
