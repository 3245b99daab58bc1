# Everything a developer does, from a clean clone with Python 3.11 or newer, bash and make. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv --no-progress
# What is done is marked inside the folder it was done to: when the folder goes, so does the mark.
UV_DONE := $(VENV)/.done-uv
INSTALL_DONE := $(VENV)/.done-install
PLUGINS_DONE := .meltano/.done-plugins
JSONL_DONE := .meltano/.done-jsonl
# Many tests wait for other processes: with three at once on two cores none is idle.
TESTERS := $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 ))
BOOKS_DONE := .meltano/.done-ledger
ENGINES_DONE := .engines/airflow/.done .engines/dagster/.done
LEDGER_DONE := .ledger/.done
# The plugins that Meltano installs get the same versions as everything else.
export UV_CONSTRAINT := $(CURDIR)/constraints.txt
# A virtual environment that happens to be active is not the one to install into.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without compiled files every start of Meltano and of the plugins takes two seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(INSTALL_DONE) ## Install the tap and everything needed to work on it into .venv

.PHONY: plugins
plugins: $(PLUGINS_DONE) $(JSONL_DONE) $(BOOKS_DONE) ## Install the Meltano plugins of the project too

.PHONY: demo
demo: $(PLUGINS_DONE) $(BOOKS_DONE) ## Sandbox -> tap -> PostgreSQL, for real, twice, with changes in between
	@exec $(BIN)/python -m demo $(ARGS)

.PHONY: test
test: $(PLUGINS_DONE) $(JSONL_DONE) $(BOOKS_DONE) ## Run all tests; ARGS="-k name" narrows them
	@exec $(BIN)/python -m pytest --numprocesses=$(TESTERS) --dist=loadfile --no-loadscope-reorder $(ARGS)

.PHONY: engines
engines: $(PLUGINS_DONE) $(BOOKS_DONE) $(ENGINES_DONE) ## Run workers on Airflow, Dagster and as pods, for real; ARGS="-k dagster" for one
	@exec env ENGINES=1 $(BIN)/python -m pytest tests/engines $(ARGS)

.PHONY: ledger
ledger: $(PLUGINS_DONE) $(BOOKS_DONE) $(LEDGER_DONE) ## Build the dbt package on PostgreSQL and DuckDB, for real, and test it; ARGS="-k name" narrows
	@exec env LEDGER=1 $(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup tests/ledger $(ARGS)

.PHONY: lint
lint: $(INSTALL_DONE) ## Check style, types, the rooms' order, dependencies, the site, containers and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict -p demo
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/deptry .
# "dummy" checks every page, link and menu of the site, and spares the writing, which takes as long again.
	$(BIN)/python -m sphinx -b dummy --quiet --fail-on-warning --keep-going --nitpicky docs build/checked-docs
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/kubernetes-validate --quiet --strict examples/kubernetes/*.yaml
	$(BIN)/zizmor --quiet --offline .github

.PHONY: format
format: $(INSTALL_DONE) ## Put all Python files into shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(INSTALL_DONE) ## Write the generated pages anew and build the site into build/docs
	$(BIN)/python scripts/write_docs.py
	$(BIN)/python -m sphinx --quiet --fresh-env --write-all --fail-on-warning --keep-going --nitpicky docs build/docs
	@echo "Open build/docs/index.html"

.PHONY: pins
pins: $(UV_DONE) ## Write constraints.txt anew with the newest versions that fit together
	env -u UV_CONSTRAINT $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --no-header --no-annotate --extra sandbox --group test --group lint \
	  pyproject.toml demo/requirements.txt --output-file constraints.txt
	for engine in airflow dagster; do \
	  env -u UV_CONSTRAINT $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --no-header --no-annotate tests/engines/$$engine.in --output-file tests/engines/$$engine.txt; \
	done
	env -u UV_CONSTRAINT $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 \
	  --no-header --no-annotate tests/ledger/dbt.in --output-file tests/ledger/dbt.txt

.PHONY: build
build: $(INSTALL_DONE) ## Build the wheel and the source archive and check both
	rm -rf dist
	$(UV) build --quiet
	$(BIN)/python scripts/check_dist.py dist

.PHONY: clean
clean: ## Remove everything that was installed or made here
	rm -rf $(VENV) .engines .ledger .meltano .demo output dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(UV_DONE): scripts/make_venv.sh
	@bash scripts/make_venv.sh $(VENV) constraints.txt
	@touch $@

$(INSTALL_DONE): $(UV_DONE) pyproject.toml constraints.txt demo/requirements.txt
	@echo "Installing the tap and its tools into $(VENV)"
	@$(UV) pip install --quiet --python $(BIN)/python --editable '.[sandbox]' --group test --group lint \
	  --requirement demo/requirements.txt
	@touch $@

$(PLUGINS_DONE): $(INSTALL_DONE) meltano.yml
	@echo "Installing the Meltano plugins"
	@$(BIN)/meltano --log-level=warning install \
	  tap-exact-online target-postgres exact-online </dev/null
	@touch $@

# Each in an environment of its own, as a user has them: what they need does not go together with Meltano.
$(ENGINES_DONE): .engines/%/.done: tests/engines/%.txt $(INSTALL_DONE)
	@echo "Installing $* into .engines/$*"
	@env -u UV_CONSTRAINT $(UV) venv --quiet --clear --python $(BIN)/python .engines/$*
	@env -u UV_CONSTRAINT $(UV) pip install --quiet --python .engines/$*/bin/python --requirement $<
	@touch $@

# What dbt needs does not go together with what the tap needs; nor does a user have them in one environment.
$(LEDGER_DONE): tests/ledger/dbt.txt $(INSTALL_DONE)
	@echo "Installing dbt into .ledger"
	@env -u UV_CONSTRAINT $(UV) venv --quiet --clear --python $(BIN)/python .ledger
	@env -u UV_CONSTRAINT $(UV) pip install --quiet --python .ledger/bin/python --compile-bytecode --requirement $<
	@touch $@

# dbt holds some packages at older versions than the tap's own.
$(BOOKS_DONE): $(INSTALL_DONE) meltano.yml tests/ledger/dbt.txt
	@env UV_CONSTRAINT=$(CURDIR)/tests/ledger/dbt.txt $(BIN)/meltano --log-level=warning install ledger </dev/null
	@touch $@

# Its own requirements are years older than all others, so it is not installed under their pins.
$(JSONL_DONE): $(INSTALL_DONE) meltano.yml
	@env -u UV_CONSTRAINT $(BIN)/meltano --log-level=warning install target-jsonl </dev/null
	@touch $@
