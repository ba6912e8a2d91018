.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/ready: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

setup: $(VENV)/ready ## Install everything into .venv

NPM := PATH="$(abspath $(BIN)):$$PATH" npm --silent
API := $(shell find app -name '*.py')
CLIENT := $(filter-out %/schema.d.ts,$(wildcard clients/typescript/src/*.ts)) clients/typescript/tsconfig.json
PAGES := $(shell find console -name node_modules -prune -o -path console/dist -prune -o -type f -print)

node_modules/ready: package.json package-lock.json .npmrc clients/typescript/package.json console/package.json | setup
	@echo "installing what the console is built with"
	@$(NPM) ci
	@touch $@

openapi.json: $(API) | setup
	@$(BIN)/python -m app.tools.openapi $@

clients/typescript/src/schema.d.ts: openapi.json clients/typescript/generate.mjs node_modules/ready
	@$(NPM) run schema

PYTHON_CLIENT := clients/python/meta_be_client
CLIENT_VENV := .venv-clients
CLIENT_BIN := $(CLIENT_VENV)/bin

$(CLIENT_VENV)/ready: tools/python-client/requirements.txt
	@echo "installing what the Python client is made with"
	@$(PYTHON) -m venv $(CLIENT_VENV)
	@$(CLIENT_BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(PYTHON_CLIENT)/generated/__init__.py: openapi.json clients/python/generator.yaml $(CLIENT_VENV)/ready
	@$(CLIENT_BIN)/openapi-python-client generate --path $< --config clients/python/generator.yaml --meta none \
		--output-path $(@D) --overwrite --fail-on-warning >/dev/null || { rm -rf $(@D); exit 1; }
	@touch $@

clients: clients/typescript/src/schema.d.ts $(PYTHON_CLIENT)/generated/__init__.py ## Make the TypeScript and the Python client from the OpenAPI document

console/dist/index.html: $(PAGES) $(CLIENT) node_modules/ready
	@echo "building the console"
	@$(NPM) run build
	@touch $@

console: console/dist/index.html ## Build the pages that the service shows at /console/

run: setup ## Serve the API and the console on the embedded PostgreSQL, with a demo shop
	@$(MAKE) --silent --no-print-directory console || echo "the console could not be built: the API is served without it" >&2
	@$(BIN)/python -m app.cli run

test: setup console clients ## Run the whole test suite
	@$(BIN)/python -m pytest

test-backwards: setup console clients ## Run it from the last test to the first: none may lean on what another left
	@$(BIN)/python -m pytest -p tests.support.backwards

test-fast: setup ## Run the tests that start no process and do not take long
	@$(BIN)/python -m pytest -n 2 -m "not processes and not long"

test-hard: setup ## Try to break it at length: races, lost answers, kills, storms, crowds, full disks, failovers
	@HARD=1 $(BIN)/python -m pytest -n 2 -m hard

snapshots: setup ## Write the big SQL statements to tests/snapshots, the chart there too, and its values to its READMEs
	@$(BIN)/python -m tests.support.rendering
	@$(BIN)/python -m tests.support.chart_snapshots
	@$(BIN)/python -m tests.support.chart_values

lint: setup clients ## Check format, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/hadolint Dockerfile Dockerfile_product
	@$(NPM) run check
	@$(BIN)/mypy --config-file clients/python/pyproject.toml --python-executable $(CLIENT_BIN)/python \
		--cache-dir .mypy_cache/clients $(PYTHON_CLIENT) tests/clients/days
	@$(MAKE) --no-print-directory lint-document

LINTERS := tools/openapi

$(LINTERS)/node_modules/ready: $(LINTERS)/package-lock.json $(LINTERS)/.npmrc | setup
	@echo "installing the linters of the OpenAPI document"
	@cd $(LINTERS) && PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --ignore-scripts
	@touch $@

lint-document: openapi.json $(LINTERS)/node_modules/ready ## Check the OpenAPI document
	@$(BIN)/openapi-spec-validator $<
	@cd $(LINTERS) && PATH="$(abspath $(BIN)):$$PATH" npm run --silent lint

reference: setup ## Write docs/errors.md and docs/events.md from the code
	@$(BIN)/python -m app.document.reference

lock: setup ## Write requirements.lock and requirements-build.lock from the .txt beside each
	@for name in requirements requirements-build; do \
		CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file $$name.lock $$name.txt || exit 1; \
	done

audit: setup ## Look for known vulnerabilities in what the images hold
	@$(BIN)/python deploy/audit.py

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: help setup clients console run test test-backwards test-fast test-hard snapshots lint lint-document reference lock audit format
