# make grade   set up, grade the reference, build the 124M model from it, continue a prompt
# make test    set up, then everything that CI runs
# Both make .venv where it is missing, and start at once where it is there.

PYTHON ?= python3
SIZE ?= 124M
PROMPT ?= Every effort moves you
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODEL := models/gpt2-$(SIZE)

.PHONY: grade test lint audit clean

grade: $(READY)
	$(BIN)/kata grade solutions $(if $(REPORT),--json $(REPORT))
	$(BIN)/kata build --size $(SIZE) $(if $(WEIGHTS),--weights $(WEIGHTS)) --out $(MODEL)
	$(BIN)/kata generate --model $(MODEL) "$(PROMPT)" --max-new-tokens 30

test: $(READY) lint audit
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests --subject solutions -n auto --dist loadfile -rs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/kata release --check

audit: $(READY)
	$(BIN)/kata audit

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) models .kata
