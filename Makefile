# Every target works in a fresh clone, as root or not, and does nothing twice.
#
#   make run      install, then the panel and its worker, on http://127.0.0.1:2271
#   make install  .venv with the locked requirements
#   make test     every test that this machine can run     make check  what CI runs
#   make bench    the goals of speed                       make soak   the long fault tests

SHELL := /bin/sh
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
WORKERS ?= 2
ARGS ?=

.PHONY: help run install test check format lint types imports migrations bench soak lock routes screenshots clean

help:
	@sed -n 's/^#  *make /make /p' Makefile

run: install
	@$(BIN)/python -m compileall -q app
	@$(BIN)/mpanel init --demo
	@exec $(BIN)/mpanel run $(ARGS)

install: $(VENV)/.base

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mPanel needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt requirements/build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked requirements ..."
	@$(PIP) install --no-compile --require-hashes -r requirements/base.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@echo "Installing what the tests need ..."
	@$(PIP) install --no-compile --require-hashes -r requirements/dev.txt
	@touch $@

test: $(VENV)/.dev
	@$(BIN)/python -m compileall -q app tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types imports migrations
	@$(MAKE) --no-print-directory test

format: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python tools/tidy.py

types: $(VENV)/.dev
	@$(BIN)/mypy

imports: $(VENV)/.dev
	@PYTHONPATH=. $(BIN)/lint-imports

migrations: $(VENV)/.dev
	@$(BIN)/python -m tests.support.stores

bench: $(VENV)/.dev
	@$(BIN)/python -m compileall -q app tests/bench
	@exec $(BIN)/python -m tests.bench $(ARGS)

soak: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/soak --soak $(ARGS)

routes: $(VENV)/.dev
	@$(BIN)/python -m tools.routes > docs/routes.md

screenshots: $(VENV)/.dev
	@$(BIN)/python -m tools.screenshots $(ARGS)

# The lock: every version with its hashes, no address of a registry. uv lives in a folder that is thrown away.
LOCK := pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet
lock: | $(VENV)/bin/python
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/python" -m pip --disable-pip-version-check --quiet install uv; \
	"$$folder/bin/uv" $(LOCK) pyproject.toml -o requirements/base.txt; \
	"$$folder/bin/uv" $(LOCK) pyproject.toml --extra dev -c requirements/base.txt -o requirements/dev.txt; \
	echo 'setuptools>=77' | "$$folder/bin/uv" $(LOCK) - -c requirements/dev.txt -o requirements/build.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
