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

run: setup ## Serve the API on the embedded PostgreSQL, with a demo shop
	@$(BIN)/python -m app.cli run

test: setup ## Run the whole test suite
	@$(BIN)/python -m pytest

test-fast: setup ## Run the tests that start no process and do not take long
	@$(BIN)/python -m pytest -m "not processes and not long"

snapshots: setup ## Write the big SQL statements to tests/snapshots, the chart there too, and its values to its READMEs
	@$(BIN)/python -m tests.support.rendering
	@$(BIN)/python -m tests.support.chart_snapshots
	@$(BIN)/python -m tests.support.chart_values

lint: setup ## Check format, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/hadolint Dockerfile Dockerfile_product

lock: setup ## Write requirements.lock from requirements.txt
	@$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --output-file requirements.lock requirements.txt

audit: setup ## Look for known vulnerabilities in what the images hold
	@$(BIN)/python deploy/audit.py

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: help setup run test test-fast snapshots lint lock audit format
