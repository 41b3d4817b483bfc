"""Another field, or none, counts the versions of a record."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Table


def _step(version: str = "", other: str = "") -> str:
    options = " [(fieldstone.v1.column).version = true]"
    return f"""
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  string id = 1;
  int64 version = 2{options if version else ""};
  int64 changes = 3{options if other else ""};
}}
"""


@rule(
    on=[(Kept, Table)],
    summary="A released entity keeps the field that counts its versions.",
    message="the version of `{parent}.{name}` was {old} and is now {new}",
    fix="{fix}",
    breaks=[Surface.SOURCE],
    examples=[
        hit(_step(), _step(version="yes")),
        hit(_step(version="yes"), _step()),
        hit(_step(version="yes"), _step(other="yes")),
        miss(_step(version="yes"), _step(version="yes")),
    ],
)
def record_version_changed(change: Kept[Table], context: Context) -> Iterator[Hit]:
    """With a version, `save_` refuses a record that was changed since it was read. Callers that write over what is
    stored are refused once a version is added. Without it, two of them overwrite each other and neither is told. Older
    code beside the new one counts no versions.
    """
    old, new = change.old, change.new
    if old.numbers([old.version]) != new.numbers([new.version]):
        fix = f"keep `version` on `{old.version}`" if old.version else "leave `version` out; a new message may have it"
        yield Hit(old=_words(old.version), new=_words(new.version), fix=fix)


def _words(field: str) -> str:
    return f"`{field}`" if field else "none"
