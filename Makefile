# Needs make and a Python >= 3.11; all the rest goes into $(VENV), inside this directory.
#
#   make test PYTHON=python3.13 VENV=.venv-3.13     another interpreter, in an environment of its own
#
# Every path is relative, so that a checkout below a directory with spaces in its name works.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PYTHON
# How many tests run side by side; 0: one after the other, in this process.
WORKERS := auto

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: demo dev lab notebooks test lint typecheck web format coverage bench clean help FORCE

demo: $(INSTALLED)-core ## run the main job on real input: seeds in, records and traces, a file out
	$(BIN)/dgf demo

dev: $(INSTALLED)-dev ## set up the development environment and nothing else
	@echo "Ready. To use it by hand: . $(BIN)/activate"

lab: $(INSTALLED)-lab ## open JupyterLab on notebooks/
	PATH="$$PWD/$(BIN):$$PATH" jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks

notebooks: $(INSTALLED)-dev ## run the notebooks, offline, and save their outputs
	$(BIN)/python docs/run_notebooks.py

# The browser tests need a Chromium; where there is none and none can be installed, the run goes on.
# What fails beside other tests, which may take the machine's time from it, has to pass alone.
PYTEST := $(BIN)/pytest --nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg
test: lint typecheck web ## lint, typecheck, every test and notebook: what CI runs
	@$(BIN)/python tests/browser/chromium.py
	$(PYTEST) -n $(WORKERS) tests notebooks || $(PYTEST) --last-failed --last-failed-no-failures none tests notebooks

lint: $(INSTALLED)-dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

typecheck: $(INSTALLED)-dev ## mypy, strict
	$(BIN)/mypy

web: $(INSTALLED)-dev ## the widgets' TypeScript, where Node is: types, rules, tests, the bundle
	@$(BIN)/python js/check.py

format: $(INSTALLED)-dev ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

coverage: $(INSTALLED)-dev ## the tests with line coverage, browsable in htmlcov/
	$(BIN)/pytest -n $(WORKERS) --cov=datagenflow_nb --cov-report=term --cov-report=html

bench: $(INSTALLED)-dev ## the benchmarks against their limits
	$(BIN)/python -m benchmarks

clean: ## remove the environment and every cache; stores, exports and .env stay
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name node_modules -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# One stamp per set of extras ("core": none). __init__.py holds the version the metadata repeats.
$(INSTALLED)-%: pyproject.toml datagenflow_nb/__init__.py $(BIN)/python
	@echo "Installing the package (extras: $*) into $(VENV); the first time takes a minute ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	    --editable '.$(patsubst %,[%],$(filter-out core,$*))' >$(VENV)/install.log 2>&1 \
	    || { cat $(VENV)/install.log >&2; exit 1; }
	@touch $@

# An interpreter counts when it runs (a pyenv shim may not) and brings ensurepip (Debian splits it off).
$(BIN)/python:
	@if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; \
	else set -- python3 python3.14 python3.13 python3.12 python3.11; fi; \
	bare=; \
	for python in "$$@"; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version) ..."; \
	    exec "$$python" -m venv --clear $(VENV); \
	  fi; \
	  bare=$${bare:-$$python}; \
	done; \
	if [ -n "$$bare" ]; then \
	  package=$$("$$bare" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  echo "$$bare cannot make a virtual environment: its modules venv or ensurepip are missing." >&2; \
	  echo "On Debian and Ubuntu install them with: apt install $$package" >&2; \
	else \
	  echo "No Python 3.11 or newer that runs; tried: $$*." >&2; \
	  echo "Install one, or say which to use: make PYTHON=/path/to/python3.12 ..." >&2; \
	fi; \
	exit 1

# A copied or moved checkout brings an environment whose scripts run the code at the old place.
MOVED := $(shell grep -s '^command = .* -m venv ' $(VENV)/pyvenv.cfg | grep -vqF " $(CURDIR)/$(VENV)" && echo yes)
ifeq ($(MOVED),yes)
$(BIN)/python $(addprefix $(INSTALLED)-,core dev lab): FORCE
endif
