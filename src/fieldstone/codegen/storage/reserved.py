"""Names that generated code cannot use: words of SQL and of Python, and what databases keep for themselves."""

from __future__ import annotations

import keyword

# SQLite has more keywords (https://sqlite.org/lang_keywords.html) and takes the others, like
# "action" or "key", as names; these it refuses as the name of a table or a column in one of the
# statements that are generated. A test asks the real database.
SQLITE_WORDS = frozenset(
    """
    add all alter and as autoincrement between case cast check collate commit constraint create
    current_date current_time current_timestamp default deferrable delete distinct drop else escape
    except exists foreign from group having if in index insert intersect into is isnull join limit
    not nothing notnull null on or order primary raise references returning select set table then
    to transaction union unique update using values when where with
    """.split()
)
"""Words that are no names of tables or columns in SQLite."""

POSTGRES_WORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign freeze from full grant group having ilike in
    initially inner intersect into is isnull join lateral leading left like limit localtime
    localtimestamp natural not notnull null offset on only or order outer overlaps placing primary
    references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
    """.split()
)
"""Words that are no names of tables or columns in PostgreSQL 18, marked "reserved" in
https://www.postgresql.org/docs/current/sql-keywords-appendix.html."""

POSTGRES_COLUMNS = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})
"""Columns that every table of PostgreSQL has (https://www.postgresql.org/docs/current/ddl-system-columns.html)."""

OWN_TABLES = frozenset({"excluded"})
"""What an insert calls the row that it could not write."""

PREFIXES = ("sqlite_", "fieldstone_")
"""What the names of a database's own tables begin with, in SQLite and in Fieldstone."""

LONGEST_NAME = 63
"""Bytes of a name that PostgreSQL tells apart (https://www.postgresql.org/docs/current/limits.html)."""

RECORD_TYPES = frozenset("Any bool bytes datetime dict field float int list str timedelta".split())
"""What generated records say in annotations and defaults: no attribute of theirs may hide it."""

RECORD_MODULE = RECORD_TYPES | {"IntEnum", "dataclass"}
"""What the module of generated records uses: no class in it may hide it."""

METHODS = frozenset({"close", "migrate", "transaction"})
"""The methods that every repository has."""

ARGUMENTS = frozenset({"after", "limit", "payload", "payloads", "self"})
"""Arguments that methods of a repository have beside those for columns."""


def is_sql_word(name: str) -> bool:
    """Whether a lower-case name is no name of a table or column in SQLite or PostgreSQL."""
    return name in SQLITE_WORDS or name in POSTGRES_WORDS


def is_python_word(name: str) -> bool:
    """Whether Python keeps the name for itself; `match` and its kind may be names."""
    return keyword.iskeyword(name)
