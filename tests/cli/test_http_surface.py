"""Routes and obligations of a real module, as its owner meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import release_all
from tests.cli.workspace import BUF_YAML, SHOP, SOURCES, Repo, copy_repo, new_repo

HTTP = "schemas/shop/google/api/http.proto"
BEHAVIOR = "schemas/shop/google/api/field_behavior.proto"
API = {
    HTTP: """\
syntax = "proto3";
package google.api;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
message HttpRule {
  string selector = 1;
  oneof pattern { string get = 2; string put = 3; string post = 4; string delete = 5; string patch = 6; }
  string body = 7;
  string response_body = 12;
  repeated HttpRule additional_bindings = 11;
}
""",
    BEHAVIOR: """\
syntax = "proto3";
package google.api;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052 [packed = false]; }
enum FieldBehavior { FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; OUTPUT_ONLY = 3; }
""",
}
ROUTE = 'get: "/v1/orders/{id}"'
FIELD = "  string id = 1 [(google.api.field_behavior) = REQUIRED];\n"
RPC = f"  rpc GetOrder(Order) returns (Order) {{ option (google.api.http) = {{ {ROUTE} }}; }}\n"
OLD_SURFACES = 'surfaces = ["wire", "json", "source", "storage"]\n'


@pytest.fixture(scope="module")
def routed_template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Repo:
    """What `routed` gives to each test."""
    imports = 'import "acme/money/v1/money.proto";\n' + "".join(
        f'import "{path.removeprefix("schemas/shop/")}";\n' for path in (BEHAVIOR, HTTP)
    )
    shop = SOURCES[SHOP].replace('import "acme/money/v1/money.proto";\n', imports).replace("  string id = 1;\n", FIELD)
    shop += f"\nservice Orders {{\n{RPC}}}\n"
    files = SOURCES | API | {SHOP: shop, "buf.yaml": BUF_YAML.replace("STANDARD", "MINIMAL")}
    repo = new_repo(tmp_path_factory.mktemp("routed") / "repo", files, environment)
    release_all(repo, "money", "shop")
    return repo


@pytest.fixture
def routed(routed_template: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Repo:
    """shop 1.0.0 with a route and a required field, everything committed."""
    return copy_repo(routed_template, tmp_path / "repo", capsys)


def check(repo: Repo, *args: str) -> tuple[int, str, str]:
    ran = repo.run("check", "shop", "--no-style", *args)
    return ran.code, ran.out, ran.err


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (ROUTE, f'{ROUTE} additional_bindings {{ get: "/v2/orders/{{id}}" }}'),
        (ROUTE, 'post: "/v1/orders:get" body: "*" additional_bindings { get: "/v1/orders/{id=*}" }'),
        (FIELD, "  string id = 1 [(google.api.field_behavior) = OPTIONAL];\n"),
        (FIELD, "  string id = 1;\n"),
        ("  Status status = 3;\n", "  Status status = 3 [(google.api.field_behavior) = OPTIONAL];\n"),
    ],
)
def test_what_adds_to_routes_and_eases_obligations_is_a_minor_release(routed: Repo, was: str, now: str) -> None:
    routed.edit(SHOP, was, now)
    code, out, err = check(routed)
    assert (code, out) == (0, "")
    assert "Allowed as 1.1.0." in err


def test_a_changed_route_breaks_who_calls_it_and_nobody_else(routed: Repo) -> None:
    routed.edit(SHOP, ROUTE, 'get: "/v2/orders/{id}"')
    code, out, err = check(routed)
    assert code == 1
    assert out.startswith(
        "error[rpc-route-removed]: rpc `GetOrder` of `acme.shop.v1.Orders` no longer has the route "
        "`GET /v1/orders/{id}`; it has `GET /v2/orders/{id}`\n"
    )
    assert "   = breaks:  http (calling it over HTTP) -> major\n" in out
    assert "2.0.0" in err


@pytest.mark.parametrize("protected", ['surfaces = ["wire"]\n', OLD_SURFACES])
def test_a_module_that_does_not_protect_http_hears_nothing_of_routes(routed: Repo, protected: str) -> None:
    routed.settings(protected)
    routed.edit(SHOP, ROUTE, 'get: "/v2/orders/{id}"')
    code, out, _ = check(routed)
    assert (code, out) == (0, "")


def test_a_module_that_does_not_watch_the_option_hears_nothing_of_routes(routed: Repo) -> None:
    routed.settings('options = ["google.api.field_behavior"]\n')
    routed.edit(SHOP, ROUTE, 'get: "/v2/orders/{id}"')
    assert check(routed)[:2] == (0, "")


def test_every_format_names_the_surface(routed: Repo) -> None:
    routed.edit(SHOP, ROUTE, 'get: "/v2/orders/{id}"')
    said = {name: check(routed, "--format", name)[1] for name in ("json", "sarif", "junit", "github")}
    (found,) = json.loads(said["json"])["modules"][0]["findings"]
    assert (found["breaks"], found["breaks_for"]) == (["http"], {"http": ["calling it over HTTP"]})
    (result,) = json.loads(said["sarif"])["runs"][0]["results"]
    assert result["properties"]["breaks"] == ["http"]
    assert "breaks: http" in said["junit"]
    assert said["github"].startswith("::error ")


def test_an_owner_can_waive_a_route(routed: Repo) -> None:
    routed.edit(SHOP, ROUTE, 'get: "/v2/orders/{id}"')
    terms = ("--reason", "nobody calls it", "--owner", "ada@example.com", "--until", "2999-12-31")
    waived = routed.run("waive", "rpc-route-removed", "acme.shop.v1.Orders.GetOrder", "--module", "shop", *terms)
    assert waived.code == 0, waived
    assert check(routed)[0] == 0


def test_settings_that_drop_the_surface_are_told_and_older_ones_are_as_they_were(routed: Repo) -> None:
    routed.git("branch", "base")
    routed.settings(OLD_SURFACES)
    dropped = routed.run("check", "--since", "base", "--no-style")
    assert "`surfaces` no longer has http" in dropped.out
    routed.commit("four surfaces")
    routed.git("branch", "older")
    routed.settings(f"{OLD_SURFACES}notice = 40\n")
    assert routed.run("check", "--since", "older", "--no-style").code == 0


def test_a_removed_rpc_takes_its_routes_with_it(routed: Repo) -> None:
    routed.settings('surfaces = ["http"]\n')
    routed.edit(SHOP, RPC, "")
    code, out, _ = check(routed)
    assert code == 1
    assert "no longer has the route `GET /v1/orders/{id}`" in out
