# The only commands that a newcomer needs. Everything that is installed stays in this folder;
# the data is kept in var/.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin

.PHONY: run setup setup-dev test lint bench proof clean python

## run: set up what is missing and start the portal on http://127.0.0.1:8000; Ctrl-C stops it
run: setup
	@exec $(BIN)/portal up

## setup: the set-up alone
setup: python
	@$(PYTHON) scripts/setup.py

setup-dev: python
	@$(PYTHON) scripts/setup.py --dev

## test: every test, in two halves at once; `make test ARGS="tests/domain -x"` runs some
test: setup-dev
	$(BIN)/python $(if $(strip $(ARGS)),-m pytest $(ARGS),scripts/halves.py)

## lint: style, types of the domain, templates
lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint portal/templates --lint --quiet

## bench: how fast pages, drains and billing are, beside their yardsticks, on 100,000 services
bench: setup-dev
	$(BIN)/python -m tests.bench $(ARGS)

## proof: the promises that take long: hundreds of kills, thousands of services
proof: setup-dev
	$(BIN)/python -m pytest -m proof -s $(ARGS)

## clean: throw away what the set-up made; var/ with the data stays
clean:
	rm -rf .venv node_modules build dist portal/static/vendor tests/vendor portal.egg-info
	rm -rf .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
