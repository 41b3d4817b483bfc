"""Stock buf pushes: an addition becomes a release, a break is refused with its findings."""

from __future__ import annotations

from tests.server.running import ORDER, Buf

PATH = "acme/shop/v1/shop.proto"


def order_of(module: str) -> dict[str, str]:
    """The files of a module of its own, so that no two tests declare one type."""
    return {PATH.replace("shop", module): ORDER.replace("shop", module)}


def labels(buf: Buf, module: str) -> list[str]:
    listed = buf("registry", "module", "label", "list", f"{buf.registry.host}/acme/{module}").out
    return [line.rpartition(":")[2] for line in listed.split()]


def test_an_addition_is_the_next_minor_version_and_nothing_new_the_same_commit(buf: Buf) -> None:
    buf.module("alpha", order_of("alpha"))
    assert buf("push", cwd="alpha").code == 1
    first = buf("push", "--create", cwd="alpha")
    assert first.code == 0, first
    buf.edit("alpha/acme/alpha/v1/alpha.proto", "total = 2;", "total = 2;\n  string buyer = 3;")
    second, again = buf("push", cwd="alpha"), buf("push", cwd="alpha")
    assert (second.code, again.out) == (0, second.out)
    assert second.out != first.out
    assert labels(buf, "alpha") == ["main", "v1.1.0", "v1.0.0"]


def test_a_break_is_refused_with_its_findings_and_the_other_modules_of_the_push_too(buf: Buf) -> None:
    buf.module("beta", order_of("beta"))
    assert buf("push", "--create", cwd="beta").code == 0
    buf.edit("beta/acme/beta/v1/beta.proto", "int64 total", "int32 total")
    ran = buf("push", cwd="beta")
    assert ran.code == 1
    assert "error[field-type-changed]: `total` of `acme.beta.v1.Order` went from int64 to int32" in ran.err
    assert "--> acme/beta/v1/beta.proto:7:3" in ran.err
    assert "witness: 1.0.0 writes total=" in ran.err
    assert str(buf.registry.data) not in ran.err
    assert labels(buf, "beta") == ["main", "v1.0.0"]


def test_a_number_that_any_release_used_stays_taken(buf: Buf) -> None:
    buf.module("gamma", order_of("gamma"))
    assert buf("push", "--create", cwd="gamma").code == 0
    path = "gamma/acme/gamma/v1/gamma.proto"
    buf.edit(path, "int64 total = 2;", 'reserved 2;\n  reserved "total";')
    assert "field-removed" in buf("push", cwd="gamma").err


def test_a_label_asks_for_a_version_or_is_a_draft(buf: Buf) -> None:
    buf.module("delta", order_of("delta"))
    assert buf("push", "--create", "--label", "v0.3.0", cwd="delta").code == 0
    path = "delta/acme/delta/v1/delta.proto"
    buf.edit(path, "total = 2;", "total = 2;\n  string buyer = 3;")
    refused = buf("push", "--label", "v0.3.0", cwd="delta")
    assert (refused.code, "0.3.0" in refused.err) == (1, True)
    assert buf("push", "--label", "v0.5.0", cwd="delta").code == 0
    buf.edit(path, "int64 total", "int32 total")
    draft = buf("push", "--label", "feature/x", cwd="delta")
    assert draft.code == 0, draft
    assert labels(buf, "delta") == ["main", "v0.5.0", "v0.3.0", "feature/x"]
    assert buf("export", f"{buf.registry.host}/acme/delta:feature/x", "-o", "out").code == 0
    assert "int32 total" in (buf.home / "out/acme/delta/v1/delta.proto").read_text("utf-8")


def test_dependencies_are_pinned_downloaded_and_verified(buf: Buf) -> None:
    buf.module("orders", order_of("orders"))
    assert buf("push", "--create", cwd="orders").code == 0
    basket = """
        syntax = "proto3";
        package acme.basket.v1;
        import "acme/orders/v1/orders.proto";
        message Basket {
          acme.orders.v1.Order order = 1;
        }
        """
    buf.module("basket", {"acme/basket/v1/basket.proto": basket}, "acme/orders:v1.0.0")
    assert buf("dep", "update", cwd="basket").code == 0
    assert "digest: b5:" in (buf.home / "basket/buf.lock").read_text("utf-8")
    assert buf("push", "--create", cwd="basket").code == 0
    buf.forget()
    assert buf("build", cwd="basket").code == 0
    assert buf("breaking", "--against", f"{buf.registry.host}/acme/basket", cwd="basket").code == 0
    exported = buf("export", f"{buf.registry.host}/acme/basket", "-o", "out")
    assert exported.code == 0, exported
    assert (buf.home / "out/acme/orders/v1/orders.proto").is_file()


def test_a_type_belongs_to_one_module(buf: Buf) -> None:
    buf.module("epsilon", order_of("epsilon"))
    assert buf("push", "--create", cwd="epsilon").code == 0
    buf.module("copycat", order_of("epsilon"))
    ran = buf("push", "--create", cwd="copycat")
    assert ran.code == 1
    assert "the file acme/epsilon/v1/epsilon.proto of copycat belongs to the module epsilon" in ran.err


def test_what_does_not_compile_is_told(buf: Buf) -> None:
    buf.module("zeta", order_of("zeta"))
    assert buf("push", "--create", cwd="zeta").code == 0
    buf.edit("zeta/acme/zeta/v1/zeta.proto", "int64", "int65")
    ran = buf("push", cwd="zeta")
    assert (ran.code, "int65" in ran.out + ran.err) == (100, True)  # buf itself compiles before it pushes


def test_who_is_signed_in(buf: Buf) -> None:
    host = buf.registry.host
    assert "Logged in as admin." in buf("registry", "whoami", host).out
    login = buf("registry", "login", host, "--token-stdin", given=buf.registry.token, token="")
    assert login.code == 0, login
    assert "Logged in as admin." in buf("registry", "whoami", host, token="").out
    stranger = buf("push", "--create", cwd=".", token=buf.registry.token[::-1])
    assert stranger.code == 1
