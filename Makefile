# Everything here sets itself up: it needs python3 (3.11 or newer, with venv), make and git; the tests also node and npm.
#   make demo    shows the gate at work
#   make check   is what CI runs
# Another Python: make PYTHON=python3.13 ...; arguments for pytest: make test PYTEST_ARGS="-k rules"

PYTHON ?= python3
PYTEST_ARGS ?=
LOCK_ARGS ?=
SCALE_ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
UV := $(BIN)/uv

# Trust the certificates that the machine trusts, as git and pip do.
export UV_SYSTEM_CERTS ?= true
export UV_PYTHON_DOWNLOADS := never
# What is set for another Python must not reach this one.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo check static test test-slow test-installs test-benchmarks test-packages fuzz pipeline soak bench scale docs fmt lock clean

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r target text; do \
		printf '  make %-16s %s\n' "$$target" "$$text"; done

setup: $(READY) ## make or refresh .venv from requirements.lock

# The example, and the generated packages that it uses, are installed where they lie.
EDITABLE := . packages/fieldstone-runtime examples/telemetry \
	generated/python/telemetry-contracts generated/python/telemetry-storage generated/python/trainer-contracts

$(READY): requirements.lock src/fieldstone/__init__.py src/fieldstone/cli/buf-plugin-fieldstone $(addsuffix /pyproject.toml,$(EDITABLE))
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "there is no $(PYTHON) on PATH: Fieldstone needs Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Fieldstone needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): say which to use, make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv: install it (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "making .venv"; $(PYTHON) -m venv --clear .venv; }
	@echo "installing what requirements.lock names into .venv"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.txt
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix --editable ,$(EDITABLE))
	@$(BIN)/python -m compileall -q src packages
	@touch $@

demo: setup ## see a breaking change refused and an additive one released
	@PATH="$(CURDIR)/$(BIN):$$PATH" demo/run.sh

check: static test test-slow test-installs test-benchmarks ## all that CI checks: static, then the tests

static: setup ## formatting, lint, types, layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/fieldstone generate --check
	$(UV) pip check --python $(BIN)/python

test: setup ## the suite; COVERAGE=1 measures its coverage, too
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not installs and not benchmarks" \
		$(if $(COVERAGE),--cov --cov-report=term) $(PYTEST_ARGS)

test-slow: setup ## the long tests: sweeps, all databases, kills
	$(BIN)/python -m pytest -n auto --dist worksteal -m "slow and not installs and not benchmarks" $(PYTEST_ARGS)

test-installs: setup ## install what we publish with pip, uv, Poetry, npm and pre-commit
	$(BIN)/python -m pytest -n auto --dist worksteal -m installs $(PYTEST_ARGS)

test-benchmarks: setup ## see that each benchmark runs, whatever it measures
	$(BIN)/python -m pytest -n auto --dist worksteal -m benchmarks $(PYTEST_ARGS)

# What Debian and Ubuntu call all that these tests take, and the programs and files of it that are looked for.
PACKAGES_TAKE := default-jdk-headless maven maven-debian-helper libmaven-install-plugin-java libprotobuf-java \
	libgoogle-gson-java protobuf-compiler golang-go golang-google-protobuf-dev golang-google-grpc-dev \
	protoc-gen-go-1-5 protoc-gen-go-grpc
PACKAGES_RUN := javac mvn protoc go protoc-gen-go protoc-gen-go-grpc
PACKAGES_READ := /usr/share/java/gson.jar /usr/share/java/protobuf-util.jar \
	$(addprefix /usr/share/maven-repo/org/apache/maven/plugins/maven-,$(addsuffix -plugin,compiler install jar surefire)) \
	$(addprefix /usr/share/gocode/src/google.golang.org/,grpc protobuf)

test-packages: setup ## compile and run the Java and Go packages: takes Maven, Go and protoc of Debian
	@missing=; for tool in $(PACKAGES_RUN); do command -v $$tool >/dev/null 2>&1 || missing="$$missing $$tool"; done; \
		for path in $(PACKAGES_READ); do [ -e $$path ] || missing="$$missing $$path"; done; \
		[ -z "$$missing" ] || { echo "missing:$$missing; on Debian: apt-get install $(PACKAGES_TAKE)" >&2; exit 1; }
	$(BIN)/python -m pytest --timeout 600 tests/clients $(PYTEST_ARGS)

fuzz: setup ## 20,000 random schema pairs through both engines, witnesses and oracle; edits of trees and of the cache; narrowed schemas; names, schemas and values of storage
	@export FIELDSTONE_SEED=$${FIELDSTONE_SEED:-$$(date +%s)}; echo "FIELDSTONE_SEED=$$FIELDSTONE_SEED"; failed=0; \
		FIELDSTONE_PAIRS=$${FIELDSTONE_PAIRS:-20000} \
		$(BIN)/python -m pytest -rP --timeout 7200 tests/compatibility/test_soundness.py || failed=1; \
		FIELDSTONE_EDITS=$${FIELDSTONE_EDITS:-300} \
		$(BIN)/python -m pytest -q --timeout 3600 tests/incremental/test_random_edits.py || failed=1; \
		FIELDSTONE_STEPS=$${FIELDSTONE_STEPS:-200} \
		$(BIN)/python -m pytest -q --timeout 3600 tests/incremental/test_git_steps.py || failed=1; \
		FIELDSTONE_RUNS=$${FIELDSTONE_RUNS:-50} FIELDSTONE_DAMAGES=1 \
		$(BIN)/python -m pytest -q --timeout 3600 tests/cli/test_changing_files.py tests/cli/test_cache_values.py || failed=1; \
		FIELDSTONE_SCHEMAS=$${FIELDSTONE_SCHEMAS:-1000} \
		$(BIN)/python -m pytest -q --timeout 3600 tests/codegen/test_narrowing.py || failed=1; \
		FIELDSTONE_TABLES=$${FIELDSTONE_TABLES:-1000} \
		$(BIN)/python -m pytest -q --timeout 3600 tests/workflows/test_changed_tables.py || failed=1; \
		FIELDSTONE_MODULES=$${FIELDSTONE_MODULES:-150} \
		$(BIN)/python -m pytest -q --timeout 7200 tests/codegen/storage/test_explorer.py || failed=1; \
		FIELDSTONE_FUZZ=1 $(BIN)/python -m pytest -q --timeout 7200 \
		tests/codegen/storage/test_names.py tests/codegen/storage/test_contract.py || failed=1; \
		exit $$failed

pipeline: setup ## play 50 episodes through worker, hub, writer, outbox and relay, and count at every stage
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; $(BIN)/python demo/pipeline.py "$$scratch"

soak: setup ## kill worker, writer, relay, a release, servers and their database, 200 times each; 10,000 releases; every buf since 1.32
	@export FIELDSTONE_SEED=$${FIELDSTONE_SEED:-$$(date +%s)} FIELDSTONE_KILLS=$${FIELDSTONE_KILLS:-200} \
		FIELDSTONE_RELEASES=$${FIELDSTONE_RELEASES:-10000}; echo "FIELDSTONE_SEED=$$FIELDSTONE_SEED"; failed=0; \
		$(BIN)/python -m pytest -q --timeout 3600 tests/relay tests/telemetry tests/cli/test_release.py || failed=1; \
		$(BIN)/python -m pytest -q -s --timeout 36000 tests/server/replicas || failed=1; \
		FIELDSTONE_BUFS=all $(BIN)/python -m pytest -q --timeout 600 tests/server/buf/test_versions.py || failed=1; \
		exit $$failed

bench: setup ## what the claims of speed rest on
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/plugin.py
	$(BIN)/python benchmarks/verify.py
	$(BIN)/python benchmarks/adopt.py
	$(BIN)/python benchmarks/codegen.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/registry.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/consumers.py

scale: setup ## how the gate grows with the repository, against buf: takes long, and npm fetches 9 MB; SCALE_ARGS=--quick
	$(BIN)/python benchmarks/scale.py $(SCALE_ARGS)

docs: setup ## build the documentation into site/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m website site
	@echo "open site/index.html"

fmt: setup ## format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

lock: setup ## write requirements.lock anew from pyproject.toml; LOCK_ARGS=--upgrade takes the newest
	@$(UV) pip compile pyproject.toml --extra lsp --extra package --extra serve --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet $(LOCK_ARGS) --output-file requirements.lock
	@{ printf '%s\n' "# The lock: all that building, running and checking Fieldstone takes, on every platform, with hashes." \
		"# \`make lock\` writes it from pyproject.toml; every other target of the Makefile installs from it."; \
		cat requirements.lock; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean: ## remove all that make made, .venv too
	rm -rf .venv dist site htmlcov .coverage .coverage.* coverage.xml .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
