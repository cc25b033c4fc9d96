# The commands people type are the commands CI runs. `make` alone lists them.
# Needed beforehand: git, make, Python 3.11 or newer. Everything else is installed into .venv on the first call.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_INPUT = 1

.DEFAULT_GOAL := help
.PHONY: help install demo serve check test services bench audit format

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/run.stamp $(VENV)/dev.stamp  ## make .venv with everything in it

demo: $(VENV)/run.stamp  ## the whole job on this machine, told in plain words (ONCE=1: end after the walk)
	@$(BIN)/python -m demo $(if $(ONCE),--once)

serve: $(VENV)/run.stamp $(VENV)/dev.stamp  ## gateway and worker as the Procfile has them, settings from .env
	@$(BIN)/honcho run $(BIN)/python -m bridge.store upgrade
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start web worker

check: $(VENV)/run.stamp $(VENV)/dev.stamp  ## formatting, lint, strict types, import rules
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## let the formatter and the linter mend what they can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

test: services  ## all tests, against a real Redis and a real PostgreSQL (ARGS="tests/unit -k …" for some of them)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

services: $(VENV)/run.stamp $(VENV)/dev.stamp  ## find or install the servers that tests need
	@$(BIN)/python -m tests.services

bench: $(VENV)/run.stamp $(VENV)/dev.stamp  ## every promise in numbers: orders, gateway, sandbox; half an hour
	@$(BIN)/python -m bench

audit: $(VENV)/audit.stamp  ## known vulnerabilities in what is pinned; a package that cannot be looked up is a failure
	$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip -r requirements.txt
	$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip -r requirements-dev.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; found: $(PYTHON). Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "This Python cannot make a venv. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt
	@touch $@

$(VENV)/audit.stamp: | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet pip-audit
	@touch $@
