"""JSON in fields and columns, and the values of Python that stand for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any, Final, NoReturn

from fieldstone_runtime.exact import flag_of, float_of, integer_of, items_of, pairs_of, string_of
from fieldstone_runtime.unfit import UnfitError


class JsonNull:
    """The JSON value null where None stands for an absent one; it is false, and `JSON_NULL` the only one."""

    def __bool__(self) -> bool:
        """False, as None."""
        return False

    def __repr__(self) -> str:
        """The constant's name."""
        return "JSON_NULL"

    def __copy__(self) -> JsonNull:
        """Itself."""
        return self

    def __deepcopy__(self, memo: object) -> JsonNull:
        """Itself."""
        return self

    def __reduce__(self) -> str:
        """The constant, to pickle."""
        return "JSON_NULL"


JSON_NULL: Final = JsonNull()
"""A field that is present and holds the JSON value null; inside lists and dicts None is that."""

_LARGEST_INT = 2**63
_INNER = (dict, list)


def _other(value: object) -> object:
    """A value of JSON for one that `json` does not take: numpy's scalars, mappings and sequences."""
    if value is JSON_NULL:
        return None
    for convert in (flag_of, lambda v: integer_of(v, -_LARGEST_INT, _LARGEST_INT), float_of, string_of):
        try:
            return convert(value)
        except UnfitError:
            continue
    if not isinstance(value, Mapping):
        return items_of(value)
    found = pairs_of(value)
    _check_keys(found)
    return found


def _encoding(*, nan: bool) -> Any:
    """The encoder that `JSONEncoder.encode` makes anew for every value, which takes longer than most values do."""
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=nan, default=_other)
    if c_make_encoder is None:  # other Pythons than CPython have none
        return encoder.iterencode
    return c_make_encoder(None, _other, encode_basestring, None, ":", ",", False, False, nan)  # noqa: FBT003


_strict, _with_nan = _encoding(nan=False), _encoding(nan=True)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_scan_strictly = json.JSONDecoder(parse_constant=_refuse_constant).scan_once  # type: ignore[attr-defined]


def dump_json(value: Any) -> str:
    """JSON without spaces (RFC 8259).

    Raises:
        ValueError: a number is not finite.
        TypeError: a value is none of JSON.
        UnfitError: a key is no text, which JSON would turn into one.
    """
    if value.__class__ in _INNER:
        _check_keys(value)
    return "".join(_strict(value, 0))


def dump_column(value: Any) -> str:
    """The text in a column of JSON: as `dump_json`, with NaN and infinities as Python writes them."""
    return "".join(_with_nan(value, 0))


def load_json(data: str | bytes) -> Any:
    """A value from JSON; a ValueError for what is none, NaN and infinities too."""
    return _loaded(data, _scan_strictly, _refuse_constant)


def load_column(data: str | bytes) -> Any:
    """A value from a column of JSON."""
    return _loaded(data, _scan, None)


def or_null(value: Any) -> Any:
    """The value of a field that is present: `JSON_NULL` for None."""
    return JSON_NULL if value is None else value


def not_null(value: Any) -> Any:
    """The value; UnfitError for the JSON value null."""
    if value is None or value is JSON_NULL:
        raise UnfitError(value, "a JSON value other than null")
    return value


def inner_value(value: Any) -> Any:
    """The value, for the JSON of a message, in which null stands for what is absent."""
    return not_null(value) if value is JSON_NULL else value


def checked_json(value: Any) -> Any:
    """The value, which `dump_json` takes."""
    dump_json(value)
    return value


def struct_of(value: Any) -> dict[str, Any]:
    """A dict as a Struct holds it: numbers are floats, keys are text."""
    found = value if value.__class__ is dict else pairs_of(value)
    return {key if key.__class__ is str else string_of(key): value_of(item) for key, item in found.items()}


def list_of_values(value: Any) -> list[Any]:
    """A list as a ListValue holds it."""
    return [value_of(item) for item in (value if value.__class__ is list else items_of(value))]


def value_of(value: Any) -> Any:
    """A value as a google.protobuf.Value holds it; UnfitError for an int that is no float exactly."""
    kind = value.__class__
    if kind is str or kind is bool or kind is float or value is None:
        return value
    if value is JSON_NULL:
        return None
    if isinstance(value, str):
        return string_of(value)
    if isinstance(value, Mapping):
        return struct_of(value)
    is_numpy_bool = getattr(getattr(value, "dtype", None), "kind", "") == "b"
    if hasattr(value, "__float__") or hasattr(value, "__index__"):
        return flag_of(value) if is_numpy_bool else float_of(value)
    return list_of_values(value)


def _check_keys(value: Any) -> None:
    """An UnfitError for a list or dict in which a key is no text."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise UnfitError(value, "a JSON value whose keys are text")
        value = value.values()
    for item in value:
        if item.__class__ in _INNER:
            _check_keys(item)


def _loaded(data: str | bytes, scan: Any, parse_constant: Any) -> Any:
    text = data if isinstance(data, str) else data.decode()
    try:
        value, end = scan(text, 0)
    except StopIteration:
        end = -1
    return value if end == len(text) else json.loads(text, parse_constant=parse_constant)
