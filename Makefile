# What a person runs: make run, make test. Everything they need is installed on the way.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# More workers than cores make pages slow enough to spend the error budgets that tests launch under.
WORKERS ?= 2
DEV_STAMP := $(VENV)/.installed-dev

.PHONY: install dev run test check format slow bench docs clean
.DEFAULT_GOAL := run

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Counterpoint needs Python 3.11 or newer; say which with: make PYTHON=python3.11 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

dev: $(DEV_STAMP)

$(DEV_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: install
	$(BIN)/counterpoint serve

test: dev
	$(BIN)/python -m pytest -n $(WORKERS)

check: dev
	$(BIN)/ruff format --check src tests benchmarks training
	$(BIN)/ruff check src tests benchmarks training
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: dev
	$(BIN)/ruff format src tests benchmarks training
	$(BIN)/ruff check --fix src tests benchmarks training

# The second engine is an extra of 400 MB: only the slow suite asks for it, and skips its tests where no Java runs.
slow: dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[spark]'
	TEST_DRAWS=explore $(BIN)/python -m pytest -n 2 -m slow

bench: dev
	$(BIN)/python -m benchmarks

docs: dev
	$(BIN)/python docs/build.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
