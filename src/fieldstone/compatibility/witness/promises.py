"""What a schema promises of runtimes that are not at hand here, as their documentation says.

`features.json_format`: https://protobuf.dev/editions/features/#json_format. Java checks text when
`java_string_check_utf8` or `features.(pb.java).utf8_validation` says so:
https://protobuf.dev/editions/features/#java-utf8_validation.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface, Witness
from fieldstone.compatibility.witness.definitions import sample
from fieldstone.compatibility.witness.images import Version
from fieldstone.compatibility.witness.search import direction
from fieldstone.compatibility.witness.values import NOT_UTF8
from fieldstone.schema.model import Field

_JAVA = "Java utf8_validation"


def json_format(old: Version, new: Version, name: str, surface: Surface) -> Iterator[Witness]:
    """JSON of a message or an enum for which the newer version no longer promises any."""
    kinds = (old.schema.messages, new.schema.messages), (old.schema.enums, new.schema.enums)
    for before, after in kinds:
        if surface is Surface.JSON and name in before and name in after:
            if (before[name].json_format, after[name].json_format) == ("ALLOW", "LEGACY_BEST_EFFORT"):
                yield _without_promise(old, new, name)


def _without_promise(old: Version, new: Version, name: str) -> Witness:
    written = old.types.message(name)
    what = sample(old, written)[1] if written is not None else f"a value of {name}"
    return Witness(
        surface=Surface.JSON,
        direction=direction(is_old_data=True),
        writer=old.label,
        reader=new.label,
        message=name,
        value=what,
        encoded="JSON",
        reads="does not promise that a runtime reads it (json_format is LEGACY_BEST_EFFORT)",
        proven_by="specification",
    )


def java_text(old: Version, new: Version, before: Field, after: Field, surface: Surface) -> Iterator[Witness]:
    """Text that is not UTF-8, which one version writes and the Java code of the other refuses."""
    for option, mine in before.options.items():
        theirs = after.options.get(option, mine)
        if surface is Surface.WIRE and option.startswith(_JAVA) and mine != theirs:
            writer, reader = (old, new) if theirs == "VERIFY" else (new, old)
            yield Witness(
                surface=surface,
                direction=direction(is_old_data=writer is old),
                writer=writer.label,
                reader=reader.label,
                message=before.extendee or before.parent,
                value=f"{before.name}=0x{NOT_UTF8.hex()}, which is not UTF-8,",
                encoded=NOT_UTF8.hex(),
                reads="refuses it in Java, which is told to verify",
                proven_by="specification",
            )
