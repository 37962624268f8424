# `make help` lists what each target does.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install try repro gate test torture acceptance check docs coverage sheet runs labelling lock system summary \
	label-studio label-studio-venv refresh-labels refresh-posts judges peers

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
N ?= 50
BIN := $(VENV)/bin
# Named after what the locks say, so that neither a checkout's file times nor a moved folder installs anything again.
INSTALLED := $(VENV)/installed-$(shell cat requirements.lock requirements-dev.lock | sha256sum | cut -c1-16)
export PATH := $(abspath $(BIN)):$(PATH)
QUIETLY := --quiet --quiet --disable-pip-version-check
PIP := $(BIN)/python -m pip install $(QUIETLY)
# Label Studio pins what bizmeme has newer, so it lives apart (about 1 GB).
LABEL_STUDIO_VENV ?= .venv-label-studio
LABEL_STUDIO := $(LABEL_STUDIO_VENV)/installed-$(shell sha256sum < requirements-label-studio.lock | cut -c1-16)
# So do the judges and the peers of the clients that ask vision APIs: of other people, run and never shipped.
JUDGES_VENV ?= .venv-judges
JUDGES := $(JUDGES_VENV)/installed-$(shell cat requirements-judges.lock judges/package-lock.json | sha256sum | cut -c1-16)
CURATOR_VENV ?= .venv-curator
CURATOR := $(CURATOR_VENV)/installed-$(shell sha256sum < requirements-curator.lock | cut -c1-16)
DISTILABEL_VENV ?= .venv-distilabel
DISTILABEL := $(DISTILABEL_VENV)/installed-$(shell sha256sum < requirements-distilabel.lock | cut -c1-16)
PORT ?= 8080
UV_COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED) ## make .venv: everything pinned and hashed, about 7 GB

try: $(INSTALLED) ## a first look in a few CPU-minutes: the whole pipeline on a small world, in ./.try
	.ci/clone .try
	cd .try && dvc repro && bizmeme summary
	@echo "That was a small world: its score means little, but every part works. Look at .try/reports/evaluate.html;"
	@echo "make repro runs the usual world. make try again goes on where it stopped; rm -rf .try starts afresh."

repro: $(INSTALLED) ## run the whole pipeline against the sandbox (or what conf/ says), then sum it up
	dvc repro
	@bizmeme summary

gate: $(INSTALLED) ## fail where the last run's student is no better than text or picture alone could be
	@bizmeme gate

test: $(INSTALLED) ## all tests, or some: make test TESTS=tests/core
	python -m pytest -q $(TESTS)

torture: $(INSTALLED) ## kill -9 in collecting, importing, scrape and parse, N times, half where it hurts most; N more in asking, N/5 in dvc repro
	TORTURE_KILLS=$(N) python -m pytest -q -s tests/collectors/test_torture.py \
		tests/collectors/test_torture_warosu.py tests/apps/test_torture.py tests/stages/test_torture.py \
		tests/shell/paying/test_torture_asking.py tests/end_to_end/test_torture.py

acceptance: $(INSTALLED) ## three default worlds and two blind students, in ./.acceptance: about 90 CPU-minutes
	python -m pytest -q -m acceptance tests/acceptance

judges: $(INSTALLED) $(JUDGES) ## let llmock and aimock judge how the vision APIs are asked, a minute (needs Node.js)
	JUDGES_VENV=$(abspath $(JUDGES_VENV)) python -m pytest -q tests/judges

peers: $(INSTALLED) $(CURATOR) $(DISTILABEL) ## asking beside a bare loop, the SDK, Curator and distilabel; some minutes
	python bench/asking.py --curator $(CURATOR_VENV) --distilabel $(DISTILABEL_VENV) $(OPTIONS)

check: $(INSTALLED) ## style, types, import rules, and that nothing generated is stale
	ruff format --check src tests docs bench
	ruff check src tests docs bench
	mypy
	lint-imports --no-logo
	python -m pytest -q tests/checks

summary: $(INSTALLED) ## what the last run made
	@bizmeme summary

# Where you name a server of yours, none is installed.
label-studio: $(INSTALLED) $(if $(LABEL_STUDIO_URL),,$(LABEL_STUDIO)) ## your own Label Studio on loopback until Ctrl-C; PORT=8080
	@bizmeme label-studio --program $(LABEL_STUDIO_VENV)/bin/label-studio --port $(PORT) $(OPTIONS)

label-studio-venv: $(LABEL_STUDIO)

refresh-labels: $(INSTALLED) ## fetch new human labels, then run what depends on them
	dvc repro -f -s sample
	dvc repro -f -s export_labels
	dvc repro

refresh-posts: $(INSTALLED) ## fetch new posts, then run what depends on them
	dvc repro -f -s scrape
	dvc repro

system: ## Debian packages that tests need: a browser, to look at the report (as root)
	@command -v chromium >/dev/null || { apt-get -qq update && apt-get -qq install -y chromium >/dev/null; }

docs: $(INSTALLED) ## write docs/reference/ and docs/realism.md anew
	python docs/generate.py
	python docs/realism.py

coverage: $(INSTALLED) ## draw docs/coverage.png: the default world from its archive, two weeks left out, in a minute
	export BIZMEME_HOME=$$(mktemp -d) && trap 'rm -rf "$$BIZMEME_HOME"' EXIT && \
	bizmeme collect source=warosu source.to=2025-10-19 source.pages=null 'collect.kinds=[]' && \
	bizmeme collect source=warosu source.from=2025-11-03 source.pages=null 'collect.kinds=[]' && \
	bizmeme coverage --png docs/coverage.png

sheet: $(INSTALLED) ## photograph 40 posts of the simulated board: docs/sheet.jpg (needs `make system`)
	python docs/sheet.py

runs: $(INSTALLED) ## photograph a sweep's runs side by side in MLflow: docs/runs.png (needs `make system`)
	python docs/runs.py

labelling: $(INSTALLED) $(LABEL_STUDIO) ## photograph the labelling screen: docs/labelling.png (needs `make system`)
	python docs/labelling.py $(LABEL_STUDIO_VENV)/bin/label-studio

lock: $(INSTALLED) ## compile requirements*.in into hashed locks
	$(UV_COMPILE) requirements.in -o requirements.lock
	$(UV_COMPILE) requirements-dev.in -o requirements-dev.lock
	$(UV_COMPILE) requirements-label-studio.in -o requirements-label-studio.lock
	$(UV_COMPILE) requirements-judges.in -o requirements-judges.lock
	$(UV_COMPILE) requirements-curator.in -o requirements-curator.lock
	$(UV_COMPILE) requirements-distilabel.in -o requirements-distilabel.lock
	cd judges && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

# One environment for everything, made again when a lock changes. The locks are complete, so pip may not look for
# dependencies (23.2 leaves the lock for the newest google-auth[requests]); `pip check` shows that none is missing.
$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "bizmeme needs Python 3.11; name it with make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing from the lock (about 7 GB, several minutes) ..."
	$(PIP) --no-deps --require-hashes -r requirements.lock
	$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check --disable-pip-version-check
	@rm -f $(VENV)/installed* && touch $@

# The same for others, with nothing of ours in them: $(call install_apart,FOLDER,NAME OF THE LOCK)
define install_apart
$(PYTHON) -m venv $(1)
@echo "Installing requirements-$(2).lock (some minutes) ..."
$(1)/bin/python -m pip install $(QUIETLY) --no-deps --require-hashes -r requirements-$(2).lock
endef

$(LABEL_STUDIO):
	$(call install_apart,$(LABEL_STUDIO_VENV),label-studio)
	@rm -f $(LABEL_STUDIO_VENV)/installed* && touch $@

$(JUDGES):
	@command -v npm >/dev/null || { echo "The judge aimock needs Node.js 20 or newer, with npm."; exit 1; }
	$(call install_apart,$(JUDGES_VENV),judges)
	cp judges/package.json judges/package-lock.json $(JUDGES_VENV)
	npm ci --prefix $(JUDGES_VENV) --no-audit --no-fund --silent
	@rm -f $(JUDGES_VENV)/installed* && touch $@

$(CURATOR):
	$(call install_apart,$(CURATOR_VENV),curator)
	@rm -f $(CURATOR_VENV)/installed* && touch $@

$(DISTILABEL):
	$(call install_apart,$(DISTILABEL_VENV),distilabel)
	@rm -f $(DISTILABEL_VENV)/installed* && touch $@
