"""A column stores its values in another form."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Kept
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.storage import Column

_SEEN_IN_RECORDS = {"json", "proto"}


def _step(*fields: str) -> str:
    body = "\n  ".join(("string id = 1;", *fields))
    return f"""
enum End {{ END_NONE = 0; }}
message Step {{
  option (fieldstone.v1.entity) = {{primary_key: "id"}};
  {body}
}}
"""


@rule(
    on=[(Kept, Column)],
    summary="A released column keeps the stored form of its values.",
    message="the column of `{name}` of `{parent}` went from {old} to {new}",
    fix="keep the codec, or add a new field with the other one",
    breaks=[Surface.SOURCE, Surface.STORAGE],
    examples=[
        hit(_step("End end = 2;"), _step("End end = 2 [(fieldstone.v1.column).codec = CODEC_ENUM_NAME];")),
        hit(_step("bytes data = 2;"), _step("bytes data = 2 [(fieldstone.v1.column).codec = CODEC_JSON];")),
        hit(
            _step("repeated string tags = 2;"),
            _step("repeated string tags = 2 [(fieldstone.v1.column).codec = CODEC_CHILD_TABLE];"),
        ),
        miss(_step("map<string, int64> sums = 2;"), _step("map<string, int64> sums = 2;", "bytes data = 3;")),
        miss(_step("int64 sum = 2;"), _step("optional int64 sum = 2;"), also=["field-presence-changed"]),
    ],
)
def column_retyped(change: Kept[Column], context: Context) -> Iterator[Hit]:
    """Existing rows hold values in the old form, and migrations do not rewrite them. Read in the new form they are
    wrong, or an error. JSON and message bytes also change the type of the record's attribute. If the field's own type
    or presence changed, the rules for fields report it.
    """
    old, new = change.old, change.new
    if old.kind != new.kind:
        kinds = {old.kind, new.kind}
        in_records = "child_table" not in kinds and kinds & _SEEN_IN_RECORDS
        yield Hit(breaks=None if in_records else [Surface.STORAGE], old=_words(old.kind), new=_words(new.kind))


def _words(kind: str) -> str:
    known = {"enum": "numbers of the enum", "enum_name": "names of the enum", "child_table": "a table of its own"}
    return known.get(kind, kind)
