#!/bin/sh
# The gate at work on the real telemetry contract, in a folder and on a server. Edits happen in a scratch copy only.
set -eu

unset GITHUB_BASE_REF CI_MERGE_REQUEST_TARGET_BRANCH_SHA CI_MERGE_REQUEST_DIFF_BASE_SHA  # the scratch copy is no pull request

repository=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap clean_up EXIT

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
(
    PYTHONPATH=generated/python/telemetry-contracts:generated/python/telemetry-storage:examples/telemetry/src
    export PYTHONPATH
    show python "$repository/demo/storage.py" "$scratch/telemetry.db"
)

echo
echo "5. Who reads what: the application's own code is scanned, and its uses are published to the registry."
(
    cd examples/telemetry
    PYTHONPATH=$scratch/generated/python/telemetry-contracts:$repository/generated/python/trainer-contracts${PYTHONPATH:+:$PYTHONPATH}
    export PYTHONPATH
    show fieldstone uses scan src/telemetry_app/boundary --consumer telemetry-app --owner team-trainer
    show fieldstone uses publish --version 1.0.0 --registry "$scratch/registry"
)
refused fieldstone can-i-remove telemetry.v2.RenderV2.hint
cp "$contract" "$scratch/with-hint.proto"
sed 's/  google.protobuf.Struct hint = 3;/  string hint = 3;/' "$scratch/with-hint.proto" >"$contract"
refused fieldstone impact telemetry
cp "$scratch/with-hint.proto" "$contract"

echo
echo "6. What other teams install: a wheel of the release, imported from where it was installed."
show fieldstone package telemetry
show python -m pip install --quiet --disable-pip-version-check --no-deps --target "$scratch/site" dist/*.whl
show env PYTHONPATH="$scratch/site" python -c '
from telemetry_contracts import release
from telemetry_contracts.telemetry.v2.telemetry_v2_pb2 import TelemetryStepV2
step = TelemetryStepV2(run_id="run-1", reward=1.5, duration_us=420)
print(release.NAME, release.VERSION, TelemetryStepV2.FromString(step.SerializeToString()) == step)'

echo
echo "7. A registry for all teams: a server on SQLite, which stock buf pushes to. Each push earns its version."
cd "$scratch"
fieldstone serve --port 0 --data "$scratch/data" 2>"$scratch/server.log" &
server=$!
until grep -q "registry at" "$scratch/server.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$scratch/server.log" >&2; exit 1; }
    sleep 0.1
done
host=$(sed -n 's|.*at http://\([^;]*\);.*|\1|p' "$scratch/server.log")
BUF_CONFIG_DIR=$scratch/buf BUF_CACHE_DIR=$scratch/buf-cache BUF_TOKEN=$(cat "$scratch/data/admin-token")
export BUF_CONFIG_DIR BUF_CACHE_DIR BUF_TOKEN
mkdir "$scratch/buf" "$scratch/reader"
printf 'version: v1\ntls:\n  use: "false"\n' >"$scratch/buf/config.yaml"  # this server has no certificate
printf 'version: v2\nmodules:\n' >buf.yaml
for module in fieldstone telemetry; do
    printf '  - path: schemas/%s\n    name: %s/acme/%s\n' "$module" "$host" "$module" >>buf.yaml
done
cp "$contract" added.proto
cp released.proto "$contract"
show buf push --create
cp added.proto "$contract"
show buf push
show buf registry module label list "$host/acme/telemetry"
sed 's/  double reward = 9;/  float reward = 9;/' added.proto >"$contract"
refused buf push

echo
echo "8. Another team: a dependency by stock buf, and the client package by pip, from the same address."
cd "$scratch/reader"
printf 'version: v2\ndeps:\n  - %s/acme/telemetry\n' "$host" >buf.yaml
cat >seen.proto <<'PROTO'
syntax = "proto3";
package reader.v1;
import "telemetry/v2/telemetry_v2.proto";
message Seen {
  telemetry.v2.TelemetryStepV2 step = 1;
}
PROTO
show buf dep update
show buf build
show python -m pip --isolated install --quiet --disable-pip-version-check --no-deps --target "$scratch/installed" \
    --index-url "http://$host/simple/" telemetry-contracts
show env PYTHONPATH="$scratch/installed" python -c '
from telemetry_contracts import release
from telemetry_contracts.telemetry.v2.telemetry_v2_pb2 import TelemetryStepV2
print("from the registry:", release.NAME, release.VERSION, TelemetryStepV2(duration_us=420).duration_us)'

echo
echo "Try it yourself: .venv/bin/fieldstone explain field-type-changed"
