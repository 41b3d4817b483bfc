"""Client packages of this repository's own releases, and of small modules made up for a test."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from fieldstone.codegen.client_package import ClientPackage, Needed
from fieldstone.consumers.uses import Evidence, Rank, Uses
from fieldstone.project.project import Project
from fieldstone.toolchain import buf
from fieldstone.workflows.generating.client_package import client_package, find_release

HERE = Path(__file__).resolve().parents[3]
"""The root of Fieldstone's own repository."""

SUNSET = "Deprecated since 1.2.0. Sunset: 2027-12-31."
DIGEST = "b5:" + "0" * 128


REWARD = Uses(
    "billing",
    "team-billing",
    (
        Evidence(
            "telemetry", "1.2.0", Rank.DECLARED, date(2026, 1, 1), read={"telemetry.v1.TelemetryStepV1.reward": ()}
        ),
    ),
)
"""The uses of a consumer of telemetry that reads one field."""


def released(module: str, version: str, *, post: int = 0, uses: Uses | None = None) -> ClientPackage:
    """A release of this repository's registry."""
    project = Project.at(HERE)
    return client_package(project, find_release(project, f"{module}@{version}"), post=post, uses=uses)


def made(
    root: Path,
    files: Mapping[str, str],
    *,
    module: str = "shop",
    version: str = "1.0.0",
    library: Collection[str] = (),
    needs: tuple[Needed, ...] = (),
) -> ClientPackage:
    """A release of sources given by import path; those of `library` and of what it needs are not its own."""
    folder = root / module
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    image = compile_image(folder)
    elsewhere = {*library, *(path for needed in needs for path in needed.files)}
    return ClientPackage(
        module=module,
        version=version,
        digest=DIGEST,
        released_at=datetime(2026, 1, 31, tzinfo=UTC),
        annotated=b"",
        image=image,
        files=tuple(path for path in files if path not in elsewhere),
        changelog="# Changelog\n",
        needs=needs,
    )


def compile_image(folder: Path) -> FileDescriptorSet:
    return FileDescriptorSet.FromString(buf.build(".", cwd=folder).output(what="a test's sources do not compile"))
