"""A file's name lacks the version of its package."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from fieldstone.compatibility.pairing import Added, Renamed
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import File, package_version


@rule(
    on=[(Added, File), (Renamed, File)],
    summary="The name of a file with messages ends in the version of its package.",
    message="{new_name} has messages of `{package}` and its name does not end in _{version}",
    fix="call it {stem}_{version}.proto",
    examples=[
        hit({}, {"acme/v1/step.proto": "package acme.v1; message StepV1 {}"}),
        miss({}, {"acme/v1/step_v1.proto": "package acme.v1; message StepV1 {}"}),
        miss({}, {"acme/v1/end.proto": "package acme.v1; enum End { END_NONE = 0; }"}),
    ],
)
def file_name_without_version(change: Added[File], context: Context) -> Iterator[Hit]:
    """Several languages name the generated module after the file alone. With the version in the name, the modules of
    two versions can be imported side by side, and an import shows which version it is.
    """
    file = change.new
    version = package_version(file.package)
    stem = PurePosixPath(file.name).stem
    if version and not stem.endswith(f"_{version}") and _holds_messages(file, context):
        yield Hit(package=file.package, version=version, stem=stem)


def _holds_messages(file: File, context: Context) -> bool:
    of_rpcs = context.new.rpc_messages()
    messages = context.new.messages.values()
    return any(m.file == file.full_name and m.top_level and m.full_name not in of_rpcs for m in messages)
