# What a developer types. Everything is installed inside this folder, in .venv and .tools, save what
# root's `make test` takes from Debian.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.PHONY: help start stop restart restart-celery gen-env test test-all quick lint ruff-fix docs build sites audit publish lock matrix nox demo bench clean debian
.DELETE_ON_ERROR:

# uv does not see the interpreters behind pyenv's shims.
empty :=
pyenvs := $(sort $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.1[2-9]*/bin))
export PATH := $(subst $(empty) $(empty),,$(addsuffix :,$(pyenvs)))$(PATH)
export UV_PYTHON_DOWNLOADS := never
# Tests start many processes; each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

UV := $(or $(shell command -v uv),.tools/uv/bin/uv)
IN_VENV := VIRTUAL_ENV=$(CURDIR)/.venv PATH="$(CURDIR)/.venv/bin:$$PATH"

help:  ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Processes that share the tests, more than there are cores, since tests wait for others much of their time.
# 0 runs them in this one, where a debugger can be used.
WORKERS ?= $(shell expr 2 '*' $$(getconf _NPROCESSORS_ONLN))

# ALL=1 leaves nothing out; COVERAGE=1 reports what the tests on PostgreSQL cover, for which they take twice the time.
COVERAGE ?= $(ALL)
PYTEST = -m pytest --numprocesses $(WORKERS) $(if $(ALL),--all --timeout 600)

test: .venv/.ready debian  ## Run the tests on PostgreSQL, and what SQLite may answer otherwise there too (ARGS="-k tracks -x")
	@$(if $(COVERAGE),$(IN_VENV) coverage erase)
	$(IN_VENV) $(if $(COVERAGE),coverage run,python) $(PYTEST) $(ARGS)
	TEST_DATABASE=sqlite $(IN_VENV) python $(PYTEST) --second $(ARGS) || [ $$? = 5 ] # 5: none is for SQLite
	@$(if $(COVERAGE),$(IN_VENV) coverage combine --quiet)
	@$(if $(COVERAGE),$(IN_VENV) coverage report $(if $(ARGS),--fail-under=0))

test-all:  ## Run all tests, however long they walk, and report the coverage (ARGS=…)
	@$(MAKE) test ALL=1

quick: .venv/.ready  ## Run what answers in a minute, on SQLite (ARGS=…)
	@TEST_DATABASE=sqlite $(IN_VENV) python $(PYTEST) --quick $(ARGS)

lint: .venv/.ready  ## Check style, types, floors, migrations and documentation
	@$(IN_VENV) nox

ruff-fix: .venv/.ready  ## Correct what ruff can correct, and format
	@$(IN_VENV) ruff check --fix .
	@$(IN_VENV) ruff format .

docs: .venv/.ready  ## Build the documentation into docs/_build
	@$(IN_VENV) nox --session docs

build: .venv/.ready  ## Build the wheel into dist/ and check what is in it
	@$(IN_VENV) nox --session wheel

sites: .venv/.ready debian  ## Build two sites by the documentation, with the wheel, and sync on them (ARGS="-- 6.1")
	@$(IN_VENV) nox --session sites $(ARGS)

audit: .venv/.ready  ## Look for advisories against the pinned requirements
	@$(IN_VENV) nox --session audit

publish: | $(UV)  ## Upload dist/, which the workflow of a release does: it proves who it is without a password
	@$(UV) publish --trusted-publishing always dist/*

nox: .venv/.ready  ## Run chores by name (ARGS="--session floors"; ARGS=--list)
	@$(IN_VENV) nox $(ARGS)

matrix: .venv/.ready debian  ## Test the wheel on every Python and Django (ARGS="-e py313-django61,lowest")
	@$(IN_VENV) tox run-parallel --parallel-no-spinner $(ARGS)

demo: export PORT ?= 8000
demo: export SERVE ?= 1
demo: .tools/demo/.ready  ## Run the example site on port PORT, with a Spotify of its own (SERVE=0 only tries it)
	@.tools/demo/bin/python example_project/manage.py demo

# The profile "fake" is for those who have no app at Spotify.
COMPOSE = docker compose $(if $(shell sed -n 's/^SPOTIFY_CLIENT_ID=\(.\)/\1/p' .env 2>/dev/null),,--profile fake)

start: .env  ## Run the example site in Docker Compose: PostgreSQL, Redis, web, worker, beat
	@$(COMPOSE) up --detach --build --wait
	@echo "Open http://$$($(COMPOSE) port web 8000)/ and sign in as DJANGO_SUPERUSER_USERNAME of .env."

stop:  ## Stop that, and keep its data
	@docker compose --profile fake down

restart:  ## Restart its web server and Celery (for new code: make start)
	@docker compose restart web worker beat

restart-celery:  ## Restart its Celery worker and beat alone
	@docker compose restart worker beat

gen-env:  ## Make .env from env.sample, with fresh keys, unless there is one
	@python3 example_project/gen_env.py

.env:
	@python3 example_project/gen_env.py

bench: export POSTGRESQL = durable
bench: .tools/bench/.ready debian  ## Measure, beside rivals, in an hour or so (QUICK=1: in minutes; ARGS="disconnect …")
	@cd $(CURDIR) && .tools/bench/bin/python -m tests.services .tools/bench/bin/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

COMPILE = $(UV) pip compile --quiet --upgrade --universal --generate-hashes --custom-compile-command 'make lock' pyproject.toml
lock: | $(UV)  ## Renew requirements/*.txt
	@$(COMPILE) --extra redis --extra postgres --output-file requirements/base.txt
	@$(COMPILE) --extra redis --extra postgres --group example --output-file requirements/example.txt
	@$(COMPILE) --all-extras --group dev --output-file requirements/dev.txt
	@! grep --line-number '//' requirements/*.txt

clean:  ## Remove all that was made here
	@rm -rf .venv .tools .tox .nox .*_cache .coverage* .hypothesis artefacts build dist docs/_build htmlcov test-results
	@find . -name __pycache__ -prune -exec rm -rf {} +

NO_PYTHON := This needs Python 3.12 or newer, and none was found on PATH or among pyenv's versions.

.tools/uv/bin/uv:
	@command -v python3 >/dev/null || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@echo "Installing uv in .tools"
	@python3 -m venv .tools/uv
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

# $(call environment,FOLDER,REQUIREMENTS): an environment with just these requirements and the package itself.
define environment
@$(UV) python find --quiet --system '>=3.12' >/dev/null 2>&1 \
  || { echo "$(NO_PYTHON)" >&2; exit 1; }
@echo "Installing $(2) in $(1)"
@$(UV) venv --quiet --allow-existing --python '>=3.12' $(1)
@$(UV) pip sync --quiet --python $(1) --require-hashes $(2)
@$(UV) pip install --quiet --python $(1) --no-deps --build-constraints requirements/dev.txt --editable .
@touch $(1)/.ready
endef

.venv/.ready: requirements/dev.txt | $(UV)
	$(call environment,.venv,requirements/dev.txt)

.tools/demo/.ready: requirements/base.txt | $(UV)
	$(call environment,.tools/demo,requirements/base.txt)

# The rivals are pinned nowhere: who measures has those of the day, and the results name their versions.
.tools/bench/.ready: requirements/dev.txt pyproject.toml | $(UV)
	$(call environment,.tools/bench,requirements/dev.txt)
	@$(UV) pip install --quiet --python .tools/bench --constraints requirements/dev.txt --group bench \
	  || echo "The rivals could not be installed; they will be left out."

# As root on Debian, install what is missing; elsewhere the tests use what there is, or say what they miss.
debian:
	@missing=; command -v redis-server >/dev/null || missing=redis-server; \
	command -v chromium >/dev/null || missing="$$missing chromium fonts-dejavu-core"; \
	[ -n "$${missing# }" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 0; \
	echo "Installing $$missing"; \
	mkdir -p .tools; exec 3>&1 >.tools/apt.log 2>&1; \
	export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	apt="apt-get --yes --option Acquire::Retries=0 --option Acquire::http::Timeout=20"; \
	$$apt update && $$apt install --no-install-recommends $$missing \
	  || echo "That failed (see .tools/apt.log); going on without." >&3
