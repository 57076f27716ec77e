# The commands of this project. `make` alone lists them. Nothing needs to be installed but make and Python 3.11 or newer.

.DEFAULT_GOAL := help
.PHONY: help run reset quick test test-deployed test-deep check format words functions bench clean
.PHONY: package audit deploy rollback releases adopt destroy stage

# Empty, whatever the environment says: the tests start many processes, and each would compile all modules again.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One worker more than there are processors, for tests wait for what they start; with many, files would be too few.
WORKERS = $(shell $(BIN)/python -c 'import os; print(min(4, os.cpu_count() + 1))')
PYTEST = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
# The first interpreter that is new enough and really runs: a name on the path may be a shim that refuses to.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$name" && break; done)

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(STAMP)  ## Start the whole system on this machine (PORT=8000 unless taken)
	@exec $(BIN)/python -m local.run

reset:  ## Forget everything that make run has kept
	@if [ -e .local/lock ] && command -v flock >/dev/null && ! flock -n .local/lock true; then \
		echo "make run is running: stop it first" >&2; exit 1; fi
	rm -rf .local

quick: check  ## In a minute: what make check does, and all tests that start no process
	$(PYTEST) --numprocesses=auto --maxprocesses=4 -m quick --hypothesis-profile=quick

test: $(STAMP)  ## Run all tests
	@$(BIN)/python -m tests.browser
	$(PYTEST) -m "not deployed"

test-deployed: $(STAMP)  ## Build the package, and test it as it is deployed
	@$(BIN)/python -m tests.browser
	$(PYTEST) -m deployed

test-deep: $(STAMP)  ## Run all tests with many more examples, seeds and orders
	@$(BIN)/python -m tests.browser
	$(PYTEST) -m "not deployed" --hypothesis-profile=deep

check: $(STAMP)  ## Check format, style, types, the directions of imports and the resources
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m infrastructure.generator --check
	$(BIN)/python -m infrastructure.check_resources

format: $(STAMP)  ## Bring the code into its format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

words: $(STAMP)  ## Bring the translations up to date with the texts
	$(BIN)/python -m infrastructure.words

functions: $(STAMP)  ## Make the configuration, policies and resources of infrastructure/functions.toml
	$(BIN)/python -m infrastructure.generator

bench: $(STAMP)  ## Measure, print a table and write benchmarks/latest.json
	$(BIN)/python -m benchmarks

package: $(STAMP)  ## Build what is deployed into build/ and check its template
	$(BIN)/python -m infrastructure.package

audit: $(STAMP)  ## Look for weak settings in what make package has built, with cfn-lint and checkov
	$(BIN)/python -m infrastructure.audit

# SET="PortalBaseUrl=https://billing.example.com MailFrom=..." gives parameters, YES=1 answers every question with yes.
OPTIONS = $(foreach one,$(SET),--set "$(one)") $(if $(YES),--yes) $(ARGS)

deploy: stage  ## Show what a deployment to STAGE=dev|prod would change, ask, and do it
	@$(BIN)/python -m infrastructure.deploy deploy $(STAGE) $(OPTIONS)

rollback: stage  ## Have every function of STAGE run an earlier release (ARGS="--to 3"; the one before)
	@$(BIN)/python -m infrastructure.deploy rollback $(STAGE) $(if $(YES),--yes) $(ARGS)

releases: stage  ## List the releases of STAGE
	@$(BIN)/python -m infrastructure.deploy releases $(STAGE)

adopt: stage  ## Create STAGE's stack out of the tables and buckets that a deleted one left
	@$(BIN)/python -m infrastructure.deploy adopt $(STAGE) $(OPTIONS)

destroy: stage  ## Delete the test stage STAGE with all that it holds
	@$(BIN)/python -m infrastructure.deploy destroy $(STAGE) $(ARGS)

stage: $(STAMP)
	@test -n "$(STAGE)" || { echo "say which stage: STAGE=dev or STAGE=prod" >&2; exit 1; }

clean:  ## Remove what was built and installed
	rm -rf build $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(STAMP): requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, with its venv module" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV), once; it takes about a minute ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
