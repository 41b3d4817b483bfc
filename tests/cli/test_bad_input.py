"""A job that cannot be done: one clear line that names the thing and the place, exit 2, and nothing half-written."""

from __future__ import annotations

import errno
import gzip
import os
import random
import resource
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.cli.workspace import HERE, MONEY, SHOP, Repo

FIELDSTONE = str(Path(sys.executable).with_name("fieldstone"))
ADDITION = ("string id = 1;", "string id = 1;\n  string buyer = 9;")


def refused_everywhere(repo: Repo, said: str, *commands: tuple[str, ...]) -> None:
    """The same line from every command, and no file touched."""
    before = repo.snapshot(".")
    for command in commands:
        assert repo.run(*command).error == said
    assert repo.snapshot(".") == before


@pytest.mark.parametrize(
    "content", [b"\x0a\x40", random.Random(1).randbytes(64), b"", b"syntax"], ids=["cut", "noise", "empty", "text"]
)
def test_what_is_no_image(grown: Repo, content: bytes) -> None:
    grown.write("image.binpb", content)
    ran = grown.run("check", "shop", "--against", "image.binpb")
    assert ran.error.startswith("error: image.binpb is not a compiled image")
    assert "buf build" in ran.error


def test_a_truncated_image(grown: Repo) -> None:
    image = gzip.decompress((grown.root / "registry/shop/1.2.0/image.binpb.gz").read_bytes())
    for size in (1, 2, 50, len(image) // 2, len(image) - 1):
        grown.write("image.binpb", image[:size])
        ran = grown.run("check", "shop", "--against", "image.binpb")
        assert ran.error.startswith("error: image.binpb is not a compiled image")


def test_a_truncated_image_in_the_registry(grown: Repo) -> None:
    path = "registry/shop/1.2.0/image.binpb.gz"
    grown.write(path, (grown.root / path).read_bytes()[:100])
    ran = grown.run("check", "shop")
    assert ran.code == 1
    assert "error[registry-file-changed]: image.binpb.gz is not what was released" in ran.out
    assert grown.run("check", "shop", "--full") == ran
    grown.edit(SHOP, *ADDITION)
    problem = "it is not one whole file that was compressed with gzip; restore it from git"
    said = f"error: {grown.root / path} is not what was released: {problem}"
    refused_everywhere(grown, said, ("check", "shop"), ("release", "shop"), ("diff", "shop", "1.2.0"))


@pytest.mark.parametrize("path", ["notes.txt", "README.md", ".DS_Store", "shop/notes.txt"])
def test_a_stray_file_in_the_registry(grown: Repo, path: str) -> None:
    grown.write(f"registry/{path}", "x")
    stray = grown.root / "registry" / path
    said = f"error: stray file in the registry: {stray}; move it away: a registry holds releases only"
    commands = [("check",), ("release", "shop"), ("diff", "shop", "1.0.0", "1.1.0")]
    refused_everywhere(grown, said, *commands, *(("registry", verb) for verb in ("list", "verify")))


def test_a_stray_file_in_a_release(grown: Repo) -> None:
    grown.write("registry/shop/1.0.0/schemas/more.proto", "x")
    refused_everywhere(
        grown,
        f"error: stray file in the registry: {grown.root}/registry/shop/1.0.0/schemas/more.proto is no part of "
        "shop 1.0.0; remove it: a release never changes",
        ("check",),
        ("registry", "verify"),
    )


def test_a_stray_folder_in_the_registry(grown: Repo) -> None:
    (grown.root / "registry/shop/latest").mkdir()
    said = "; remove it: a module's folder holds releases only"
    folder = grown.root / "registry/shop/latest"
    refused_everywhere(grown, f"error: stray folder in the registry: {folder} is no version{said}", ("check",))


def test_half_a_release(grown: Repo) -> None:
    folder = grown.root / "registry/shop/1.1.0"
    text = (folder / "release.toml").read_bytes()
    (folder / "release.toml").unlink()
    refused_everywhere(
        grown,
        f"error: half a release: {folder} has no release.toml; restore it from git, or remove the folder if it was "
        "never released",
        ("check",),
        ("registry", "verify"),
    )
    for size in (0, 10, len(text) // 2):
        (folder / "release.toml").write_bytes(text[:size])
        ran = grown.run("check", "shop")
        assert ran.error.startswith(f"error: {folder}/release.toml is no release manifest: ")
        assert ran.error.endswith("; restore it from git")


@pytest.mark.parametrize("damage", ["no TOML", "half", "stray file"])
def test_an_old_release_that_is_damaged_ends_what_needs_it(grown: Repo, damage: str) -> None:
    folder = grown.root / "registry/shop/1.0.0"
    said = {
        "no TOML": f"error: {folder}/release.toml is no release manifest: ",
        "half": f"error: half a release: {folder} has no release.toml; ",
        "stray file": f"error: stray file in the registry: {folder}/notes.txt is no part of shop 1.0.0; ",
    }[damage]
    match damage:
        case "no TOML":
            grown.write("registry/shop/1.0.0/release.toml", "seal =")
        case "half":
            (folder / "release.toml").unlink()
        case "stray file":
            grown.write("registry/shop/1.0.0/notes.txt", "x")
    assert grown.run("registry", "show", "shop", "1.2.0").out.startswith("shop 1.2.0\n")
    assert grown.run("diff", "shop", "1.1.0", "1.2.0").code == 0
    before = grown.snapshot()
    for edit in (None, ADDITION):
        if edit:
            grown.edit(SHOP, *edit)
        for command in (("check",), ("check", "shop"), ("registry", "verify"), ("registry", "list")):
            assert grown.run(*command).error.startswith(said)
        for module in ("shop", "money"):
            assert grown.run("release", module).error.startswith(said)
    assert grown.snapshot() == before


def test_a_damaged_release_of_a_module_that_left(grown: Repo) -> None:
    grown.edit("buf.yaml", "  - path: schemas/shop\n", "")
    grown.write("registry/shop/1.0.0/ledger.json", "{}")
    ran = grown.run("check")
    assert ran.code == 1
    assert "error[registry-file-changed]: ledger.json is not what was released" in ran.out
    assert "error[message-removed]: message `Order` was removed from `acme.shop.v1`" in ran.out
    (grown.root / "registry/shop/1.0.0/release.toml").unlink()
    assert grown.run("check").error.startswith("error: half a release: ")


def test_two_releases_of_one_number(grown: Repo) -> None:
    registry = grown.root / "registry/shop"
    for copy in ("1.2.0+again", "1.3.0"):
        shutil.copytree(registry / "1.2.0", registry / copy)
        said = f"error: two releases of one number in {registry}: {copy} is 1.2.0 too; keep the one that was released"
        refused_everywhere(
            grown, f"{said}, and remove the other", ("check",), ("registry", "verify"), ("release", "shop")
        )
        shutil.rmtree(registry / copy)


def test_a_release_in_the_wrong_folder(grown: Repo) -> None:
    shutil.copytree(grown.root / "registry/shop", grown.root / "registry/store")
    folder = grown.root / "registry/store/1.2.0"
    refused_everywhere(grown, f"error: {folder} holds a release of shop, not of store; move it back", ("check",))
    shutil.rmtree(grown.root / "registry/store")
    (grown.root / "registry/shop/1.2.0").rename(grown.root / "registry/shop/1.3.0")
    folder = grown.root / "registry/shop"
    refused_everywhere(
        grown, f"error: release 1.2.0 in {folder} is not in a folder of that name; rename it", ("check",)
    )


def test_an_import_of_a_release_that_is_gone(grown: Repo) -> None:
    shutil.rmtree(grown.root / "registry/money")
    said = f"error: no release 1.0.0 of money in {grown.root}/registry; it has no release of that module"
    refused_everywhere(grown, said, ("check", "shop"), ("registry", "verify"))


def test_a_module_that_is_not_listed(grown: Repo) -> None:
    said = f"error: no module shp in {grown.root}/buf.yaml; did you mean shop?"
    refused_everywhere(grown, said, ("check", "shp"), ("release", "shp"), ("diff", "shp", "1.0.0"))
    said = f"error: no module zzz in {grown.root}/buf.yaml; it lists money, shop"
    refused_everywhere(grown, said, ("check", "shop", "zzz"))


@pytest.mark.parametrize("ref", ["nope", "9.9.9", "HEAD~99", "nope/", "-x", "v1.0.0:buf.yaml", "HEAD:"])
def test_a_reference_that_does_not_exist(grown: Repo, ref: str) -> None:
    said = f"error: cannot resolve {ref} from {grown.root}: no such version, file, folder or git revision"
    refused_everywhere(grown, f"{said}; money has 1.0.0", ("check", "--against", ref))
    refused_everywhere(grown, f"{said}; shop has 1.0.0, 1.1.0, 1.2.0", ("diff", "shop", "--", ref))


def test_a_module_without_files(grown: Repo) -> None:
    (grown.root / SHOP).unlink()
    said = f"error: module shop has no .proto files below {grown.root}/schemas/shop"
    refused_everywhere(grown, said, ("check",), ("release", "shop"), ("diff", "shop", "1.0.0"))


def test_a_file_that_cannot_be_read(grown: Repo) -> None:
    (grown.root / "schemas/shop/acme/shop/v1/loop.proto").symlink_to("loop.proto")
    path = grown.root / "schemas/shop/acme/shop/v1/loop.proto"
    said = f"error: cannot read {path}: {os.strerror(errno.ELOOP)}"
    assert grown.run("check", "shop").error == said
    assert grown.run("release", "shop").error == said


def test_an_empty_file(grown: Repo) -> None:
    grown.write("schemas/shop/acme/shop/v1/empty.proto", "")
    before = grown.snapshot()
    ran = grown.run("release", "shop")
    assert ran.code == 1
    assert "error[PACKAGE_DEFINED]: Files must have a package defined." in ran.out
    assert grown.snapshot() == before


def test_no_configuration(grown: Repo) -> None:
    (grown.root / "buf.yaml").unlink()
    said = f"error: no buf.yaml in {grown.root}; change to a folder that has one, or set this one up: `fieldstone init`"
    refused_everywhere(grown, said, ("check",), ("release", "shop"), ("format",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: [\n", "{file} is not YAML: "),
        (b"\xff\xfe\n", "{file} is not YAML: "),
        (b"[]\n", "{file} is not a buf configuration: it holds no mapping"),
        (b"", "{file} says no version; Fieldstone reads v1beta1, v1 and v2"),
        (b"version: v9\n", "{file} is of version v9; Fieldstone reads v1beta1, v1 and v2"),
        (b"version: v2\nmodules: 3\n", "modules in {file} is no list of modules"),
        (b"version: v2\nmodules: [3]\n", "modules in {file} is no list of modules"),
        (b"version: v2\nmodules:\n  - path: nope\n", "{file} lists nope, and there is no such folder"),
        (b"version: v2\nmodules:\n  - path: schemas\n    excludes: 3\n", "excludes in {file} is no list of paths"),
        (b"version: v1\nbuild: 3\n", "build in {file} is no mapping"),
        (
            b"version: v1beta1\nbuild:\n  roots: [schemas/nope]\n",
            "{file} lists schemas/nope, and there is no such folder",
        ),
        (
            b"version: v2\nmodules:\n  - path: schemas/shop\n  - path: schemas/shop\n",
            "{file} lists two modules at schemas/shop that cannot be told apart; give all but one of them `includes`",
        ),
    ],
)
def test_a_broken_configuration(grown: Repo, text: bytes, said: str) -> None:
    grown.write("buf.yaml", text)
    ran = grown.run("check")
    assert ran.error.startswith("error: " + said.format(file=grown.root / "buf.yaml"))


def test_a_configuration_that_buf_refuses(grown: Repo) -> None:
    grown.edit("buf.yaml", "    - STANDARD\n", "    - STANDARDS\n")
    ran = grown.run("check", "shop")
    assert "STANDARDS" in ran.error
    grown.git("checkout", "--quiet", "buf.yaml")
    grown.write("buf.yaml", "colour: red\n" + grown.read("buf.yaml"))
    assert "field colour not found" in grown.run("check", "shop").error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('registri = "x"\n', "unknown key registri in {file}; did you mean registry?"),
        ("[modules.shop]\nnamin = true\n", "unknown key modules.shop.namin in {file}; did you mean naming?"),
        ('[rules]\nfield-renamd = "off"\n', "unknown rule rules.field-renamd in {file}; did you mean field-renamed?"),
        (
            '[modules.shop.rules]\nxyz = "off"\n',
            "unknown rule modules.shop.rules.xyz in {file}; `fieldstone rules` lists them",
        ),
        (
            '[rules]\nFIELD_SAME_NAME = "off"\n',
            "rules.FIELD_SAME_NAME in {file} looks like a rule of buf; configure it in the lint section of buf.yaml",
        ),
        (
            '[rules]\nfield-renamed = "of"\n',
            'rules.field-renamed in {file} is "of"; did you mean off? it may be error, warning, note, off',
        ),
        (
            "[rules]\nfield-renamed = true\n",
            "rules.field-renamed in {file} is true; it may be error, warning, note, off",
        ),
        ("registry = 1\n", "registry in {file} must be of type string, and is 1"),
        ("registry = 1979-05-27\n", 'registry in {file} must be of type string, and is "1979-05-27"'),
        ('naming = "yes"\n', 'naming in {file} must be of type boolean, and is "yes"'),
        ('surfaces = "wire"\n', 'surfaces in {file} must be of type array, and is "wire"'),
        (
            'surfaces = ["wir"]\n',
            'surfaces in {file} is "wir"; did you mean wire? it may be wire, json, source, storage',
        ),
        ("rules = []\n", "rules in {file} must be of type object, and is []"),
        ("modules = []\n", "modules in {file} must be of type object, and is []"),
        ("[modules]\nshop = 1\n", "modules.shop in {file} must be of type object, and is 1"),
        ('[modules."../x"]\n', "'../x' in modules in {file} cannot be the name of a module; a name has no slash"),
        ("registry = \n", "{file} is not TOML: "),
        ("[modules.shp]\nnaming = true\n", "no module shp in {buf}; did you mean shop?"),
        (
            '[modules.shop]\npath = "schemas/nope"\n',
            "{file} names schemas/nope as module shop, and buf.yaml does not list it; it lists schemas/money, ",
        ),
        ('workspace = "nope"\n', "no buf.yaml in {root}/nope; change to a folder that has one"),
    ],
)
def test_settings_that_may_not_stand(grown: Repo, text: str, said: str) -> None:
    grown.settings(text)
    places = {"file": grown.root / "fieldstone.toml", "buf": grown.root / "buf.yaml", "root": grown.root}
    assert grown.run("check").error.startswith("error: " + said.format(**places))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[tool.fieldstone]\nregistri = 1\n", "unknown key registri in {file}; did you mean registry?"),
        (b"[tool]\nfieldstone = 1\n", "the table in {file} must be of type object, and is 1"),
        (b"[tool.fieldstone\n", "{file} is not TOML: "),
        (b"\xff\n", "{file} is not TOML: "),
    ],
)
def test_settings_in_pyproject(grown: Repo, text: bytes, said: str) -> None:
    grown.write("pyproject.toml", text)
    ran = grown.run("check", cwd="schemas")
    assert ran.error.startswith("error: " + said.format(file=grown.root / "pyproject.toml"))


def test_a_pyproject_that_says_nothing_of_us(grown: Repo) -> None:
    for text in ("tool = 1\n", "[tool.other]\nx = 1\n", ""):
        grown.write("pyproject.toml", text)
        assert grown.run("check").code == 0


def test_a_registry_that_is_a_file(grown: Repo) -> None:
    shutil.rmtree(grown.root / "registry")
    grown.write("registry", "x")
    said = f"error: the registry {grown.root}/registry is not a folder"
    refused_everywhere(grown, said, ("check",), ("release", "shop"), ("registry", "list"), ("registry", "verify"))


def test_a_registry_that_would_be_the_repository(grown: Repo) -> None:
    grown.settings('registry = "."\n')
    said = f"error: stray file in the registry: {grown.root}/buf.yaml; move it away: a registry holds releases only"
    refused_everywhere(grown, said, ("check",))


def read_only_folder() -> Path:
    """A place that nobody may write to, not even root."""
    return Path("/sys/fieldstone") if sys.platform == "linux" else Path("/System/fieldstone")


def test_a_registry_on_a_disk_that_is_read_only(fresh: Repo) -> None:
    registry = read_only_folder()
    fresh.settings(f'registry = "{registry}"\n')
    before = fresh.snapshot(".")
    ran = fresh.run("release", "money")
    assert ran.error.startswith(f"error: cannot write release 1.0.0 of money below {registry}: ")
    assert ran.error.endswith("; nothing was released")
    assert fresh.snapshot(".") == before


@pytest.mark.parametrize("bytes_left", [200, 400, 700])
def test_a_disk_that_fills_up_in_the_middle_of_a_release(fresh: Repo, bytes_left: int) -> None:
    """The limit on the size of a file stands for the disk: the image, the ledger or the manifest no longer fits."""
    process = subprocess.run(
        [FIELDSTONE, "release", "money"],
        cwd=fresh.root,
        env=fresh.without_bytecode,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, bytes_left)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    registry = fresh.root / "registry"
    assert process.stderr == (
        f"error: cannot write release 1.0.0 of money below {registry}: File too large; nothing was released\n"
    )
    assert list(registry.iterdir()) == []
    fresh.release("money")
    assert fresh.run("registry", "verify").code == 0


def test_a_disk_that_fills_up_in_the_middle_of_a_check(grown: Repo) -> None:
    grown.edit(SHOP, *ADDITION)
    process = subprocess.run(
        [FIELDSTONE, "check", "shop"],
        cwd=grown.root,
        env=grown.without_bytecode,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == "error: the system refused: File too large\n"


def test_no_buf(grown: Repo, tmp_path: Path) -> None:
    """A Python with Fieldstone's packages and without the program."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(tmp_path / "bare")
    python = tmp_path / "bare/bin/python"
    packages = os.pathsep.join([str(HERE / "src"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    environment = {**grown.environment, "PATH": str(tmp_path), "PYTHONPATH": packages}

    def run() -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "fieldstone", "check", "shop"]
        return subprocess.run(command, cwd=grown.root, env=environment, capture_output=True, text=True, check=False)

    for edit in ((), ADDITION):
        if edit:
            grown.edit(SHOP, *edit)
        done = run()
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"error: no buf binary beside {python} or on PATH; install it: `pip install buf-bin`\n"


def test_no_git(grown: Repo, tmp_path: Path) -> None:
    without = {"PATH": str(tmp_path)}
    assert grown.run("check", env=without).code == 0
    ran = grown.run("check", "--against", "HEAD~1", env=without)
    assert ran.error == (
        f"error: cannot resolve HEAD~1 from {grown.root}: no git binary on PATH; "
        "install git, or name a version, a folder or an image"
    )
    assert "no git binary on PATH" in grown.run("registry", "verify", "--since", "HEAD", env=without).error
    grown.edit(SHOP, *ADDITION)
    assert grown.run("check", "--against", "1.0.0", env=without).code == 0
    assert grown.run("release", "shop", env=without).code == 0


@pytest.mark.parametrize(
    "args",
    [(), ("chek",), ("check", "--no"), ("check", "--format", "x"), ("release",), ("explain",), ("registry", "x")],
    ids=" ".join,
)
def test_a_command_line_that_is_none(grown: Repo, args: tuple[str, ...]) -> None:
    ran = grown.run(*args)
    assert ran.code == 2
    assert ran.out == ""
    assert "usage: fieldstone" in ran.err.lower()


def test_nobody_reads_what_is_printed(grown: Repo) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [FIELDSTONE, "rules"]
    process = subprocess.run(
        command, cwd=grown.root, env=dict(grown.environment), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (1, b"")


def test_nothing_is_left_in_the_temporary_folder(grown: Repo, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for command in (("check", "--against", "HEAD~1"), ("registry", "verify"), ("check", "--against", "nope")):
        grown.spawn(*command, env={"TMPDIR": str(scratch)})
    grown.edit(MONEY, "string currency = 1;", "string currency = ;")
    grown.spawn("check", "--against", "HEAD~1", env={"TMPDIR": str(scratch)})
    assert list(scratch.iterdir()) == []


def test_a_temporary_folder_with_an_odd_name(grown: Repo, tmp_path: Path) -> None:
    """buf takes what stands behind a `#` in a path for the format of a file."""
    scratch = tmp_path / "odd #format=json,ä"
    scratch.mkdir()
    grown.edit(SHOP, *ADDITION)
    assert grown.spawn("check", env={"TMPDIR": str(scratch)}).code == 0
