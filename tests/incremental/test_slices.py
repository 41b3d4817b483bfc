"""A check of what changed comes to what a check of everything comes to, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fieldstone.project.project import Project
from fieldstone.workflows.check import check
from fieldstone.workflows.release import release
from tests.incremental.part_and_whole import judged, released, told


def test_what_an_untouched_file_does_with_a_message_counts(tmp_path: Path) -> None:
    """A message that an rpc takes may hold another version's; the rpc stands in a file that did not change."""
    head = 'syntax = "proto3";\npackage acme.{};\n'
    sources = {
        "thing.proto": f"{head.format('v1')}message Thing {{}}\n",
        "request.proto": f'{head.format("v2")}import "thing.proto";\nmessage Request {{}}\nmessage Other {{}}\n'
        "message Holder { acme.v1.Thing thing = 1; }\n",
        "service.proto": f'{head.format("v2")}import "request.proto";\nmessage Answer {{}}\n'
        "service Things { rpc Get(Request) returns (Answer); }\n",
        **{f"f{n}.proto": f"{head.format('v2')}message F{n} {{}}\n" for n in range(25)},
    }
    repo = released(tmp_path, {f"schemas/{path}": text for path, text in sources.items()}, "schemas")
    (repo.root / "fieldstone.toml").write_text("naming = true\n")
    for message, is_taken in (("Request", True), ("Other", False)):
        text = sources["request.proto"].replace(f"{message} {{", f"{message} {{ acme.v1.Thing thing = 1; ")
        (repo.root / "schemas/request.proto").write_text(text)
        part = judged(repo.root, full=False)
        assert part == judged(repo.root, full=True)
        assert ("package-version-incomplete" in part) != is_taken


IMPORTED = "message Thing { Kind kind = 1; }\nmessage Other {}\nenum Kind { KIND_UNSPECIFIED = 0; }\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "compared"),
    [
        ("base/b0.proto", "message Other {}", "// Said.\nmessage Other {}", 0),
        ("base/b0.proto", "Kind kind = 1;", "Kind kind = 1; string more = 2;", 0),
        ("base/b0.proto", "KIND_UNSPECIFIED = 0;", "KIND_UNSPECIFIED = 0; KIND_ONE = 1;", 2),
        ("base/b0.proto", "message Other {}", "", 2),
        ("base/b0.proto", "message Other {}", "message Another {}", 2),
        ("base/b1.proto", "message B1 {}", "", 0),
        ("user/u0.proto", "message U0 {", "message U0 { string more = 2;", 1),
    ],
)
def test_of_a_module_that_imports_what_changed_only_what_it_touches_is_judged(
    tmp_path: Path, path: str, old: str, new: str, compared: int
) -> None:
    head = 'syntax = "proto3";\npackage acme.{}.v1;\n'
    base, user = head.format("base"), head.format("user")
    imports = 'import "{}.proto";\n'
    files = {
        "base/b0.proto": base + IMPORTED,
        **{f"base/b{n}.proto": f"{base}message B{n} {{}}\n" for n in range(1, 25)},
        "user/u0.proto": f"{user}{imports.format('b0')}message U0 {{ acme.base.v1.Thing thing = 1; }}\n",
        "user/u1.proto": f"{user}{imports.format('u0')}message U1 {{ U0 held = 1; }}\n",
        **{f"user/u{n}.proto": f"{user}message U{n} {{}}\n" for n in range(2, 25)},
    }
    repo = released(tmp_path, files, "base", "user")
    repo.edit(path, old, new)
    assert judged(repo.root, "user", full=False) == judged(repo.root, "user", full=True)
    project = Project.at(repo.root)
    check(project, ("user",))
    assert project.phases.counts["compared"] == compared


@pytest.mark.parametrize(
    ("refused", "path", "old", "new"),
    [
        ("base", "base/f3.proto", "message F3 {}", "message F3 {} message F4 {}"),
        ("base", "base/f3.proto", "message F3 {}", "message F3 {} enum Again { F4 = 0; }"),
        ("base", "base/f3.proto", "message F3 {}", "message F3 {} enum Again { KIND_UNSPECIFIED = 0; }"),
        ("base", "base/f3.proto", "message F3 {}", "message F3 {} service Kind {}"),
        ("base", "base/x2.proto", "= 102;", "= 101;"),
        ("base", "base/x3.proto", "= 103;", "= 101;"),
        ("base", "base/f3.proto", "message F3 {}", "message F3 {} message nested { message Deep {} }"),
        ("base", "base/f3.proto", "acme;\nmessage F3 {}", "acme.Outer;\nmessage Inner {}"),
        ("user", "user/u3.proto", "acme.user;\nmessage U3 {}", "acme;\nmessage F4 {}"),
        ("user", "base/f4.proto", "message F4 {}", "message F4 {} message U3 {}"),
    ],
)
def test_what_is_declared_twice_is_refused_wherever_it_stands(
    tmp_path: Path, refused: str, path: str, old: str, new: str
) -> None:
    """The two files do not import each other: whoever compiles one of them sees nothing."""
    base, user = 'syntax = "proto3";\npackage acme;\n', 'syntax = "proto3";\npackage acme.user;\n'
    extending = 'syntax = "proto2";\npackage acme.x;\nimport "open.proto";\n'
    extension = "extend acme.Open {{ optional string x{0} = 10{0}; }}\n"
    files = {
        **{f"base/f{n}.proto": f"{base}message F{n} {{}}\n" for n in range(20)},
        "base/kind.proto": f"{base}enum Kind {{ KIND_UNSPECIFIED = 0; }}\n",
        "base/outer.proto": f"{base}message Outer {{ message Inner {{}} }}\n",
        "base/deep.proto": f"{base.replace('acme', 'acme.nested')}message Deep {{}}\n",
        "base/open.proto": 'syntax = "proto2";\npackage acme;\nmessage Open { extensions 100 to 199; }\n',
        "base/x1.proto": extending + extension.format(1),
        "base/x2.proto": extending + extension.format(2),
        "base/x3.proto": f"{extending}message X {{ {extension.format(3).strip()} }}\n",
        "user/u0.proto": f'{user}import "f4.proto";\nmessage U0 {{ acme.F4 held = 1; }}\n',
        **{f"user/u{n}.proto": f"{user}message U{n} {{}}\n" for n in range(1, 20)},
        "user/v.proto": f"{base}message U3 {{}}\n",
    }
    repo = released(tmp_path, files, "base", "user")
    repo.edit(path, old, new)
    for name in ("base", "user"):
        whole, part = judged(repo.root, name, full=True), judged(repo.root, name, full=False)
        assert told(part) == told(whole)
        assert ('"judged": false' in whole or whole.startswith("error: ")) == (name == refused)


def test_what_is_moved_is_not_declared_twice(tmp_path: Path) -> None:
    head = 'syntax = "proto3";\npackage acme;\n'
    files = {
        **{f"schemas/f{n}.proto": f"{head}message F{n} {{}}\n" for n in range(25)},
    }
    repo = released(tmp_path, files, "schemas")
    repo.edit("schemas/f3.proto", "message F3 {}", "message F4 {}")
    repo.edit("schemas/f4.proto", "message F4 {}", "message F3 {}")
    assert judged(repo.root, full=False) == judged(repo.root, full=True)
    project = Project.at(repo.root)
    check(project)
    assert project.phases.counts["compared"] == 2


VALIDATE = """syntax = "proto2";
package buf.validate;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MessageOptions { optional MessageRules message = 1159; }
message Rule { optional string id = 1; optional string message = 2; optional string expression = 3; }
message MessageRules { repeated Rule cel = 3; }
"""
"""What buf knows by the number of the option."""


def test_an_expression_over_the_fields_of_another_file_is_judged_again(tmp_path: Path) -> None:
    """PROTOVALIDATE reads fields through imports, where nothing else does."""
    head = 'syntax = "proto3";\npackage acme.v1;\n'
    rule = 'option (buf.validate.message).cel = { id: "a", message: "m", expression: "this.held.held.x > 0" };'
    files = {
        "schemas/buf/validate/validate.proto": VALIDATE,
        "schemas/deep.proto": f"{head}message Deep {{\n  int32 x = 1;\n  int32 y = 2;\n}}\n",
        "schemas/held.proto": f'{head}import "deep.proto";\nmessage Held {{ Deep held = 1; }}\n',
        "schemas/checked.proto": f'{head}import "held.proto";\nimport "buf/validate/validate.proto";\n'
        f"message Checked {{ {rule} Held held = 1; }}\n",
        **{f"schemas/f{n}.proto": f"{head}message F{n} {{}}\n" for n in range(20)},
    }
    repo = released(tmp_path, files, "schemas", rule="PROTOVALIDATE")
    for new, is_found in (("int32 z = 1;", True), ("string x = 1;", True), ("int32 x = 1; int32 z = 3;", False)):
        repo.edit("schemas/deep.proto", "int32 x = 1;", new)
        part = judged(repo.root, full=False)
        assert part == judged(repo.root, full=True)
        assert ("PROTOVALIDATE" in part) == is_found
        repo.edit("schemas/deep.proto", new, "int32 x = 1;")
    repo.edit("schemas/deep.proto", "int32 x = 1;", "int32 x = 1; int32 z = 3;")
    project = Project.at(repo.root)
    check(project)
    assert project.phases.counts["compared"] == 1


@pytest.mark.parametrize(
    ("old", "new", "compared"),
    [
        ("string x = 1;", "int32 x = 1;", 2),  # what sets the option does not compile
        ("string x = 1;", "string x = 1; string y = 2;", 2),
        ("string other = 1;", "string other = 1; string more = 2;", 1),
    ],
)
def test_what_imports_a_file_for_its_options_alone_is_judged_with_it(
    tmp_path: Path, old: str, new: str, compared: int
) -> None:
    head = 'edition = "2024";\npackage acme.{}.v1;\n'
    option = "message Deep { string x = 1; }\nextend google.protobuf.FieldOptions { Deep deep = 51300; }\n"
    files = {
        "schemas/opt.proto": head.format("opt") + 'import "google/protobuf/descriptor.proto";\n' + option,
        "schemas/more.proto": head.format("more") + "message Other { string other = 1; }\n",
        "schemas/set.proto": head.format("set")
        + 'import option "opt.proto";\nmessage Set { string set = 1 [(acme.opt.v1.deep).x = "a"]; }\n',
        **{f"schemas/f{n}.proto": head.format(f"f{n}") + f"message F{n} {{}}\n" for n in range(25)},
    }
    repo = released(tmp_path, files, "schemas")
    repo.edit("schemas/opt.proto" if "x = 1" in old else "schemas/more.proto", old, new)
    assert judged(repo.root, full=False) == judged(repo.root, full=True)
    project = Project.at(repo.root)
    report = check(project).report
    assert not report.judged or project.phases.counts["compared"] == compared


def test_after_a_pre_release_the_next_version_follows_from_the_stable_one_too(tmp_path: Path) -> None:
    head = 'syntax = "proto3";\npackage acme;\n'
    files = {
        **{f"schemas/f{n}.proto": f"{head}message F{n} {{ string a = 1; }}\n" for n in range(25)},
    }
    repo = released(tmp_path, files, "schemas")
    edits = [
        ("1.1.0-rc.1", ("f1", "F1 {", "F1 { string b = 2;")),
        ("1.1.0-rc.2", ("f5", "message F5", "// Said.\nmessage F5")),
        ("", ("f2", "message F2", "// Said.\nmessage F2")),
        ("", ("f3", "F3 {", "F3 { string b = 2;")),
        ("", ("f4", "string a = 1;", 'reserved 1; reserved "a";')),
    ]
    for version, (name, old, new) in edits:
        repo.edit(f"schemas/{name}.proto", old, new)
        part = judged(repo.root, full=False)
        assert part == judged(repo.root, full=True), version
        if version:
            assert release(Project.at(repo.root), "schemas", version=version).release
            assert judged(repo.root, full=False) == judged(repo.root, full=True), version
    project = Project.at(repo.root)
    check(project)
    assert project.phases.counts["compiled"] < 10


def test_documents_are_part_of_a_release(tmp_path: Path) -> None:
    head = 'syntax = "proto3";\npackage acme.{};\n'
    imported = 'import "b1.proto";\n'
    files = {
        "base/README.md": "The base.\n",
        **{f"base/b{n}.proto": f"{head.format('base')}message B{n} {{}}\n" for n in range(25)},
        **{f"user/u{n}.proto": f"{head.format('user')}{imported}message U{n} {{}}\n" for n in range(25)},
    }
    repo = released(tmp_path, files, "base", "user")
    for path, text in (("README.md", "Of all.\n"), ("base/README.md", "The very base.\n"), ("user/LICENSE", "MIT\n")):
        repo.write(path, text)
        for name in ("base", "user"):
            part = judged(repo.root, name, full=False)
            assert part == judged(repo.root, name, full=True), path
            assert ('"bump": "none"' in part) == ((name, path) == ("base", "README.md")), path


@pytest.mark.parametrize("lost", ["base", "base/1.0.0/release.toml"])
def test_no_module_is_judged_where_the_release_of_what_it_imports_is_lost(tmp_path: Path, lost: str) -> None:
    head = 'syntax = "proto3";\npackage acme.{};\n'
    files = {
        "base/b.proto": f"{head.format('base')}message B {{}}\n",
        **{f"user/u{n}.proto": f'{head.format("user")}import "b.proto";\nmessage U{n} {{}}\n' for n in range(25)},
    }
    repo = released(tmp_path, files, "base", "user")
    place = repo.root / "registry" / lost
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    for message in ("message U1 {}", "message U1 { string more = 1; }"):
        repo.edit("user/u1.proto", "message U1 {}", message)
        for names in (("user",), ()):
            part = judged(repo.root, *names, full=False)
            assert part == judged(repo.root, *names, full=True)
            assert part.startswith(("error: no release 1.0.0 of base", "error: half a release"))


TIME = 'syntax = "proto3";\npackage google.protobuf;\nmessage Timestamp { int64 seconds = 1; int32 nanos = 2; }\n'
BUILT_IN = "google/protobuf/timestamp.proto"


def add(path: str, text: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return write


@pytest.mark.parametrize(
    ("had", "edit"),
    [
        ({}, add(f"user/{BUILT_IN}", TIME)),
        ({}, add(f"user/{BUILT_IN}", TIME.replace(" int32 nanos = 2;", ""))),
        ({}, add(f"base/{BUILT_IN}", TIME)),
        ({}, add("base/u1.proto", 'syntax = "proto3";\npackage acme.u1;\n')),
        ({f"user/{BUILT_IN}": TIME}, lambda root: (root / "user" / BUILT_IN).unlink()),
        ({f"base/{BUILT_IN}": TIME}, lambda root: (root / "base" / BUILT_IN).unlink()),
    ],
    ids=["own", "own-with-less", "of-another", "twice", "own-no-more", "of-another-no-more"],
)
def test_a_path_that_changes_hands_is_judged_as_a_whole_check_judges_it(
    tmp_path: Path, had: Mapping[str, str], edit: Callable[[Path], None]
) -> None:
    head = 'syntax = "proto3";\npackage acme.{};\n'
    held = f'import "{BUILT_IN}";\nmessage Held {{ google.protobuf.Timestamp at = 1; }}\n'
    files = {
        "user/held.proto": head.format("held") + held,
        **{f"{name}/{name[0]}{n}.proto": head.format(f"{name}{n}") for n in range(25) for name in ("base", "user")},
        **had,
    }
    repo = released(tmp_path, files, "base", "user")
    assert '"differs": false' in judged(repo.root, full=False)
    edit(repo.root)
    for names in ((), ("base",), ("user",)):
        assert judged(repo.root, *names, full=False) == judged(repo.root, *names, full=True)


@pytest.mark.parametrize("lost", ["release.toml", "image.binpb.gz", "ledger.json"])
def test_a_module_is_judged_where_the_release_of_another_one_is_damaged(tmp_path: Path, lost: str) -> None:
    text = 'syntax = "proto3";\npackage acme.{};\n'
    files = {f"{name}/{name[0]}{n}.proto": text.format(f"{name}{n}") for n in range(25) for name in ("base", "user")}
    repo = released(tmp_path, files, "base", "user")
    (repo.root / "registry/base/1.0.0" / lost).unlink()
    for message in ("message U1 {}\n", "message U1 { string more = 1; }\n"):
        repo.write("user/u1.proto", text.format("user1") + message)
        part = judged(repo.root, "user", full=False)
        assert part == judged(repo.root, "user", full=True)
        assert '"bump": "minor"' in part


def test_names_that_mean_something_on_a_command_line_are_names(tmp_path: Path) -> None:
    names = ("a,b", 'a"b', "a b", "#a", "%41", "*", "-a", "a=b", "é")
    text = 'syntax = "proto3";\npackage acme.p{};\nmessage M {{ string x = 1; }}\n'
    files = {f"schemas/{name}.proto": text.format(number) for number, name in enumerate(names)}
    others = {f"schemas/f{number}.proto": text.format(number) for number in range(10, 30)}
    repo = released(tmp_path, files | others, "schemas")
    for path in files:
        repo.edit(path, "string x", "int32 x")
    part = judged(repo.root, full=False)
    assert part == judged(repo.root, full=True)
    assert part.count('"rule": "field-type-changed"') == len(names)


CYCLE = "PACKAGE_NO_IMPORT_CYCLE"


def test_a_file_in_another_package_closes_a_cycle_of_packages(tmp_path: Path) -> None:
    text = 'syntax = "proto3";\npackage acme.{};\n{}message M{} {{}}\n'
    files = {
        "schemas/b/base.proto": text.format("base", "", 0),
        "schemas/u/uses.proto": text.format("uses", 'import "b/base.proto";\n', 1),
        "schemas/l/lone.proto": text.format("lone", 'import "u/uses.proto";\n', 2),
        **{f"schemas/f{number}.proto": text.format("others", "", number) for number in range(10, 35)},
    }
    repo = released(tmp_path, files, "schemas", rule=CYCLE)
    repo.edit("schemas/l/lone.proto", "acme.lone", "acme.base")
    part = judged(repo.root, full=False)
    assert told(part) == told(judged(repo.root, full=True))
    assert part.count(f'"rule": "{CYCLE}"') == 2


def test_a_file_of_another_module_closes_a_cycle_of_packages(tmp_path: Path) -> None:
    text = 'syntax = "proto3";\npackage acme.{};\n{}message M{} {{}}\n'
    files = {
        "base/x.proto": text.format("q", "", "X"),
        "base/y.proto": text.format("p", "", "Y"),
        "base/z.proto": text.format("q", "", "Z"),
        "user/ux.proto": text.format("p", 'import "x.proto";\n', "Ux"),
        "user/uz.proto": text.format("p", 'import "z.proto";\n', "Uz"),
        **{f"base/b{number}.proto": text.format("base", "", number) for number in range(10, 35)},
        **{f"user/u{number}.proto": text.format("user", "", number) for number in range(10, 35)},
    }
    repo = released(tmp_path, files, "base", "user", rule=CYCLE)
    repo.edit("base/x.proto", "acme.q;\n", 'acme.q;\nimport "y.proto";\n')
    part = judged(repo.root, "user", full=False)
    assert told(part) == told(judged(repo.root, "user", full=True))
    assert part.count(f'"rule": "{CYCLE}"') == 2
