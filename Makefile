# demo, up, test, check, bench and a few more. `make` alone says what they do.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
# As it is typed, whatever signs are in it: neither make nor the shell reads more into it.
override export VIDEO := $(value VIDEO)
# Where it is set, every start would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up test coverage check bench chaos lock clean

help:
	@echo "make demo [VIDEO=path]  a video's whole way through the service, to watch"
	@echo "make up                 run the service: http://localhost:8000/docs (Ctrl-C ends it)"
	@echo "make test [TESTS=...]   run the tests; TESTS: files, or \"-m slow\" for those that take longer"
	@echo "make coverage           run the tests, and say which lines and branches none of them ran"
	@echo "make check              lint, types, layers, lock files"
	@echo "make bench              measure (minutes)"
	@echo "make chaos [MINUTES=5] [SEED=1]  work while everything fails, and what must hold of it"
	@echo "make lock               resolve the dependencies anew (needs uv)"

.venv/run.stamp: requirements.lock pyproject.toml scripts/install
	@scripts/install requirements.lock run

.venv/dev.stamp: requirements-dev.lock pyproject.toml scripts/install
	@scripts/install requirements-dev.lock dev

demo: .venv/run.stamp
	@$(PY) -m reelwright demo $${VIDEO:+--video "$$VIDEO"}

up: .venv/run.stamp
	@$(PY) -m reelwright up

test: .venv/dev.stamp
	@$(PY) -m pytest -n auto --maxprocesses 5 --dist worksteal $(TESTS)

coverage: .venv/dev.stamp
	@rm -rf .coverage .coverage.*
	@COVERAGE_FILE="$(CURDIR)/.coverage" TESTS_START=exec $(PY) -m coverage run -m pytest -n auto --maxprocesses 5 --dist worksteal $(TESTS); \
	ended=$$?; $(PY) -m coverage combine -q && $(PY) -m coverage report && exit $$ended

check: .venv/dev.stamp
	@scripts/check

bench: .venv/dev.stamp
	@$(PY) -m benchmarks

chaos: .venv/dev.stamp
	@$(PY) -m chaos --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1)

lock:
	@scripts/lock

clean:
	rm -rf .venv demo-output
