# The one task-runner: people, CI and CONTRIBUTING.md call these targets and nothing else.
# It needs make, git and Python 3.11 or newer; everything else goes into .venv/, without root.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# How many tests run at a time; 0 for one after another in this process (for a debugger).
WORKERS ?= 3
# The Python that .venv is made from; `make up PYTHON=/path/to/python` to choose one.
PYTHON ?=
# TRAIN=0 leaves out the training packages (5 GB): this machine then only serves.
TRAIN ?= 1
RUNTIME := $(if $(filter 0 no,$(TRAIN)),requirements-web.txt,requirements.txt)

# Stamps: rebuilt when a list of requirements changes, so that a second call is instant.
RUN_STAMP := $(VENV)/.installed-$(RUNTIME)
DEV_STAMP := $(VENV)/.installed-requirements-dev.txt
INSTALL := deploy/install.sh

# PORT and HOST count only when given (`make up PORT=9000`): shells export HOST for ends of their own.
given = $(if $(filter command,$(firstword $(origin $(1)))),$($(1)))
UP_ARGS := $(if $(call given,PORT),--port $(PORT)) $(if $(call given,HOST),--host $(HOST)) \
           $(if $(filter 0 no,$(TRAIN)),--no-training) $(ARGS)

.PHONY: help up test lint format check test-only test-postgres chaos bench lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUN_STAMP)  ## Install what is missing and start Flash (PORT=8000 HOST=127.0.0.1 TRAIN=0)
	@exec $(PY) manage.py up --die-with-parent $(UP_ARGS)

test: lint check test-only  ## Everything that must hold before a commit: lint, types, checks, tests

lint: $(DEV_STAMP)  ## Style, types, templates, which package may import which, and who names kinds of tasks
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	sh lint/kinds.sh
	git ls-files -z -- '*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 --check

format: $(DEV_STAMP)  ## Let the tools repair style
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .
	git ls-files -z -- '*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2

check: $(DEV_STAMP)  ## Django's own checks: missing migrations, settings fit for deployment
	@set -e; FLASH_VAR_DIR=$$(mktemp -d); trap 'rm -rf "$$FLASH_VAR_DIR"' EXIT; export FLASH_VAR_DIR; mkdir "$$FLASH_VAR_DIR/tmp"; \
	$(PY) -W error manage.py makemigrations --check --dry-run; \
	FLASH_HTTPS=1 $(PY) -W error manage.py check --deploy --fail-level WARNING

test-only: $(DEV_STAMP)  ## Tests alone; ARGS are pytest's (ARGS='-k refuses tests/jobs', ARGS='-m "not slow"')
	$(PY) -m pytest -n $(WORKERS) $(ARGS)

test-postgres: $(DEV_STAMP)  ## The quick tests of rows once more, on a private PostgreSQL
	FLASH_TEST_POSTGRES=1 $(PY) -m pytest -n $(WORKERS) -m 'not slow and not browser' tests/flashsite tests/jobs tests/modelstore tests/site $(ARGS)

chaos: $(DEV_STAMP)  ## Break a site of its own at random and count what is lost, wrong, left over (SEED=1 MINUTES=5)
	$(PY) -m tests.chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),5) $(ARGS)

bench: $(DEV_STAMP)  ## Run one benchmark: make bench NAME=idle_memory
	@test -n '$(NAME)' || { echo 'Which one? make bench NAME=...'; grep -l '^if __name__' benchmarks/*.py benchmarks/*/__main__.py | sed 's|^benchmarks/|  |; s|/__main__||; s|\.py$$||'; exit 2; }
	$(PY) -m benchmarks.$(NAME) $(ARGS)

# CUSTOM: the header of the locks names this target. No address of an index is written into them.
lock: $(DEV_STAMP)  ## Pin all dependencies anew (UPGRADE=1 takes the newest versions)
	@set -e; export UV_CUSTOM_COMPILE_COMMAND='make lock'; \
	lock() { $(BIN)/uv pip compile --quiet --universal --python-version 3.11 $(if $(UPGRADE),--upgrade) "$$@"; }; \
	lock pyproject.toml --extra train -o requirements.txt; \
	lock pyproject.toml -c requirements.txt -o requirements-web.txt; \
	lock --group pyproject.toml:dev -c requirements.txt -o requirements-dev.txt; \
	git diff --stat -- 'requirements*.txt'

clean:  ## Remove .venv and the tools' caches; var/ (database, models, secret key) stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed-%: % $(INSTALL)
	@PYTHON='$(PYTHON)' sh $(INSTALL) $(VENV) $<
	@touch $@

# The tests train, so they need both lists, always in one step: torch and torchvision stay a pair.
$(DEV_STAMP): requirements-dev.txt requirements.txt $(INSTALL)
	@PYTHON='$(PYTHON)' sh $(INSTALL) $(VENV) requirements.txt requirements-dev.txt
	@touch $@ $(VENV)/.installed-requirements.txt
