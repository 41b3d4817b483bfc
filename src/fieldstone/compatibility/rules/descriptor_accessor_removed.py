"""A message lost the standard accessor of its descriptor."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Message

_PLAIN = "message Step { string id = 1; }"
_WITHOUT = "message Step { option no_standard_descriptor_accessor = true; string id = 1; }"


@rule(
    on=[(Kept, Message)],
    summary="Generated code keeps the accessor `descriptor()` of a released message.",
    message="message `{name}` of `{parent}` lost its standard accessor `descriptor()`",
    fix="remove `option no_standard_descriptor_accessor = true;`",
    breaks=[Surface.SOURCE],
    buf=["MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR"],
    examples=[
        hit(_PLAIN, _WITHOUT),
        miss(_WITHOUT, _PLAIN),
        miss(_PLAIN, _WITHOUT.replace("true", "false")),
    ],
)
def descriptor_accessor_removed(change: Kept[Message], context: Context) -> Iterator[Hit]:
    """Generators omit the method `descriptor()` if the option `no_standard_descriptor_accessor` is set. Code that calls
    it no longer compiles. Bytes and JSON stay the same.
    """
    if change.old.accessor and not change.new.accessor:
        yield Hit()
