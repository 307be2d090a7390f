# make run    the server; without CEREBRAS_API_KEY a stand-in for Cerebras runs beside it
# make check  format, lint, types, direction of imports
# make fix    what ruff can fix
# make test   every test; those whose real program is missing are skipped and listed
# make bench  Cerellama beside nginx and other proxies, into bench/RESULTS.md; needs cc and nginx
# make soak   SECONDS (600) of mixed clients and faults, then 2,000 slow streams held
# make profile  where a worker's time goes, as a table and as instance/profile.svg

PYTHON ?= python3
BIN := .venv/bin
LITELLM := .venv/litellm
BENCH := .venv/bench
NODE := tests/dropin/node
NEED := Cerellama needs Python 3.11 or newer with venv: install it (Debian, Ubuntu: apt install python3-venv) or name it as in "make PYTHON=python3.13".

SECONDS ?= 600
SEED ?= 1

.PHONY: run check fix test bench profile soak

run: .venv/.run
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/python -m fake_cerebras.beside $$(sed -n 's/^web: //p' Procfile)

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: .venv/.dev .venv/.litellm .venv/.node
	$(BIN)/pytest -n 3 --dist loadfile

bench: .venv/.run .venv/.bench
	@$(BENCH)/bin/python -m bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCENARIOS),--scenarios $(SCENARIOS)) \
	$(if $(TARGETS),--targets $(TARGETS)) $(if $(CERELLAMA),--cerellama $(CERELLAMA))

soak: .venv/.dev
	$(BIN)/python -m soak --seconds $(SECONDS) --seed $(SEED)
	$(BIN)/python -m soak.held

profile: .venv/.dev
	$(BIN)/python -m tests.hot.profiling

.venv/.python:
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo '$(NEED)' >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.python requirements.txt
	@echo "Installing what Cerellama needs into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "Installing what its tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# Clients with a place of their own. One that cannot be installed costs its tests only,
# and is tried again next time.
.venv/.litellm: .venv/.python tests/dropin/requirements-litellm.txt
	@$(PYTHON) -m venv $(LITELLM) && \
	$(LITELLM)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/dropin/requirements-litellm.txt && \
	touch $@ || echo "LiteLLM could not be installed."

.venv/.node: .venv/.python $(NODE)/package.json $(NODE)/package-lock.json
	@npm ci --prefix $(NODE) --silent --no-audit --no-fund && \
	touch $@ || echo "The JavaScript client could not be installed: it needs node and npm."

.venv/.bench: .venv/.python bench/requirements.txt
	@echo "Installing what Cerellama is measured against into $(BENCH) ..."
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@
