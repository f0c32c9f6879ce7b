# Needs only make and Python 3.11 or newer with venv; each target makes the environment it needs in .venv.

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
DEMO := build/demo
DEMO_DB := sqlite:///$(DEMO)/demo.db
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test lint truth inference bench bench-live bench-scripts bench-workers clean

help:
	@echo "make demo   replay recorded traffic into a fresh store and look at it"
	@echo "make test   format, lint, types and every test"
	@echo "make lint   format, lint and types"
	@echo "make truth  the captures with ground truth as a table"
	@echo "make inference  what every capture is taken for, on any port and from the middle"
	@echo "make bench  measure against tshark and construct (BENCH=--quick: small)"
	@echo "make bench-live  servers under load with live capture and without, as root (BENCH=--help: less)"
	@echo "make bench-scripts  px/service_stats over a million rows against SQL by hand (BENCH=--help: less)"
	@echo "make bench-workers  a replay with one, two … parse workers (BENCH=--help: less)"
	@echo "make clean  remove everything made, the environment too"

$(VENV)/bin/python:
	@python=$$(sh .ci/find-python) || exit 1; \
	echo "making $(VENV) with $$python"; \
	$$python -m venv $(VENV)

$(RUN_STAMP): pyproject.toml | $(VENV)/bin/python
	@echo "installing pxcap and what it needs"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(DEV_STAMP): pyproject.toml | $(VENV)/bin/python
	@echo "installing pxcap and what its tests need"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(RUN_STAMP)

demo: $(RUN_STAMP)
	@rm -rf $(DEMO) && mkdir -p $(DEMO)
	@PXCAP=$(BIN)/pxcap PXCAP_STORE=$(DEMO_DB) sh fixtures/demo/demo.sh

lint: $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n auto -rR

truth: $(DEV_STAMP)
	$(BIN)/python -m tests.truth

inference: $(DEV_STAMP)
	$(BIN)/python -m tests.inference

bench: $(DEV_STAMP)
	$(BIN)/python -m bench $(BENCH)
	$(BIN)/python -m bench.layouts

bench-live: $(DEV_STAMP)
	$(BIN)/python -m bench.live $(BENCH)

bench-scripts: $(DEV_STAMP)
	$(BIN)/python -m bench.scripts $(BENCH)

bench-workers: $(DEV_STAMP)
	$(BIN)/python -m bench.workers $(BENCH)

clean:
	rm -rf build dist bench-data .mypy_cache .ruff_cache .pytest_cache .hypothesis $(VENV)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
