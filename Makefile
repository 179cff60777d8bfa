# Everything installs what it needs by itself; see docs/configuration.md for the variables.

.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
TESTS ?=

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

run: ## Start the product on http://localhost:8000; Ctrl-C stops it
	@scripts/install run
	@$(PYTHON) -m scripts.run

stop: ## Stop the private PostgreSQL and Valkey that tests and commands leave running
	@$(PYTHON) -m crm.embedded stop postgres valkey

test: ## Run every test, browser journeys included; TESTS=tests/org for some of them
	@scripts/install dev
	@$(PYTHON) -m scripts.messages compile
	@# Dropping a test database on a busy disk takes longer than any page may.
	@STATEMENT_TIMEOUT_MS=120000 $(PYTHON) -m pytest -n 2 --dist worksteal $(TESTS)

check: ## Format, lint, types, imports, system checks, migrations, translations, templates
	@scripts/install dev
	@scripts/check

bench: ## Measure against performance limits; BENCH_SCALE=10k|100k|1m
	@scripts/install dev
	@$(PYTHON) -m tests.bench

bench-compare: ## The measured scales side by side
	@$(PYTHON) -m tests.bench compare

format: ## Format the code and sort its imports
	@scripts/install dev
	@$(PYTHON) -m ruff check --quiet --fix-only .
	@$(PYTHON) -m ruff format .

messages: ## Bring the .po files in line with the sources
	@scripts/install dev
	@$(PYTHON) -m scripts.messages update

screenshots: ## Make the README's screenshots again
	@scripts/install dev
	@$(PYTHON) -m scripts.screenshots

lock: ## Resolve pyproject.toml into requirements/*.txt
	@scripts/lock

.PHONY: help run stop test check bench bench-compare format messages screenshots lock
