"""An exported type is now local to its file."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.descriptors.definitions import EXPORT, LOCAL
from fieldstone.schema.model import Enum, Message


def _file(text: str, default: str = "") -> str:
    option = f"option features.default_symbol_visibility = {default};" if default else ""
    return f'edition = "2024"; package acme.v1; {option} {text}'


_STEP = "message Step { int32 id = 1; }"
_NESTED = "message Step { message Id { int32 n = 1; } }"
_ENUM = "enum End { END_NONE = 0; }"
_INSIDE = "{ END_NONE = 0; } reserved 1 to max; }"


@rule(
    on=[(Kept, Message), (Kept, Enum)],
    summary="An exported type stays visible to other files.",
    message="`{name}` of `{parent}` is local to its file; it was exported",
    fix="write `export` before it",
    breaks=[Surface.SOURCE],
    follows=["file-syntax-changed"],
    examples=[
        hit(_file(_STEP), _file(f"local {_STEP}")),
        hit(_file(f"export {_STEP}"), _file(_STEP, "LOCAL_ALL")),
        hit(_file(_ENUM), _file(_ENUM, "STRICT")),
        hit(_file(_NESTED, "EXPORT_ALL"), _file(_NESTED)),
        hit(
            _file(f"local message Holder {{ export enum End {_INSIDE}", "STRICT"),
            _file(f"local message Holder {{ enum End {_INSIDE}", "STRICT"),
        ),
        hit(
            f'edition = "2023"; {_NESTED}',
            _file(_NESTED),
            also=["file-syntax-changed", "language-feature-changed"],
        ),
        miss(_file(f"local {_STEP}"), _file(_STEP)),
        miss(_file(_STEP), _file(f"export {_STEP}", "STRICT")),
        miss(_file(f"local {_STEP}"), _file(_STEP, "LOCAL_ALL")),
        miss(_file(_NESTED), _file("message Step { local message Id { int32 n = 1; } }")),
    ],
)
def type_made_local(change: Kept[Message] | Kept[Enum], context: Context) -> Iterator[Hit]:
    """A file that imports the type no longer compiles, in any module and with any syntax: compilers refuse types that
    are not exported (https://protobuf.dev/editions/features/#symbol-vis). The resolved visibility counts: the keyword,
    else `features.default_symbol_visibility` of the file, else the default of its edition. Bytes and JSON stay the
    same. Exporting a type breaks nothing.
    """
    if (change.old.visibility, change.new.visibility) == (EXPORT, LOCAL):
        yield Hit()
