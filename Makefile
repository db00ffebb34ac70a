# Every target makes its own virtual environment first when there is none.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell command -v python3.11 || command -v python3)
READY := $(VENV)/.ready

.PHONY: help demo test lint check docs bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

# uv where it is installed, else the standard venv and pip (25.1 or later reads dependency groups).
$(READY): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	    test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	    uv pip install --quiet --python $(BIN)/python --editable . --group dev; \
	else \
	    test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'; \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev; \
	fi
	@touch $@

test: $(READY)  ## the tests that take less than five minutes
	$(BIN)/python -m pytest -m 'not slow' -n 2

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

SHARES := 0.1
bench: $(READY)  ## time and memory beside peers, at a tenth of the published sizes (SHARES="0.1 0.33 1")
	$(BIN)/python benchmarks/table.py --shares $(SHARES)

clean:  ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
