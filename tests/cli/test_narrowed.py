"""fieldstone package --uses: packages that have what one consumer uses, and evidence that is enforced by them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile

import pytest

from fieldstone.consumers.uses import FILE, Evidence, Rank, Uses, from_toml, to_toml
from tests.cli.test_package import metadata, python
from tests.cli.workspace import SHOP, Ran, Repo, waiver
from tests.consumers.test_uses import DAY

ORDER, MONEY = "acme.shop.v1.Order", "acme.money.v1.Money"
NARROWED = "shop_contracts_for_billing-1.2.0-py3-none-any.whl"
FULL = ("shop_contracts-1.2.0-py3-none-any.whl", "money_contracts-1.0.0-py3-none-any.whl")
IMPORTS = {
    "full": "from shop_contracts.acme.shop.v1 import shop_pb2 as full",
    "billing": "from shop_contracts_for_billing.acme.shop.v1 import shop_pb2 as billing",
    "mail": "from shop_contracts_for_mail.acme.shop.v1 import shop_pb2 as mail",
}
ROUND_TRIP = """
whole = full.Order(id="o", status=full.STATUS_PAID, note="n")
whole.total.units = 3
read = billing.Order.FromString(whole.SerializeToString())
assert read.status == billing.STATUS_PAID
for message, name in ((read, "id"), (read, "note"), (mail.Order(), "status")):
    try:
        getattr(message, name)
    except AttributeError:
        continue
    raise AssertionError(name)
read.status = billing.STATUS_SENT
again = full.Order.FromString(mail.Order.FromString(read.SerializeToString()).SerializeToString())
whole.status = full.STATUS_SENT
assert again == whole, again
"""


def declare(repo: Repo, name: str, *read: str, rank: Rank = Rank.DECLARED) -> str:
    """Write the uses of a consumer of shop, and give the path of the file."""
    found = Evidence("shop", "1.2.0", rank, DAY, read=dict.fromkeys(read, ()))
    path = f"consumers/{name}/{FILE}"
    repo.write(path, to_toml(Uses(name, f"team-{name}", (found,))))
    return path


def narrow(repo: Repo, *read: str, name: str = "billing") -> Ran:
    """Build the package of shop that is narrowed for a consumer."""
    ran = repo.run("package", "shop", "--uses", declare(repo, name, *read))
    assert ran.code == 0, ran
    return ran


def test_a_narrowed_package_is_named_for_its_consumer(grown: Repo) -> None:
    ran = narrow(grown, f"{ORDER}.status")
    wheel = grown.root / "dist" / NARROWED
    said = metadata(wheel)
    with zipfile.ZipFile(wheel) as archive:
        carried = from_toml(archive.read(f"shop_contracts_for_billing/{FILE}").decode(), where="the wheel")
        release = archive.read("shop_contracts_for_billing/release.py").decode()
    (evidence,) = carried.evidence

    assert ran.out.splitlines()[0] == f"dist/{NARROWED}"
    assert said["Name"] == ["shop-contracts-for-billing"]
    assert said["Summary"] == ["The part of the messages of shop that billing uses"]
    assert not any("money" in needed for needed in said["Requires-Dist"])
    assert (carried.consumer, evidence.rank, {*evidence.read}) == ("billing", Rank.ENFORCED, {f"{ORDER}.status"})
    assert f'CONSUMER = "billing"\nUSES = "{evidence.digest}"' in release


def test_the_same_uses_give_the_same_bytes(grown: Repo) -> None:
    narrow(grown, f"{ORDER}.status", f"{ORDER}.id")
    first = (grown.root / "dist" / NARROWED).read_bytes()
    with zipfile.ZipFile(grown.root / "dist" / NARROWED) as archive:
        grown.write("carried.toml", archive.read(f"shop_contracts_for_billing/{FILE}"))
    for file in ("carried.toml", declare(grown, "billing", f"{ORDER}.id", f"{ORDER}.status")):
        assert grown.run("package", "shop", "--uses", file, "--out", "again").code == 0
        assert (grown.root / "again" / NARROWED).read_bytes() == first


@pytest.mark.slow
def test_full_and_narrowed_packages_work_in_one_process(grown: Repo) -> None:
    narrow(grown, f"{ORDER}.status")
    narrow(grown, f"{ORDER}.id", f"{ORDER}.total", name="mail")
    for module in ("shop", "money"):
        assert grown.run("package", module).code == 0
    for order in (("full", "billing", "mail"), ("billing", "full", "mail"), ("mail", "billing", "full")):
        program = "\n".join([*(IMPORTS[name] for name in order), ROUND_TRIP])
        python(grown, program, NARROWED, NARROWED.replace("billing", "mail"), *FULL)


def test_a_type_checker_refuses_what_was_not_declared(grown: Repo) -> None:
    narrow(grown, f"{ORDER}.status")
    with zipfile.ZipFile(grown.root / "dist" / NARROWED) as archive:
        archive.extractall(grown.root / "site")
    grown.write("code.py", f"{IMPORTS['billing']}\nbilling.Order().status\nbilling.Order(id='x').note\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "code.py"],
        cwd=grown.root, env={**grown.environment, "MYPYPATH": "site"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    errors = [line.partition(" error: ")[2] for line in done.stdout.splitlines() if " error: " in line]
    assert [error.partition("  [")[0] for error in errors] == [
        'Unexpected keyword argument "id" for "Order"',
        '"Order" has no attribute "note"',
    ]


@pytest.mark.parametrize(
    ("reference", "names", "said"),
    [
        ("shop", [f"{ORDER}.staus"], f"{ORDER}.staus is in no release (did you mean {ORDER}.status?)"),
        ("shop@1.0.0", [f"{ORDER}.note"], f"{ORDER}.note is new in 1.1.0"),
        ("shop", [f"{ORDER}.{name}" for name in "abcd"], f"{ORDER}.c is in no release"),
    ],
)
def test_names_that_the_release_has_not_are_refused(reference: str, names: list[str], said: str, grown: Repo) -> None:
    ran = grown.run("package", reference, "--uses", declare(grown, "billing", *names))

    assert said in ran.error
    assert not (grown.root / "dist").exists()


def test_a_name_that_is_gone_is_told_since_when(grown: Repo) -> None:
    grown.edit(SHOP, "  string note = 4;\n", '  reserved 4;\n  reserved "note";\n')
    grown.settings(waiver("field-removed", f"{ORDER}.note"))
    grown.commit()
    grown.release("shop")
    ran = grown.run("package", "shop", "--uses", declare(grown, "billing", f"{ORDER}.note"))

    assert f"{ORDER}.note is gone since 2.0.0" in ran.error


def test_uses_of_nothing_and_of_other_modules_are_refused(grown: Repo) -> None:
    other = grown.run("package", "money", "--uses", declare(grown, "billing", f"{ORDER}.id"))
    nothing = grown.run("package", "shop", "--uses", declare(grown, "billing"))
    foreign = grown.run("package", "shop", "--uses", declare(grown, "billing", f"{MONEY}.units"))
    unnamed = grown.run("package", "shop", "--uses", declare(grown, "no name", f"{ORDER}.id"))

    assert "the uses of billing are of shop, and none is of money" in other.error
    assert "nothing that billing uses is in the code of shop 1.2.0" in nothing.error
    assert "nothing that billing uses is in the code of shop 1.2.0" in foreign.error
    assert "'no name' is no name of a consumer" in unnamed.error


CODE = """\
from typing import Any

from {package}.acme.shop.v1.shop_pb2 import Order

def status(order: Order, x: Any) -> object:
    print(order)
    return x.note or x.status or order.status
"""


def scan(repo: Repo, package: str, *wheels: str) -> Ran:
    """Scan code that imports a package, with these wheels installed, and publish."""
    site = repo.root / "site"
    shutil.rmtree(site, ignore_errors=True)
    for wheel in wheels:
        with zipfile.ZipFile(repo.root / "dist" / wheel) as archive:
            archive.extractall(site)
    repo.write("consumers/billing/code.py", CODE.format(package=package))
    path = {name: str(site) for name in ("PYTHONPATH", "MYPYPATH")}
    ran = repo.run("uses", "scan", "code.py", "--python", sys.executable, cwd="consumers/billing", env=path)
    assert ran.code == 0, ran
    published = repo.run("uses", "publish", "--version", package.replace("_", "-"), cwd="consumers/billing")
    assert published.code == 0, published
    return ran


@pytest.mark.slow
def test_nothing_else_installed_is_enforced(grown: Repo) -> None:
    """What no type tells is a doubt with the full package, and none with one that lacks the field."""
    narrow(grown, f"{ORDER}.status", f"{ORDER}.id")
    for module in ("shop", "money"):
        assert grown.run("package", module).code == 0
    alone = scan(grown, "shop_contracts_for_billing", NARROWED)
    removable, blocked = (grown.run("can-i-remove", f"{ORDER}.{name}") for name in ("note", "id"))
    table = {one.rank: one for one in from_toml(grown.read(f"consumers/billing/{FILE}"), where="it").evidence}

    assert "shop 1.2.0: enforced: shop-contracts-for-billing has 3 elements" in alone.out
    assert f"code.py:6: {ORDER} has a part of its fields here: JSON and text lose the others" in alone.out
    assert (removable.code, blocked.code) == (0, 1)
    assert "billing does not use it (enforced, " in removable.out
    assert f"{ORDER}.id" in table[Rank.SCAN].read  # printed
    assert table[Rank.SCAN].unseen
    assert not table[Rank.SCAN].whole

    scan(grown, "shop_contracts", *FULL)
    assert "enforced" not in grown.read(f"consumers/billing/{FILE}")
    assert grown.run("can-i-remove", f"{ORDER}.note").code == 1


@pytest.mark.slow
def test_a_table_that_was_changed_after_the_scan_is_refused(grown: Repo) -> None:
    narrow(grown, f"{ORDER}.status", f"{ORDER}.id")
    scan(grown, "shop_contracts_for_billing", NARROWED)
    file = f"consumers/billing/{FILE}"
    grown.write(file, grown.read(file).replace(f'"{ORDER}.id" = []\n', ""))
    ran = grown.run("uses", "publish", "--version", "2", cwd="consumers/billing")

    assert "the enforced uses of shop are not those of a narrowed package" in ran.error


def test_enforced_is_no_bare_claim(grown: Repo) -> None:
    declare(grown, "billing", f"{ORDER}.id", rank=Rank.ENFORCED)
    ran = grown.run("uses", "publish", "--version", "1", cwd="consumers/billing")

    assert "the enforced uses of shop are not those of a narrowed package" in ran.error


def test_lines_that_a_scan_did_not_follow_are_told(grown: Repo) -> None:
    unseen = ("a.py:3: `.note` of a value without a type", "b.py:1: `.id` of a value without a type")
    found = Evidence("shop", "1.2.0", Rank.SCAN, DAY, by="python", unseen=unseen, read={f"{ORDER}.status": ()})
    grown.write("uses.toml", to_toml(Uses("billing", "team-billing", (found,))))
    ran = grown.run("package", "shop", "--uses", "uses.toml")

    assert ran.code == 0
    assert f"The scan did not follow {unseen[0]} and 1 more: declare what is read there" in ran.err
