"""Names of modules: each is a folder of the registry, an argument and a word in the output."""

from __future__ import annotations

import re

PATTERN = r"^(?![\s.:#-])[^/\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+(?<!\s)$"
"""The valid names, as a JSON Schema pattern: its `$` matches only the end of the text."""

REQUIREMENT = (
    "a name has no slash, backslash, line end or invisible character, begins with none of `.`, `:`, `#`, `-`, "
    "and neither begins nor ends with a space"
)
"""The same in words."""


def is_module_name(name: str) -> bool:
    """Whether a text is a valid name of a module; invalid UTF-8 is not."""
    return re.fullmatch(PATTERN, name) is not None and not any("\ud800" <= part <= "\udfff" for part in name)
