"""Rpcs that name a query, and whose messages do not fit it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.codegen.storage.refusals.examples import refused, step

BY_RUN = 'queries: {name: "steps" equal: "run_id" range: "step_index" range_name: "step"}'
LISTS = 'queries: {name: "of" in: "run_id" optional_equal: "step_index"} indexes: {fields: ["step_index", "run_id"]}'
GROUPS = 'queries: {name: "sums" result: QUERY_RESULT_GROUPS aggregates: {function: AGGREGATE_FUNCTION_COUNT}}'
STEPS = step(f'{BY_RUN} queries: {{name: "n" equal: "run_id" result: QUERY_RESULT_COUNT}} {LISTS} {GROUPS}')
QUERY = "acme.v1.StepV1.steps"


def service(rpc: str, request: str, response: str, query: str = QUERY) -> str:
    """A step with its queries on the first eight lines, a service on the next, and the messages of its rpc."""
    serves = f'option (fieldstone.v1.serves) = {{query: "{query}"}};'
    rpcs = f"service Steps {{ rpc Get({rpc.format('Ask', 'Told')}) {{ {serves} }} }}"
    return f"{STEPS}{rpcs}\nmessage Ask {{ {request} }}\nmessage Told {{ {response} }}\n"


ONE = "{}) returns ({}"
ALL = "repeated StepV1 steps = 1;"
CASES: Mapping[str, tuple[str, list[str]]] = {
    "fits": (service(ONE, "string run_id = 1; optional int64 from_step = 2;", ALL), []),
    "no such query": (
        service(ONE, "string run_id = 1;", ALL, "acme.v1.StepV1.step"),
        ["9:17: Get serves acme.v1.StepV1.step, which is no query of it; did you mean acme.v1.StepV1.steps?"],
    ),
    "takes a stream": (
        service("stream {}) returns ({}", "string run_id = 1;", ALL),
        ["9:17: Get takes a stream, and steps is asked once; take acme.v1.Ask without stream"],
    ),
    "streams one answer": (
        service("{}) returns (stream {}", "string run_id = 1;", "int64 count = 1;", "acme.v1.StepV1.n"),
        ["9:17: Get gives a stream, and n gives one answer; give acme.v1.Told without stream"],
    ),
    "asks without what the query needs": (
        service(ONE, "int64 from_step = 1;", ALL),
        [
            "9:17: acme.v1.Ask has no field run_id, which steps asks for; add string run_id",
            (
                "10:15: acme.v1.Ask.from_step cannot be absent, and then nobody can ask for all; make it optional "
                "int64 from_step"
            ),
        ],
    ),
    "asks with what the query does not know": (
        service(ONE, "string run_id = 1; string agent = 2;", ALL),
        ["10:34: steps asks nothing with acme.v1.Ask.agent; remove it, or serve a query that has it"],
    ),
    "asks with another type": (
        service(ONE, "int64 run_id = 1;", ALL),
        ["10:15: acme.v1.Ask.run_id is no string, as acme.v1.StepV1.run_id is; make it string run_id"],
    ),
    "a page without a token": (
        service(ONE, "string run_id = 1; int32 page_size = 2;", ALL),
        ["9:17: acme.v1.Ask has a page_size and no page_token; add string page_token"],
    ),
    "a token that leads nowhere": (
        service(ONE, "string run_id = 1; string page_token = 2;", ALL),
        ["9:17: Get takes a page_token and gives none; add string next_page_token to acme.v1.Told"],
    ),
    "a token of another type": (
        service(ONE, "string run_id = 1; bytes page_token = 2;", f"{ALL} string next_page_token = 2;"),
        ["10:34: acme.v1.Ask.page_token is no string; make it string page_token"],
    ),
    "no place for the answer": (
        service(ONE, "string run_id = 1;", "string text = 1;"),
        [
            (
                "9:17: acme.v1.Told has no one field of acme.v1.StepV1, or of what supersedes it, which steps "
                "gives; add repeated acme.v1.StepV1 steps"
            )
        ],
    ),
    "place for one of several": (
        service(ONE, "string run_id = 1;", "StepV1 step = 1;"),
        ["11:16: acme.v1.Told.step holds one record, and Get gives several; make it repeated acme.v1.StepV1 step"],
    ),
    "no place for the count": (
        service(ONE, "string run_id = 1;", "string text = 1;", "acme.v1.StepV1.n"),
        ["9:17: acme.v1.Told has no one field for the count that n gives; add int64 count"],
    ),
    "a field that stays empty": (
        service(ONE, "string run_id = 1;", f"{ALL} string note = 2;"),
        ["11:43: acme.v1.Told.note stays empty: steps gives nothing for it; remove it, or leave serves out"],
    ),
    "a list and an optional argument": (
        service(ONE, "repeated string run_id = 1; optional int64 step_index = 2;", ALL, "acme.v1.StepV1.of"),
        [],
    ),
    "no list, and an argument that cannot be absent": (
        service(ONE, "string run_id = 1; int64 step_index = 2;", ALL, "acme.v1.StepV1.of"),
        [
            "10:15: acme.v1.Ask.run_id is no repeated string, as of asks for; make it repeated string run_id",
            (
                "10:34: acme.v1.Ask.step_index cannot be absent, and then nobody can ask for all; make it optional "
                "int64 step_index"
            ),
        ],
    ),
    "groups": (
        service(ONE, "", "int64 count = 1;", "acme.v1.StepV1.sums"),
        [
            (
                "9:17: Get serves sums, which computes, and a response has no place for groups; "
                "leave serves out, and write its servicer"
            )
        ],
    ),
    "an answer that is no version of what is stored": (
        service(ONE, "string run_id = 1;", "repeated Other others = 1;") + "message Other { string run_id = 1; }\n",
        [
            (
                "9:17: acme.v1.Told has no one field of acme.v1.StepV1, or of what supersedes it, which steps "
                "gives; add repeated acme.v1.StepV1 steps"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rpcs(name: str) -> None:
    source, lines = CASES[name]
    assert refused(source) == lines
