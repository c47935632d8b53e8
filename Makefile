# make ask                 set everything up, then answer the seed question
# make ask Q="Who spoke?"  any other question; ARTICLE=... asks about another article
# make web                 open the web page
# make test                lint, types and every test, real models included
# make lock                write the pinned versions anew (UPGRADE=1 takes newer ones)
# make clean               remove what these commands made here; the library and models stay
#
# PYTHON=... chooses the interpreter, 3.11 or newer. Set-up is done once and then skipped.

SHELL := bash
.DELETE_ON_ERROR:
.PHONY: ask web test test-scripted test-model lint weights setup setup-dev browser lock clean

RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(RECENT)' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
LOGGED := > .venv/setup.log 2>&1 || \
	{ tail -n 20 .venv/setup.log >&2; echo "Set-up failed; see .venv/setup.log." >&2; exit 1; }

# Exported, not pasted into a command: a question may hold quotes, $ and anything else.
Q ?= What was the UK's position?
ARTICLE ?= seeds/g7-gaza-blinken.txt
override Q := $(value Q)
override ARTICLE := $(value ARTICLE)
export Q ARTICLE

ask: setup
	@$(BIN)/assistant ask "$$Q" --article "$$ARTICLE"

web: setup
	@$(BIN)/assistant web

# Most tests wait for something, so there is room for lint beside them; the real models want both
# cores, and come one after the other. (What mypy -n starts gives up on a busy machine.)
# Many tests start processes; where Python is told to write no bytecode, each compiles all anew.
test: export PYTHONDONTWRITEBYTECODE =
test:
	@$(MAKE) --no-print-directory -j 2 setup-dev browser
	@$(MAKE) --no-print-directory weights
	@$(MAKE) --no-print-directory -j 2 lint test-scripted
	@$(MAKE) --no-print-directory test-model

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-scripted:
	$(BIN)/python -m pytest -m "not model" -n 3 --dist loadfile --no-loadscope-reorder

test-model:
	$(BIN)/python -m pytest -m model

weights:
	$(BIN)/assistant models pull all-minilm-l6-v2
	$(BIN)/assistant models pull qwen2.5-coder-1.5b
	$(BIN)/assistant models pull qwen2.5-coder-0.5b

setup: .venv/.ready
setup-dev: .venv/.ready-dev

# --no-deps: the lock names every package, so nothing is left to resolve, and nothing else comes.
# Where only torch's GPU build is to be had, it does not start without the packages it asks for.
# Two pips at once, each with a share of the packages: one keeps one core busy.
# --no-compile: pip compiles on one core, compileall on all of them. Left out is what nothing here
# imports and is half of it all; files for other Python versions do not compile: no fault.
.venv/.ready: requirements.lock pyproject.toml
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed: install it, or name it with PYTHON=))
	@$(PYTHON) -c '$(RECENT)' || { echo "$(PYTHON) is not Python 3.11 or newer" >&2; exit 1; }
	@echo "Setting up .venv: $$(grep -c == requirements.lock) packages, a minute or two ..." >&2
	@$(PYTHON) -m venv .venv
	@{ $(PIP) install "$$(grep '^pip==' requirements.lock)" && \
	grep == requirements.lock | xargs -d '\n' -n 50 -P 2 $(PIP) install --no-deps --no-compile && \
	{ $(BIN)/python -c 'import torch' || \
		$(PIP) install "$$(grep '^torch==' requirements.lock)"; } && \
	$(PIP) install --no-deps --editable . && \
	{ $(BIN)/python -m compileall -q -j 0 -x '/(tests|kubernetes|models/(?!auto/|bert/)\w+)/' .venv/lib || true; }; } $(LOGGED)
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@echo "Setting up .venv for tests ..." >&2
	@$(PIP) install --no-deps -r requirements-dev.lock $(LOGGED)
	@touch $@

# The tests of the web page drive a real browser, and say so when they skip for want of one.
browser:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing chromium for the tests of the web page ..." >&2; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qq install --yes --no-install-recommends chromium >/dev/null; \
	else echo "No chromium: install it to run the tests of the web page." >&2; fi

# Tools that are needed once live in a folder of their own, which is removed again.
TOOLS = tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && set -e;
TOOL = $(TOOLS) $(PYTHON) -m venv "$$tools"; "$$tools/bin/pip" install -q

# GPU packages are left out (see .venv/.ready); pins are kept unless UPGRADE=1 or they must move.
LOCKED := grep -vE "^(nvidia|cuda|triton)\b|== 'emscripten'"
COMPILE = "$$tools/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--no-header --no-annotate $(if $(UPGRADE),--upgrade)
lock:
	@$(TOOL) uv; cp requirements*.lock "$$tools"; cd "$(CURDIR)"; \
	$(COMPILE) -o "$$tools/requirements.lock"; \
	$(LOCKED) "$$tools/requirements.lock" > requirements.lock; \
	$(COMPILE) --extra dev -c requirements.lock -o "$$tools/requirements-dev.lock"; \
	$(LOCKED) "$$tools/requirements-dev.lock" > requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# docs/screenshot-*.png: the real page after a real answer.
.PHONY: screenshots
screenshots: setup-dev browser
	$(BIN)/python -m docs.screenshots

# The long forms of the reliability tests take hours, and go on where they were stopped; see
# docs/reliability.md.
.PHONY: soak fuzz fuzz-web sbom audit
soak: setup-dev
	$(BIN)/python tests/soak/run.py all

# The parsers, guided by coverage, which atheris sees from within only; then every endpoint of the
# page's server.
FUZZ_SECONDS ?= 600
fuzz: setup-dev
	@$(TOOLS) $(PIP) install -q --no-deps --target "$$tools" atheris; PYTHONPATH="$$tools" \
		$(BIN)/python tests/soak/fuzz.py -max_total_time=$(FUZZ_SECONDS) -timeout=60 -rss_limit_mb=2048

fuzz-web: setup-dev
	@$(TOOL) schemathesis; $(BIN)/python tests/soak/fuzz_web.py "$$tools/bin/st"

# What is installed, as CycloneDX, from the lock alone: no network but for the tool.
sbom:
	@mkdir -p build; $(TOOL) cyclonedx-bom; \
	"$$tools/bin/cyclonedx-py" requirements requirements.lock -o build/sbom.json; \
	echo build/sbom.json

# Known weaknesses of what is pinned; fails where nobody can be asked. Those ignored concern a
# server that is not used: see SECURITY.md.
audit:
	@$(TOOL) pip-audit; "$$tools/bin/pip-audit" -r requirements.lock --no-deps --disable-pip --strict \
		--ignore-vuln CVE-2026-45829 --ignore-vuln CVE-2026-45833
