PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
DEMO   := .venv-demo

.PHONY: help demo test systems servers postgres bench fuzz hostile proofs simulate sweep kill mutants lint ci golden clean

help:  ## these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO)/.installed  ## two sandbox systems, a plan, a run, a conflict: understood in a minute
	@$(DEMO)/bin/python -m syncline.demo

test: $(VENV)/.installed  ## all tests that need no server
	@$(VENV)/bin/python -m pytest -q -n 2 --dist worksteal -m "not systems"

systems: $(VENV)/.installed  ## the tests against real servers (installs and starts them on loopback)
	@$(VENV)/bin/python -m pytest -q -m systems tests/systems

servers: $(VENV)/.installed  ## PostgreSQL, if this machine has none and lets us install it
	@$(VENV)/bin/python -m tests.systems.servers

postgres: $(VENV)/.installed  ## the tests of the executor once more, with every state in PostgreSQL
	@$(VENV)/bin/python -m pytest -q -p tests.in_postgres -m "not systems and not in_a_file" tests/runtime/executing tests/compiled

bench: $(VENV)/.installed  ## every measurement, as ratios to hand-written code in the same run
	@$(VENV)/bin/python benchmarks/run.py

fuzz: $(VENV)/.installed  ## malformed specs: N=10000 of them, made from SEED=1
	@$(VENV)/bin/python -m tests.fuzz $(or $(N),10000) --seed $(or $(SEED),1)

simulate: $(VENV)/.installed  ## the executor in simulated worlds: SEEDS=10000 of them, from START=0
	@$(VENV)/bin/python -m tests.simulation $(or $(SEEDS),10000) --start $(or $(START),0)

hostile: $(VENV)/.installed  ## malformed answers and webhooks, damaged states: N=2000 of them from SEED=1, N/20 of the costly ones
	@$(VENV)/bin/python -m tests.hostile $(or $(N),2000) --seed $(or $(SEED),1)

proofs: $(VENV)/.installed  ## proofs doubled: N=3000 random specs, whose code must keep the laws that were claimed, and N/10 whole policies, run
	@$(VENV)/bin/python -m tests.proofs $(or $(N),3000) --seed $(or $(SEED),1)

sweep: $(VENV)/.installed  ## a crash at every point of I/O of the simulated scenarios, then at SAMPLE=200 pairs of points of three, from START=0
	@$(VENV)/bin/python -m tests.simulation --sweep
	@$(VENV)/bin/python -m tests.simulation --pairs --sample $(or $(SAMPLE),200) --start $(or $(START),0)

kill: $(VENV)/.installed  ## kill -9 of the real process, N=1000 times from SEED=1, over sandboxes; then it must converge
	@$(VENV)/bin/python -m tests.killing $(or $(N),1000) --seed $(or $(SEED),1)

mutants: $(VENV)/.installed  ## faults put into the planner and into recovery, one by one: which does no test see? (AT=FOLDER goes on there)
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e ".[mutants]"
	@$(VENV)/bin/python -m tests.mutants $(if $(AT),--at $(AT))

lint: $(VENV)/.installed  ## ruff, mypy --strict, import rules
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy compiler/syncline runtime/syncline_runtime
	@$(VENV)/bin/lint-imports

ci: $(VENV)/.installed  ## the GitHub action and the pre-commit hooks, installed and run here as others' CI would
	@$(VENV)/bin/python ci/rehearse.py

golden: $(VENV)/.installed  ## write the golden files anew; look at the difference before committing
	@$(VENV)/bin/python -m pytest -q tests/golden --refresh-golden || true
	@git diff --stat -- tests/golden

clean:  ## remove the virtual environments
	rm -rf $(VENV) $(DEMO)

$(VENV)/.installed: pyproject.toml runtime/pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e "./runtime[postgresql]" -e ".[dev]"
	@$(VENV)/bin/python -m compileall -q compiler runtime  # the tests start commands by the hundred, which would compile it anew
	@touch $@

$(DEMO)/.installed: pyproject.toml runtime/pyproject.toml
	@$(PYTHON) -m venv $(DEMO)
	@$(DEMO)/bin/python -m pip install -q --disable-pip-version-check -e ./runtime -e .
	@touch $@
