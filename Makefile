# Every target makes its own virtual environment first when there is none.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv)
RUNTIME := $(VENV)/.runtime
READY := $(VENV)/.ready

.PHONY: help demo test coverage mutants lint check docs lock bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

# What .ci/runtime.lock names, and the checkout: enough to run mbml.
$(RUNTIME): pyproject.toml .ci/runtime.lock
	@.ci/install $(VENV) .ci/runtime.lock $(PYTHON) $(UV)
	@touch $@

# The rest of .ci/requirements.lock: what tests, linters and pages need. Tests start many processes, some of which may
# not write bytecode: it is compiled, but for the templates in some packages that only look like Python.
$(READY): $(RUNTIME) .ci/requirements.lock
	@.ci/install $(VENV) .ci/requirements.lock $(PYTHON) $(UV)
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@

test: $(READY)  ## the tests that take less than five minutes
	$(BIN)/python -m pytest -m 'not slow' -n 2

coverage: $(READY)  ## the lines and branches of mbml that the fast tests do not reach
	$(BIN)/python -m pytest -m 'not slow' -n 2 --cov --cov-report=term-missing:skip-covered

NUMBER := 600
SEED := 0
mutants: $(READY)  ## the share of small changes of the code that the fast tests notice (NUMBER=600 SEED=0)
	$(BIN)/python tools/mutants.py --number $(NUMBER) --seed $(SEED)

lint: $(READY)  ## linters, types, SQL lint, import contracts, generated docs in step
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar sql
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

check: test lint  ## tests and lint

demo: $(RUNTIME)  ## the whole way on surrogate data
	$(BIN)/mbml demo

docs: $(READY)  ## write the generated pages again, and the site into .site
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate \
    --custom-compile-command 'make lock' pyproject.toml
lock: $(READY)  ## lock the dependencies of pyproject.toml anew, each at its newest version
	$(COMPILE) --universal --upgrade --all-extras --group dev --output-file .ci/requirements.lock
	$(COMPILE) --universal --constraint .ci/requirements.lock --group setup --output-file .ci/runtime.lock
	$(COMPILE) --resolution lowest-direct --upgrade --all-extras --group test --output-file .ci/lowest.lock

SHARES := 0.1
bench: $(READY)  ## time and memory beside peers, at a tenth of the published sizes (SHARES="0.1 0.33 1")
	$(BIN)/python benchmarks/table.py --shares $(SHARES)

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
