"""A sunset that is no date."""

from collections.abc import Iterator

from fieldstone.compatibility.rules import ANNOUNCEMENTS, Context, Hit, hit, miss, rule
from fieldstone.compatibility.sunsets.announcements import Announced
from fieldstone.schema.element import Element


def _enum(sunset: str) -> str:
    option = f'option deprecated = true; option (fieldstone.v1.enum_lifecycle) = {{ sunset: "{sunset}" }};'
    return f"enum End {{ {option} END_NONE = 0; }}"


@rule(
    on=ANNOUNCEMENTS,
    summary="A sunset is a date.",
    message="sunset `{sunset}` of `{subject}` is no date",
    fix="write the last day of the element as YYYY-MM-DD: 2027-12-31",
    is_announcement=True,
    examples=[
        hit("enum End { END_NONE = 0; }", _enum("soon")),
        hit("enum End { END_NONE = 0; }", _enum("2999-13-45")),
        hit(_enum("2999-12-31"), _enum("2999-1-1")),
        miss("enum End { END_NONE = 0; }", _enum("2999-12-31")),
        miss(
            _enum("soon"),
            _enum("soon").replace("END_NONE = 0;", "END_NONE = 0; END_GOAL = 1;"),
            also=["enum-value-added"],
        ),
    ],
)
def sunset_invalid(change: Announced[Element], context: Context) -> Iterator[Hit]:
    """Nobody can plan for a day that does not exist, and the element could never be removed: an invalid sunset never
    passes.
    """
    if change.day is None:
        yield Hit(sunset=change.new.lifecycle.sunset, subject=change.new.full_name)
