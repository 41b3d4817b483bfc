"""A new sunset without notice."""

from collections.abc import Iterator

from fieldstone.compatibility.rules import ANNOUNCEMENTS, Context, Hit, hit, miss, rule
from fieldstone.compatibility.sunsets.announcements import Announced
from fieldstone.compatibility.sunsets.notice import in_days
from fieldstone.schema.element import Element

_OLD = "message Old { string id = 1; }"
_SERVICE = "message A {} service Steps { rpc Get(A) returns (A); }"


def _message(sunset: str, more: str = "", deprecated: str = "option deprecated = true;") -> str:
    option = f'option (fieldstone.v1.message_lifecycle) = {{ sunset: "{sunset}" }};'
    return f"message Old {{ {deprecated} {option} string id = 1; {more} }}"


@rule(
    on=ANNOUNCEMENTS,
    summary="A sunset is announced in advance: 30 days, unless the setting `notice` names another number.",
    message="sunset {sunset} of `{subject}` is new and gives less than {notice} of notice",
    fix="choose a day that is at least {notice} away, or leave the sunset out",
    is_announcement=True,
    examples=[
        hit(_OLD, _message("2020-01-31")),
        hit("message Step {}", f"message Step {{}} {_message('2020-01-31')}"),
        hit(
            _SERVICE,
            _SERVICE.replace(
                "(A);",
                '(A) { option deprecated = true; option (fieldstone.v1.method_lifecycle) = { sunset: "2020-01-31" }; }',
            ),
        ),
        hit(
            _OLD,
            _OLD.replace("1;", '1 [deprecated = true, (fieldstone.v1.field_lifecycle) = { sunset: "2020-01-31" }];'),
        ),
        hit(_message("2020-01-31", deprecated=""), _message("2020-01-31")),
        miss(_OLD, _message("2999-12-31")),
        miss(_message("2020-01-31"), _message("2020-01-31", "int32 size = 2;")),
        miss(_message("2020-01-31"), _message("2020-02-29")),
        miss(_message("2020-01-31"), _OLD),
    ],
)
def sunset_too_soon(change: Announced[Element], context: Context) -> Iterator[Hit]:
    """Teams need time to migrate between the release that announces an element's end and that end. A day that is near,
    or has passed, gives them none: the next release could remove what they still use. The notice counts from the day of
    the check, the earliest possible day of the release.
    """
    if change.day is None or change.is_closer or change.is_postponed:
        return
    days = (change.day - context.today).days
    if days < context.notice:
        when = f"it is {in_days(days)} after" if days >= 0 else "it lies before"
        yield Hit(
            sunset=change.new.lifecycle.sunset,
            subject=change.new.full_name,
            notice=in_days(context.notice),
            because=f"{when} {context.today} (UTC), the first day on which this can be released",
        )
