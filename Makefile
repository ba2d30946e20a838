# A fresh machine needs Python 3.11 or newer, pip and make; everything else lands in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
PIP    := $(BIN)/python -m pip -qq --disable-pip-version-check

.PHONY: demo test lint bench docs clean

demo: $(READY)  ## Train on handwritten digits, and say where to look
	$(BIN)/python examples/vanilla/train_digits.py

test: lint  ## All checks and all tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY)  ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## What a call of run.log costs on this machine
	$(BIN)/python benchmarks/calling_thread.py

docs: $(READY)  ## This project's pages, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:  ## The environment and the caches go; runs stay
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One stamp for all targets: made again when the dependencies change.
$(READY): pyproject.toml constraints-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" \
	  if sys.version_info < (3, 11) else 0)'
	@echo "Installing into $(VENV); the first time this takes some minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --editable ".[dev]" --constraint constraints-dev.txt
	@touch $@
