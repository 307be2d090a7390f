# make run      start the server; without CEREBRAS_API_KEY a simulated Cerebras runs beside it
# make check    check format, lint, types and the direction of imports
# make fix      let ruff fix what it can
# make test     run all tests; tests whose real program is missing are skipped and listed;
#               COVERAGE=1 also reports the branch coverage of app/
# make lock     write requirements*.txt from requirements*.in; UPGRADE=1 takes newer versions
# make bench    compare Cerellama with nginx and other proxies: bench/RESULTS.md; needs cc and nginx
# make soak     run mixed clients and faults for SECONDS (600), then hold 2,000 slow streams
# make walk     show the files and functions that a streamed chat passes, in order
# make profile  show where a worker spends its time: a table and instance/profile.svg

PYTHON ?= python3
BIN := .venv/bin
LITELLM := .venv/litellm
BENCH := .venv/bench
LOCK := .venv/lock
UV := uv==0.13.9
NODE := tests/dropin/node
NEED := Cerellama needs Python 3.11 or newer with venv: install it (Debian, Ubuntu: apt install python3-venv) or name it as in "make PYTHON=python3.13".
# Makes coverage start in every Python process.
MEASURED := COVERAGE_PROCESS_START="$(CURDIR)/pyproject.toml" COVERAGE_FILE="$(CURDIR)/.coverage/data"
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

SECONDS ?= 600
SEED ?= 1

.PHONY: run check fix test lock bench walk profile soak

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

# With COVERAGE=1 the timing tests run first, without coverage; then all others run under
# coverage. The closing line of pytest is printed again after the report.
test: .venv/.dev .venv/.litellm .venv/.node
ifdef COVERAGE
	@rm -rf .coverage && mkdir .coverage
	@failed=; \
	$(BIN)/pytest -m timing || failed=" timing tests;"; \
	{ $(MEASURED) $(BIN)/pytest -n 3 --dist loadfile -m 'not timing' || touch .coverage/failed; } | tee .coverage/output; \
	[ ! -e .coverage/failed ] || failed="$$failed other tests;"; \
	export COVERAGE_FILE=.coverage/data; $(BIN)/coverage combine --quiet && $(BIN)/coverage report || failed="$$failed coverage;"; \
	tail -n 1 .coverage/output; \
	[ -z "$$failed" ] || { echo "FAILED:$$failed see above." >&2; exit 1; }
else
	$(BIN)/pytest -n 3 --dist loadfile
endif

lock: .venv/.lock
	@for name in requirements requirements-dev; do \
	$(LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) $$name.in -o $$name.txt || exit 1; done

bench: .venv/.run .venv/.bench
	@$(BENCH)/bin/python -m bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCENARIOS),--scenarios $(SCENARIOS)) \
	$(if $(TARGETS),--targets $(TARGETS)) $(if $(CERELLAMA),--cerellama $(CERELLAMA))

soak: .venv/.dev
	$(BIN)/python -m soak --seconds $(SECONDS) --seed $(SEED)
	$(BIN)/python -m soak.held

walk: .venv/.dev
	@$(BIN)/python -m tests.hot.walk

profile: .venv/.dev
	$(BIN)/python -m tests.hot.profiling

.venv/.python:
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo '$(NEED)' >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

# The lock files pin every package, also indirect ones, and its hashes.
.venv/.run: .venv/.python requirements.txt
	@echo "Installing Cerellama's dependencies into .venv ..."
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: .venv/.run requirements-dev.txt
	@echo "Installing the dependencies of the tests into .venv ..."
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@

.venv/.lock: .venv/.python Makefile
	@$(PYTHON) -m venv $(LOCK)
	@$(LOCK)/bin/python $(PIP_INSTALL) '$(UV)'
	@touch $@

# Clients with their own environment. If one cannot be installed, only its tests are
# skipped, and the next `make test` tries again.
.venv/.litellm: .venv/.python tests/dropin/requirements-litellm.txt
	@$(PYTHON) -m venv $(LITELLM) && \
	$(LITELLM)/bin/python $(PIP_INSTALL) -r tests/dropin/requirements-litellm.txt && \
	touch $@ || echo "LiteLLM could not be installed."

.venv/.node: .venv/.python $(NODE)/package.json $(NODE)/package-lock.json
	@npm ci --prefix $(NODE) --silent --no-audit --no-fund && \
	touch $@ || echo "The JavaScript client could not be installed: it needs node and npm."

.venv/.bench: .venv/.python bench/requirements.txt
	@echo "Installing the other proxies of the benchmark into $(BENCH) ..."
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python $(PIP_INSTALL) -r bench/requirements.txt
	@touch $@
