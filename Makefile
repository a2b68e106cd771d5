# Everything from a clean clone: each command makes .venv and installs what it needs first.
# Windows has no make: the README has the same steps as plain pip lines.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: train draw test test-all gradcheck lint clean

train: .venv/plot
	$(BIN)/tinycnn train $(ARGS)

draw: .venv/draw
	$(BIN)/tinycnn draw $(ARGS)

# What guards the product, in minutes; test-all adds the long sweeps. Tests of the window mostly wait, so
# four processes are good for two CPUs, too; who is done takes half of what another has left, so that none
# waits for the last long file.
TESTS := --numprocesses 4 --dist worksteal

test: .venv/test
	$(BIN)/python -m pytest $(TESTS) -m "not slow" $(ARGS)

test-all: .venv/test
	$(BIN)/python -m pytest $(TESTS) $(ARGS)

gradcheck: .venv/draw
	$(BIN)/tinycnn gradcheck $(ARGS)

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.venv/python:
	$(PYTHON) -m venv .venv
	touch $@

.venv/plot: .venv/python setup.cfg setup.py
	$(BIN)/python -m pip install --quiet --editable '.[plot]'
	touch $@

.venv/draw: .venv/python setup.cfg setup.py
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/test: .venv/python setup.cfg setup.py
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis benchmark-results
	find tinycnn gui scripts tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
