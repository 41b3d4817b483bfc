#!/bin/sh
# The gate at work on the real telemetry contract. Edits happen in a scratch copy only.
set -eu

unset GITHUB_BASE_REF CI_MERGE_REQUEST_TARGET_BRANCH_SHA CI_MERGE_REQUEST_DIFF_BASE_SHA  # the scratch copy is no pull request

repository=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

show() {
    printf '\n$ %s\n' "$*"
    "$@" 2>&1
}

refused() {
    status=0
    show "$@" || status=$?
    if [ "$status" -ne 1 ]; then
        echo "expected a refusal (exit code 1), got $status" >&2
        exit 1
    fi
}

echo "1. The contract as it is: nothing changed since its last release."
cd "$repository"
show fieldstone registry list
show fieldstone check

echo
echo "2. A breaking edit, in a scratch copy: the reward becomes a float."
cp -R "$repository/buf.yaml" "$repository/pyproject.toml" "$repository/schemas" "$repository/registry" "$scratch"
cd "$scratch"
contract=schemas/telemetry/telemetry/v2/telemetry_v2.proto
cp "$contract" "$scratch/released.proto"
sed 's/  double reward = 9;/  float reward = 9;/' "$scratch/released.proto" >"$contract"
refused fieldstone check telemetry

echo
echo "3. An additive edit: steps also tell how long they took. It is released as the next minor version."
sed 's|^  optional int64 time_step = 16;|&\n  // How long the environment took for the step, in microseconds; absent where nobody measured.\n  optional int64 duration_us = 19;|' \
    "$scratch/released.proto" >"$contract"
rm "$scratch/released.proto"
before=$(fieldstone registry list telemetry | awk 'END { print $2 }')
show fieldstone check telemetry
show fieldstone release telemetry
show fieldstone registry verify
show fieldstone diff telemetry "$before" --format markdown

echo
echo "4. From the schema to storage: the annotations say how a step is kept and which class stands behind it."
cp -R "$repository/examples" "$scratch"
show fieldstone generate telemetry
show ls generated/python/telemetry-storage/telemetry_storage
show sed -n '/^def to_dto_step(/,/^        if (action/p' generated/python/telemetry-storage/telemetry_storage/mapper.py
PYTHONPATH=generated/python/telemetry-contracts:generated/python/telemetry-storage:examples/telemetry/src
export PYTHONPATH
show python "$repository/demo/storage.py" "$scratch/telemetry.db"

echo
echo "5. What other teams install: a wheel of the release, imported from where it was installed."
unset PYTHONPATH
show fieldstone package telemetry
show python -m pip install --quiet --disable-pip-version-check --no-deps --target "$scratch/site" dist/*.whl
show env PYTHONPATH="$scratch/site" python -c '
from telemetry_contracts import release
from telemetry_contracts.telemetry.v2.telemetry_v2_pb2 import TelemetryStepV2
step = TelemetryStepV2(run_id="run-1", reward=1.5, duration_us=420)
print(release.NAME, release.VERSION, TelemetryStepV2.FromString(step.SerializeToString()) == step)'

echo
echo "Try it yourself: .venv/bin/fieldstone explain field-type-changed"
