"""Queries, and the rpcs that they answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import query, refused, step

COUNT, SUM, MIN = (f"function: AGGREGATE_FUNCTION_{name}" for name in ("COUNT", "SUM", "MIN"))


def groups(*aggregates: str) -> str:
    """A step with a query that computes."""
    listed = " ".join(f"aggregates: {aggregate}" for aggregate in aggregates)
    return step(f'queries: {{name: "q" result: QUERY_RESULT_GROUPS {listed}}}', "bytes data")


QUERIES: Mapping[str, tuple[str, list[str]]] = {
    "unknown fields": (
        query('equal: "run" range: "step_ix" order_by: "tags"'),
        [
            "2:10: query q of StepV1 names run, which is no field of it; did you mean run_id?",
            "2:10: query q of StepV1 names step_ix, which is no field of it; did you mean step_index?",
            (
                "2:10: query q of StepV1 names tags, which is kept as JSON and cannot be compared; "
                "name fields with numbers, text, bytes, enums or timestamps"
            ),
            (
                "2:10: query q of StepV1 is ordered by tags, and its range is over step_ix; "
                "begin order_by with step_ix, or leave it out"
            ),
        ],
    ),
    "no index": (
        query('equal: "reward"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["reward"]}'],
    ),
    "the index begins with something else": (
        query('equal: "step_index"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["step_index"]}'],
    ),
    "a range beyond the index": (
        query('equal: "run_id" range: "reward"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["run_id", "reward"]}'],
    ),
    "an order beyond the index": (
        query('equal: "run_id" order_by: ["reward", "step_index"]'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["run_id", "reward", "step_index"]}'],
    ),
    "range and equal": (
        query('equal: ["run_id", "step_index"] range: "step_index"'),
        [
            "2:10: query q of StepV1 has step_index both as range and in equal; leave out one of them",
        ],
    ),
    "range_name": (
        query('equal: "run_id" range_name: "step"'),
        ["2:10: query q of StepV1 has a range_name and no range; name the field in range"],
    ),
    "a range_name that is no name": (
        query('equal: "run_id" range: "step_index" range_name: "a step"'),
        ['2:10: range_name "a step" of query q is no part of a name; write it with a-z, 0-9 and _'],
    ),
    "order and range": (
        step(
            'indexes: {fields: ["step_index", "run_id"]} '
            'queries: {name: "q" range: "step_index" order_by: ["run_id", "step_index"]}'
        ),
        [
            (
                "2:10: query q of StepV1 is ordered by run_id, and its range is over step_index; "
                "begin order_by with step_index, or leave it out"
            )
        ],
    ),
    "twice": (
        query('equal: ["run_id", "run_id"]'),
        ["2:10: query q of StepV1 names run_id twice in equal; name it once"],
    ),
    "ordered twice": (
        query('equal: "run_id" order_by: ["step_index", "step_index"]'),
        ["2:10: query q of StepV1 names step_index twice in order_by; name it once"],
    ),
    "limit": (
        query('equal: "run_id" limit: 3 result: QUERY_RESULT_COUNT'),
        ["2:10: query q of StepV1 has a limit, and its result is count; leave it out"],
    ),
    "limit of the first": (
        query('equal: "run_id" limit: 3 result: QUERY_RESULT_FIRST'),
        ["2:10: query q of StepV1 has a limit, and its result is first; leave it out"],
    ),
    "an optional argument without an index": (
        query('equal: "run_id" optional_equal: "reward"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["run_id", "reward"]}'],
    ),
    "a list without an index": (
        query('in: "step_index"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["step_index"]}'],
    ),
    "a range beside a list without an index": (
        query('in: "run_id" range: "seq_id"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["run_id", "seq_id"]}'],
    ),
    "latest without an index": (
        query('latest_per: "step_index"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["step_index"]}'],
    ),
    "latest by an order without an index": (
        query('latest_per: "run_id" order_by: "reward"'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["run_id", "reward"]}'],
    ),
    "groups in a range without an index": (
        query(f'group_by: "run_id" range: "reward" result: QUERY_RESULT_GROUPS aggregates: {{{COUNT}}}'),
        ['2:10: no index of StepV1 serves query q; add indexes: {fields: ["reward"]}'],
    ),
    "absence of what is always there": (
        query('equal: "run_id" absent: "step_index"'),
        [
            (
                "2:10: query q of StepV1 asks for records without step_index, which always has a value; "
                "leave it out of absent"
            )
        ],
    ),
    "a list of floats": (
        step('indexes: {fields: "reward"} queries: {name: "q" in: "reward"}'),
        [
            (
                "2:10: query q of StepV1 looks up reward in a list, a double, and NaN is equal to nothing; "
                "name fields with whole numbers, text or bytes"
            )
        ],
    ),
    "two conditions of one field": (
        query('equal: "run_id" optional_equal: "step_index" in: "step_index"'),
        ["2:10: query q of StepV1 has step_index both in optional_equal and in in; leave out one of them"],
    ),
    "latest per what is fixed": (
        query('equal: "run_id" latest_per: "run_id"'),
        ["2:10: query q of StepV1 has run_id both in equal and in latest_per; leave out one of them"],
    ),
    "latest that is no list": (
        query('latest_per: "run_id" descending: true result: QUERY_RESULT_FIRST'),
        [
            "2:10: query q of StepV1 has latest_per, and its result is first; leave it out",
            "2:10: query q of StepV1 has descending, and latest_per gives the last of each; leave it out",
        ],
    ),
    "order of groups": (
        query(f'order_by: "run_id" result: QUERY_RESULT_GROUPS aggregates: {{{COUNT}}}'),
        ["2:10: query q of StepV1 has order_by, and its result is groups; leave it out"],
    ),
    "groups of nothing": (
        query("result: QUERY_RESULT_GROUPS"),
        ["2:10: query q of StepV1 gives groups, and computes nothing of them; add aggregates"],
    ),
    "aggregates of records": (
        query(f'group_by: "run_id" aggregates: {{{COUNT}}}'),
        [
            (
                "2:10: query q of StepV1 has aggregates, and its result is records; "
                "set result: QUERY_RESULT_GROUPS, or leave it out"
            ),
            (
                "2:10: query q of StepV1 has group_by, and its result is records; "
                "set result: QUERY_RESULT_GROUPS, or leave it out"
            ),
        ],
    ),
    "functions": (
        groups(
            "{}",
            f"{{{SUM}}}",
            f'{{{SUM} field: "run_id"}}',
            f'{{{MIN} field: "tags"}}',
            f'{{{MIN} field: "data"}}',
        ),
        [
            (
                "2:10: query q of StepV1 names tags, which is kept as JSON and cannot be compared; "
                "name fields with numbers, text, bytes, enums or timestamps"
            ),
            (
                "2:10: query q of StepV1 has an aggregate without a function; "
                "set function: AGGREGATE_FUNCTION_SUM, or another"
            ),
            "2:10: query q of StepV1 computes a sum of no field; name the field of the aggregate",
            (
                "2:10: query q of StepV1 computes a sum of run_id, which is text; "
                "name fields with whole numbers, floats or durations"
            ),
            (
                "2:10: query q of StepV1 computes a min of tags, which is json; "
                "name fields with numbers, text, enums or times"
            ),
            (
                "2:10: query q of StepV1 computes a min of data, which is bytes; "
                "name fields with numbers, text, enums or times"
            ),
        ],
    ),
    "names of aggregates": (
        groups(f"{{{COUNT}}}", f"{{{COUNT}}}", f'{{{COUNT} name: "A b"}}', f'{{{SUM} field: "reward" name: "class"}}'),
        [
            '2:10: an aggregate of query q of StepV1 is called "A b", which is no name; use a-z, 0-9 and _',
            '2:10: an aggregate of query q of StepV1 is called "class", which is no name; use a-z, 0-9 and _',
            "2:10: an aggregate of query q of StepV1 is called count, and so is another value; give it another name",
        ],
    ),
    "order of what is deleted": (
        query('equal: "run_id" order_by: "step_index" descending: true result: QUERY_RESULT_DELETED'),
        [
            "2:10: query q of StepV1 has order_by, and its result is deleted; leave it out",
            "2:10: query q of StepV1 has descending, and its result is deleted; leave it out",
        ],
    ),
}


@pytest.mark.parametrize("case", QUERIES.values(), ids=QUERIES)
def test_queries(case: tuple[str, list[str]]) -> None:
    source, lines = case
    assert refused(source) == lines


@pytest.mark.parametrize(
    "options",
    [
        'equal: "run_id"',
        'equal: ["step_index", "run_id"]',
        'equal: "run_id" range: "step_index"',
        'equal: "run_id" range: "step_index" order_by: "step_index" range_name: "step" descending: true limit: 9',
        'equal: "run_id" order_by: "step_index"',
        'order_by: ["run_id", "step_index"]',
        "",
        "result: QUERY_RESULT_COUNT",
        'range: "run_id" result: QUERY_RESULT_DELETED',
        'equal: "run_id" descending: true result: QUERY_RESULT_FIRST',
        'optional_equal: "run_id"',
        'equal: "run_id" optional_equal: "step_index"',
        'in: "run_id" range: "step_index"',
        'in: ["step_index", "run_id"] order_by: "reward"',
        'latest_per: "run_id"',
        'latest_per: "run_id" range: "step_index"',
        'equal: "run_id" latest_per: "step_index"',
        f'group_by: "reward" result: QUERY_RESULT_GROUPS aggregates: {{{COUNT}}}',
        f'group_by: "run_id" range: "step_index" result: QUERY_RESULT_GROUPS aggregates: {{{COUNT}}}',
    ],
)
def test_queries_that_the_key_serves(options: str) -> None:
    assert not refused(query(options))


def test_queries_that_an_index_serves() -> None:
    indexes = 'indexes: {fields: ["run_id", "reward"]} indexes: {fields: "seq_id"}'
    for options in (
        'equal: "run_id" range: "reward"',
        'equal: "run_id" range: "reward" order_by: ["reward", "step_index"]',
        'equal: ["reward", "run_id"] order_by: "step_index"',
        'equal: "seq_id"',
        'equal: "seq_id" order_by: ["run_id", "step_index"]',
        'range: "seq_id" result: QUERY_RESULT_COUNT',
        'order_by: "seq_id" descending: true',
        'range: "seq_id"',
        'absent: "seq_id"',
        'optional_equal: "seq_id"',
        'range: "seq_id" order_by: ["seq_id", "run_id"] descending: true result: QUERY_RESULT_FIRST',
    ):
        assert not refused(step(f'{indexes} queries: {{name: "q" {options}}}'))


def test_an_rpc_serves_a_query() -> None:
    source = query('equal: "run_id"') + (
        "message Ask { string run_id = 1; }\n"
        "service Steps {\n"
        '  rpc A(Ask) returns (stream StepV1) { option (fieldstone.v1.serves).query = "acme.v1.StepV1.q"; }\n'
        '  rpc B(Ask) returns (stream StepV1) { option (fieldstone.v1.serves).query = "acme.v1.StepV1.r"; }\n'
        '  rpc C(Ask) returns (stream StepV1) { option (fieldstone.v1.serves).query = "acme.v1.Ask.q"; }\n'
        "}\n"
    )
    assert refused(source) == [
        "12:3: B serves acme.v1.StepV1.r, which is no query of it; did you mean acme.v1.StepV1.q?",
        "13:3: C serves acme.v1.Ask.q, which is no query of a stored message; did you mean acme.v1.StepV1.q?",
    ]
