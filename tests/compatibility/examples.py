"""The examples of all rules, compiled in a few calls of buf and compared by it in as few.

In a joint build each set of sources has a root folder and package of its own instead of `acme`. That name is as long
as the other, so restoring it in the bytes gives the image that the sources have by themselves.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from msgspec.structs import replace

from fieldstone.checking.examples import compile_example, with_headers
from fieldstone.compatibility.rules import Sources, all_rules
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.image import parse_image
from fieldstone.schema.model import Schema
from fieldstone.toolchain import buf
from fieldstone.toolchain.diagnostic import Diagnostic
from fieldstone.workspace.vocabulary import VOCABULARY, vocabulary_text

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

TODAY = date(2026, 1, 1)
"""The day on which examples are judged."""

ROOT = "acme"
"""The folder, and the first part of the package, of all that an example itself defines."""

WORKSPACE = json.dumps({"version": "v2", "modules": [{"path": "example"}, {"path": "vocabulary"}]})

Files = tuple[tuple[str, str], ...]
"""The sources of one side of an example: path and text, sorted."""

Key = TypeVar("Key", bound=Hashable)


def image_of(sources: Sources) -> bytes:
    """The image of one side of an example; no files give an empty image."""
    files = _files(sources)
    return _images()[files] if files in _images() else compile_example(sources)


def schema_of(sources: Sources) -> Schema:
    """The schema of one side of an example."""
    image = image_of(sources)
    return load_schema(image, where="example") if image else Schema()


def cases(*, style: bool) -> list[ParameterSet]:
    """The examples of all rules, or of those on compatibility alone, as parameters of a test."""
    return [
        pytest.param(
            rule, example, id=f"{rule.id}-{'hit' if example.is_hit else 'miss'}-{rule.examples.index(example)}"
        )
        for rule in all_rules().values()
        for example in rule.examples
        if style or not rule.is_style
    ]


def compile_more(sides: Iterable[Sources]) -> None:
    """Compile further sources together, for `image_of`: by itself each would take a call of buf."""
    unknown = [sides for sides in sides if _files(sides) not in _images()]
    _images().update(compile_together(unknown))


def compared_by_buf(before: Sources, after: Sources) -> list[Diagnostic]:
    """The result of `buf breaking` on an example."""
    return _opinions()[_files(before), _files(after)]


def compile_together(sides: Iterable[Sources]) -> dict[Files, bytes]:
    """The image of each of these sources, compiled in as few builds as possible."""
    known = dict.fromkeys(_files(sides) for sides in sides)
    names = {files: f"x{number:03}" for number, files in enumerate(filter(None, known))}
    shared = {files: _shared(files) for files in names}
    return {files: image for batch in _batches(shared) for files, image in _compile({f: names[f] for f in batch})}


def _files(sources: Sources) -> Files:
    return tuple(sorted(with_headers(sources).items()))


@cache
def _images() -> dict[Files, bytes]:
    examples = [example for rule in all_rules().values() for example in rule.examples]
    return compile_together(side for e in examples for side in (*e.history, e.before, e.after))


def _shared(files: Files) -> dict[str, str]:
    """All that two sources of one build must have in common: other people's files, and extensions of options."""
    others = {path: text for path, text in files if not path.startswith(f"{ROOT}/")}
    own = "".join(text for path, text in files if path not in others and "extend google." in text)
    return others | ({"own options": own} if own else {})


def _batches(shared: Mapping[Key, Mapping[str, str]]) -> list[list[Key]]:
    """Groups without two different files of one path, each as large as it can be."""
    batches: list[tuple[list[Key], dict[str, str]]] = []
    for key, files in shared.items():
        fitting = (batch for batch in batches if all(batch[1].get(path, text) == text for path, text in files.items()))
        batch = next(fitting, None)
        if batch is None:
            batches.append(batch := ([], {}))
        batch[0].append(key)
        batch[1].update(files)
    return [keys for keys, _ in batches]


def _compile(names: Mapping[Files, str]) -> Iterable[tuple[Files, bytes]]:
    """Compile sources that can be built together, each under its name."""
    with tempfile.TemporaryDirectory() as folder:
        written = {"buf.yaml": WORKSPACE, f"vocabulary/{VOCABULARY}": vocabulary_text()}
        for files, name in names.items():
            written |= {f"example/{path}".replace(ROOT, name): text.replace(ROOT, name) for path, text in files}
        for path, text in written.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text, "utf-8")
        image = buf.build("example", cwd=Path(folder)).output(what="the examples do not compile")
    compiled = {file.name: file for file in parse_image(image, where="the examples").file}
    for files, name in names.items():
        paths = {path.replace(ROOT, name) for path, _ in files}
        part = FileDescriptorSet(file=_with_imports(paths, compiled))
        yield files, part.SerializeToString().replace(name.encode(), ROOT.encode())


def _with_imports(paths: set[str], compiled: Mapping[str, FileDescriptorProto]) -> Sequence[FileDescriptorProto]:
    """These files and all that they import, in the order of the image."""
    needed = set(paths)
    for path in reversed([*compiled]):  # imports come before the files that need them
        if path in needed:
            needed.update((*compiled[path].dependency, *compiled[path].option_dependency))
    return [file for path, file in compiled.items() if path in needed]


@cache
def _opinions() -> dict[tuple[Files, Files], list[Diagnostic]]:
    """What buf says about each example of a rule on compatibility."""
    examples = [example for rule in all_rules().values() if not rule.is_style for example in rule.examples]
    pairs = dict.fromkeys((_files(example.before), _files(example.after)) for example in examples)
    found = dict[tuple[Files, Files], list[Diagnostic]]()
    for batch in _batches({pair: _both(pair) for pair in pairs}):
        found |= _compare({f"x{number:03}": pair for number, pair in enumerate(batch)})
    return found


def _both(pair: tuple[Files, Files]) -> dict[str, str]:
    """All that two pairs of one comparison must have in common, on either side."""
    sides = [_shared(files) for files in pair]
    paths = {*sides[0], *sides[1]}
    return {f"{number} {path}": side.get(path, "") for number, side in enumerate(sides) for path in paths}


def _compare(pairs: Mapping[str, tuple[Files, Files]]) -> dict[tuple[Files, Files], list[Diagnostic]]:
    """Run `buf breaking` once on the joint images of all pairs, each under its name."""
    images = [_joined({name: pair[side] for name, pair in pairs.items()}) for side in (0, 1)]
    with tempfile.TemporaryDirectory() as folder:
        annotations = buf.breaking(images[0], images[1], scratch=Path(folder)).diagnostics(what="buf breaking")
    found: dict[tuple[Files, Files], list[Diagnostic]] = {pair: [] for pair in pairs.values()}
    for one in annotations:
        for name in _named(one, pairs):
            path, message = (text.replace(name, ROOT) for text in (one.path, one.message))
            found[pairs[name]].append(replace(one, path=path, message=message))
    return found


def _named(annotation: Diagnostic, pairs: Mapping[str, tuple[Files, Files]]) -> list[str]:
    """The pairs that buf means: one by its name, or all that have the shared file."""
    said = f"{annotation.path} {annotation.message}"
    names = [name for name in re.findall(r"\bx\d{3}(?=[/.\"])", said) if name in pairs][:1]
    names = names or [name for name, pair in pairs.items() if any(path in said for side in pair for path, _ in side)]
    assert names, annotation
    return names


def _joined(sides: Mapping[str, Files]) -> bytes:
    joint = dict[str, FileDescriptorProto]()
    for name, files in sides.items():
        image = _images()[files].replace(ROOT.encode(), name.encode()) if files else b""
        joint |= {file.name: file for file in parse_image(image, where=name).file if file.name not in joint}
    return FileDescriptorSet(file=joint.values()).SerializeToString()
