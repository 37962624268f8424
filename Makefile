# `make help` lists what each target does.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help repro test check docs lock system summary refresh-labels refresh-posts

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(abspath $(BIN)):$(PATH)
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
UV_COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

repro: $(VENV)/installed ## run the whole pipeline against the sandbox (or what conf/ says), then sum it up
	dvc repro
	@bizmeme summary

test: $(VENV)/installed ## all tests
	python -m pytest -q

check: $(VENV)/installed ## style, types, import rules, and that nothing generated is stale
	ruff format --check src tests docs
	ruff check src tests docs
	mypy
	lint-imports --no-logo
	python -m pytest -q tests/checks

summary: $(VENV)/installed ## what the last run made
	@bizmeme summary

refresh-labels: $(VENV)/installed ## fetch new human labels, then run what depends on them
	dvc repro -f -s export_labels
	dvc repro

refresh-posts: $(VENV)/installed ## fetch new posts, then run what depends on them
	dvc repro -f -s scrape
	dvc repro

system: ## Debian packages that tests need: a browser, to look at the report (as root)
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install -y chromium >/dev/null; }

docs: $(VENV)/installed ## write docs/reference/ anew
	python docs/generate.py

lock: $(VENV)/installed ## compile requirements*.in into hashed locks
	$(UV_COMPILE) requirements.in -o requirements.lock
	$(UV_COMPILE) requirements-dev.in -o requirements-dev.lock

# One environment for everything. It is made again when a lock changes.
$(VENV)/installed: requirements.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "bizmeme needs Python 3.11; name it with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing from the lock (about 7 GB, several minutes) ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
