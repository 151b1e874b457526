# Everything happens in .venv, which the first target that needs it sets up.
# Another interpreter: make test PYTHON=python3.12. Arguments for pytest: make test ARGS="-k alias".

PYTHON ?= python3
ARGS ?=
# Versions beside those of setup.cfg: the ends of the supported range are tested with them.
PINS ?=
# EXTRAS=emulator,test,test-spark adds PySpark, half a gigabyte, for the tests of Spark, which skip without it.
EXTRAS ?= emulator,test
OLDEST := mlflow==3.1.0 'sqlalchemy<2.1'
NEWEST := 3.18.0
# What a new MLflow breaks first: both stores, the command line, the tables about MLflow, and a training script.
NEWEST_TESTS := tests/registry tests/tracking tests/cli tests/test_names.py tests/test_private_names.py \
    tests/test_capabilities.py tests/test_plugin_groups.py tests/test_active_workspace.py \
    tests/test_first_use.py tests/test_loading.py tests/upgrade \
    tests/docs/test_examples.py::test_training_registers_and_promotes_what_is_good_enough
# Pages whose prose is wrapped by a formatter, as code is.
PROSE := CONTRIBUTING.md docs/architecture.md
VENV := .venv
BIN := $(VENV)/bin
# Python compiles what it imports: pip would compile all of oci, which takes longer than to install it.
INSTALL := $(BIN)/python -m pip install -q --no-compile
# A stamp of its own for each Python version: another PYTHON means another environment.
STAMP := $(VENV)/.installed-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help venv venv-oldest venv-newest quickstart quickstart-newest test test-oldest test-newest lint types docs pictures build clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile

venv: $(STAMP)  ## set up .venv with the package, its emulator and the test tools

venv-oldest:  ## set up .venv-oldest with the oldest MLflow supported (whose SQL store wants SQLAlchemy 2.0)
	@$(MAKE) --no-print-directory venv VENV=.venv-oldest PINS="$(OLDEST)"

venv-newest:  ## set up .venv-newest with the newest MLflow tested, which pip may not resolve to yet
	@$(MAKE) --no-print-directory venv VENV=.venv-newest
	@.venv-newest/bin/python tools/newest_mlflow.py $(NEWEST)

$(STAMP): setup.cfg pyproject.toml
	@echo "Setting up $(VENV) with this package, MLflow and the test tools: some minutes, about 1.5 GB."
	test -e $@ || $(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) -e ".[$(EXTRAS)]" $(PINS)
	@touch $@

quickstart: $(STAMP)  ## log, register, load and deploy a model on the emulator, showing each request
	@$(BIN)/mlflow-oci-aidp quickstart

# Half of the time is waiting: for sockets, for faults, for processes. So there are four workers on two cores, too. More
# cost more memory (each imports MLflow) than they save time.
test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

# Minutes of what no version of MLflow changes: faults, connections, shapes of answers, signing, our own tools, large
# files, and the pages; and of the emulator's own tests, whose services the tests of the stores use. make test-oldest ARGS="tests/faults tests/client" runs some of them.
OLDEST_WITHOUT := tests/faults tests/client tests/shapes tests/authentication tests/tools tests/test_telemetry.py tests/test_testing.py \
    tests/migration tests/deployments/test_serving.py tests/deployments/test_requests.py \
    tests/artifacts/test_object_storage_large.py tests/docs/test_snippets.py tests/emulator tests/test_growth.py \
    tests/artifacts/test_threads.py tests/artifacts/test_downloads.py tests/artifacts/test_object_storage_faults.py \
    tests/artifacts/test_oci_logs.py tests/artifacts/test_changing_files.py tests/artifacts/test_frames.py \
    tests/artifacts/test_checksums.py tests/cli/test_output.py
test-oldest:  ## run the tests with the oldest MLflow supported
	@$(MAKE) --no-print-directory test VENV=.venv-oldest PINS="$(OLDEST)" ARGS="$(or $(ARGS),$(addprefix --ignore=,$(OLDEST_WITHOUT)))"

# Until all of its packages are published, MLflow warns at each import that their versions differ.
test-newest quickstart-newest: export PYTHONWARNINGS := ignore:Versions of mlflow:UserWarning

test-newest: venv-newest  ## run the tests of stores and command line with the newest MLflow tested
	@$(MAKE) --no-print-directory test VENV=.venv-newest ARGS="$(or $(ARGS),$(NEWEST_TESTS))"

quickstart-newest: venv-newest  ## run the quickstart with the newest MLflow tested
	@$(MAKE) --no-print-directory quickstart VENV=.venv-newest

lint: $(STAMP)  ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mdformat --check --number --wrap 100 $(PROSE)

types: $(STAMP)  ## check type annotations
	$(BIN)/mypy

docs: $(STAMP)  ## build the documentation in site/
	$(INSTALL) -e ".[docs]"
	$(BIN)/python tools/tables.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	$(BIN)/python tools/layout.py site

pictures: $(STAMP)  ## take the pictures of the documentation anew
	UPDATE_PICTURES=1 $(BIN)/python -m pytest -n0 tests/browser/test_pictures.py tests/browser/test_tracking.py

build: $(STAMP)  ## make sdist and wheel in dist/
	rm -rf build dist
	$(BIN)/python -m build --quiet

clean:  ## remove all that the other targets made
	rm -rf $(VENV) .venv-oldest .venv-newest build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find mlflow_oci_aidp tests -name __pycache__ -type d -prune -exec rm -rf {} +
