"""The setting python-prefix: names of generated and built Python packages, and the imports between them."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.cli.workspace import HERE, Repo

RECORDS = HERE / "examples" / "telemetry" / "src"
PREFIXED = '[package]\npython-prefix = "acme"\nnpm-scope = "shops"\n'
USE = """\
from acme_shop_contracts.acme.shop.v1.shop_pb2 import Order
from acme_money_contracts.acme.money.v1.money_pb2 import Money
assert Order(total=Money(units=3)).total.units == 3
"""


def _packages(repo: Repo) -> set[str]:
    return {path.name for path in (repo.root / "generated" / "python").iterdir()}


def test_generated_packages_have_the_prefix_and_import_each_other_by_it(released: Repo) -> None:
    assert released.run("generate").code == 0
    assert _packages(released) == {"money-contracts", "shop-contracts"}
    released.settings(PREFIXED)
    checked = released.run("generate", "--check")
    assert checked.code == 1
    assert "orphaned: generated/python/shop-contracts/pyproject.toml" in checked.out
    assert released.run("generate").code == 0
    assert {name for name in _packages(released) if released.snapshot(f"generated/python/{name}")} == {
        "acme-money-contracts",
        "acme-shop-contracts",
    }
    pyproject = released.read("generated/python/acme-shop-contracts/pyproject.toml")
    assert 'name = "acme-shop-contracts"' in pyproject
    assert '"acme-money-contracts>=1.0.0,<2"' in pyproject
    paths = ":".join(str(path) for path in (released.root / "generated" / "python").glob("acme-*"))
    subprocess.run([sys.executable, "-c", USE], env={**released.environment, "PYTHONPATH": paths}, check=True)
    assert released.run("generate", "--check").code == 0


def test_built_packages_have_the_prefix_and_those_of_other_languages_do_not(released: Repo) -> None:
    released.settings(PREFIXED)
    ran = released.run("package", "shop")
    assert ran.code == 0, ran
    built = sorted((released.root / "dist").iterdir())
    assert [path.name for path in built] == [
        "acme_shop_contracts-1.0.0-py3-none-any.whl",
        "acme_shop_contracts-1.0.0.tar.gz",
    ]
    with tarfile.open(built[1]) as sdist:
        names = {Path(name).parts[1] for name in sdist.getnames() if len(Path(name).parts) > 1}
    assert "acme_shop_contracts" in names
    assert "shop-contracts" not in str(names)


@pytest.mark.slow
def test_a_storage_package_has_the_prefix_and_imports_the_contracts_by_it(telemetry: Repo) -> None:
    telemetry.settings(f'[modules.telemetry]\nnaming = true\n\n{PREFIXED}\n[generate]\nrecord-paths = ["{RECORDS}"]\n')
    ran = telemetry.run("generate")
    assert ran.code == 0, ran
    assert {"acme-telemetry-contracts", "acme-telemetry-storage"} <= _packages(telemetry)
    python = telemetry.root / "generated" / "python"
    paths = ":".join([*map(str, python.glob("acme-*")), str(RECORDS), str(HERE / "packages/fieldstone-runtime/src")])
    code = "import acme_telemetry_storage.mapper, acme_telemetry_storage.sqlite as s; print(s.__name__)"
    subprocess.run([sys.executable, "-c", code], env={**telemetry.environment, "PYTHONPATH": paths}, check=True)
    texts = [path.read_text() for path in python.rglob("*.py")]
    assert not [text for text in texts if re.search(r"(?<!acme_)telemetry_(contracts|storage)\b", text)]
