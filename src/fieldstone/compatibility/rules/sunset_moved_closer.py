"""A sunset that moved to an earlier day."""

from collections.abc import Iterator

from fieldstone.compatibility.rules import ANNOUNCEMENTS, Context, Hit, hit, miss, rule
from fieldstone.compatibility.sunsets.announcements import Announced
from fieldstone.schema.element import Element


def _message(sunset: str) -> str:
    option = f'option deprecated = true; option (fieldstone.v1.message_lifecycle) = {{ sunset: "{sunset}" }};'
    return f"message Old {{ {option} string id = 1; }}"


@rule(
    on=ANNOUNCEMENTS,
    summary="A released sunset does not move to an earlier day.",
    message="sunset of `{subject}` moved from {before} to {sunset}, which is earlier",
    fix="keep {before}, choose a later day, or take the sunset away",
    is_announcement=True,
    examples=[
        hit(_message("2999-12-31"), _message("2999-12-30")),
        hit(_message("2999-12-31"), _message("2020-01-31")),
        miss(_message("2999-12-30"), _message("2999-12-31")),
        miss(_message("2999-12-31"), "message Old { option deprecated = true; string id = 1; }"),
    ],
)
def sunset_moved_closer(change: Announced[Element], context: Context) -> Iterator[Hit]:
    """A released sunset is a promise: teams planned their work up to that day. Readers of the earlier release do not
    learn that the day is now earlier.
    """
    if change.old is not None and change.is_closer:
        yield Hit(
            subject=change.new.full_name,
            before=change.old.lifecycle.sunset,
            sunset=change.new.lifecycle.sunset,
        )
