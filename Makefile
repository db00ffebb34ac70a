# Every target makes its own virtual environment first when there is none.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell command -v python3.11 || command -v python3)
READY := $(VENV)/.ready
LOCK := .ci/requirements.lock

.PHONY: help demo test coverage lint check docs lock bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

# What .ci/requirements.lock names, file for file, and the checkout itself; by uv where it is installed, else by pip.
$(READY): pyproject.toml $(LOCK)
	@if command -v uv >/dev/null 2>&1; then \
	    test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	    install="uv pip install --quiet --python $(BIN)/python"; \
	else \
	    test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	    install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; \
	fi && \
	$$install --require-hashes --requirement $(LOCK) && \
	$$install --no-deps --no-build-isolation --editable .
	@touch $@

test: $(READY)  ## the tests that take less than five minutes
	$(BIN)/python -m pytest -m 'not slow' -n 2

coverage: $(READY)  ## the lines and branches of mbml that the fast tests do not reach
	$(BIN)/python -m pytest -m 'not slow' -n 2 --cov --cov-report=term-missing:skip-covered

lint: $(READY)  ## linters, types, SQL lint, import contracts, generated docs in step
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar sql
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

check: test lint  ## tests and lint

demo: $(READY)  ## the whole way on surrogate data
	$(BIN)/mbml demo

docs: $(READY)  ## write the generated pages again, and the site into .site
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lock: $(READY)  ## lock the dependencies of pyproject.toml anew, each at its newest version
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --custom-compile-command 'make lock' --all-extras --group dev --output-file $(LOCK) pyproject.toml

SHARES := 0.1
bench: $(READY)  ## time and memory beside peers, at a tenth of the published sizes (SHARES="0.1 0.33 1")
	$(BIN)/python benchmarks/table.py --shares $(SHARES)

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
