# The only entry point: `make` alone prints the targets. CI runs `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The first Python that is new enough; when none is, the tools check says what to install.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; \
	done; echo python3)
BIN := .venv/bin
# -B: running a broker writes nothing outside .kafka, no compiled module either.
BROKER := $(PYTHON) -B deploy/kafka/broker.py
PORT ?= 9092
# Of each kind an instance of its own: dev, secured, brokers, secured-brokers.
KAFKA = $(if $(SECURE),secured$(if $(BROKERS),-brokers),$(if $(BROKERS),brokers,dev))
# Several take free ports, which `up` prints, unless PORT is said.
KAFKA_PORT = $(if $(BROKERS),$(if $(filter file,$(origin PORT)),0,$(PORT)),$(PORT))
SAY = @echo
comma := ,
CODE := rater topics loadtest deploy tests

# How many processes share the tests: one more than there are cores, for those on Kafka wait a lot.
JOBS ?= $(shell $(PYTHON) -c 'import os; n = os.cpu_count() or 1; print(min(n + (n > 1), 8))')
# Brokers of the tests with TLS and logins (tests/e2e/logins.py).
SECURELY = $(if $(SECURE),RATER_TEST_SECURE=1)
# Reading all the other files to find no such test in them takes 20 s.
WITH_ALONE = $$(grep -rl --include='test_*.py' 'mark\.alone' tests)
SHARED = -n $(JOBS) --dist loadgroup --no-loadscope-reorder

.PHONY: help tools install dev compiled kafka-jars kafka-classes kafka-up kafka-down fmt lint types imports test \
	test-compiled test-alone test-interpreted dist-check test-fast \
	props e2e kill chaos brokers months load load-full bench bench-core bench-gatekeeper bench-growth bench-users bench-latency \
	demo observe check-dashboards schemas docs asyncapi-packages check-asyncapi deck cover lock check-observe check-deploy clean

help:  ## print this list
	@echo "make TARGET        (* = part of make test, which is what CI runs)"
	@grep -E '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) \
		| awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'
	@echo "RATER_BROKER=host:port uses a Kafka that is already there; PORT=N moves kafka-up (9092; of BROKERS=3 the first)."

tools:  ## * check that Python, a JDK and Maven are there; say how to install what is not
	$(SAY) "==> tools: Python, and for Kafka a JDK and Maven"
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer" \
		"(sudo apt-get install python3 python3-venv, or brew install python@3.12)" >&2; exit 1; }
	@$(PYTHON) deploy/check_tools.py $(if $(RATER_BROKER),--python)

install: .venv/installed .venv/compiled  ## make .venv with the locked dependencies and the rater command
	@echo "ready: $(BIN)/rater"

dev: .venv/installed-dev .venv/compiled  ## * the same, with the tools of the developers

compiled: .venv/compiled

kafka-jars: tools  ## * fetch Apache Kafka 4.3.0 into .kafka/jars
	@if [ -z "$${RATER_BROKER:-}" ]; then $(BROKER) fetch; fi

kafka-up: kafka-jars $(if $(SECURE),install)  ## start Apache Kafka on port 9092; SECURE=1: with TLS, logins and access rules; BROKERS=3: three
ifdef SECURE
	@$(BIN)/rater topics acls --format json >.kafka/acls.json
endif
	@$(BROKER) up --port $(KAFKA_PORT) --instance $(KAFKA) --brokers $(or $(BROKERS),1) $(if $(SECURE),--acls .kafka/acls.json)

kafka-down:  ## stop it (with the same SECURE=1, BROKERS=3); its data stay in .kafka until make clean
	@$(BROKER) down --instance $(KAFKA)

fmt: dev  ## format the code and mend what ruff can mend
	$(SAY) "==> ruff: formatting"
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

lint: .venv/installed-dev  ## * ruff: style and formatting
	$(SAY) "==> ruff: style and formatting"
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

types: .venv/installed-dev  ## * mypy --strict
	$(SAY) "==> mypy: types"
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases deploy/kafka deploy/check_tools.py deploy/checks.py \
		deploy/dist_check.py deploy/rooms.py

imports: .venv/installed-dev  ## * the import contracts of pyproject.toml
	$(SAY) "==> lint-imports: who may import whom"
	@$(BIN)/lint-imports

kafka-classes: kafka-jars  ## * load the classes of a broker once: those of tests start from that
	@if [ -z "$${RATER_BROKER:-}" ]; then $(BROKER) classes; fi

test: tools  ## * all of it: set-up, checks, tests against real Kafka
	@$(PYTHON) deploy/checks.py

test-compiled: dev kafka-jars  ## * the tests but the long suites, on real Kafka (JOBS=N processes)
	$(SAY) "==> pytest: everything but the long suites; starts Kafka on free ports and stops it"
	@$(BIN)/pytest -m "not slow and not alone" -p tests.dearest $(SHARED)

test-alone: dev kafka-jars  ## * the tests that hold bounds of time, with nothing beside them
	$(SAY) "==> pytest: what holds bounds of time; starts Kafka on free ports and stops it"
	@$(BIN)/pytest -m "not slow and alone" $(WITH_ALONE)

test-interpreted: .venv/installed-dev  ## * core, wire and batches once more, interpreted, with the floor of coverage
	$(SAY) "==> pytest: core, wire and batches once more, interpreted; coverage of core and wire"
	@RATER_INTERPRETED=1 $(BIN)/coverage run -m pytest tests/core tests/wire tests/batch
	@$(BIN)/coverage report

dist-check: .venv/installed-dev  ## build sdist and wheels, compiled and not; install and try each (2 min of CPU)
	$(SAY) "==> dist-check: sdist and wheels, each installed in an empty environment"
	@$(BIN)/python deploy/dist_check.py

test-fast: dev  ## * the tests that need no Kafka
	$(SAY) "==> pytest: without Kafka"
	@$(BIN)/pytest -m "not kafka and not slow" --ignore=tests/e2e $(SHARED)

props: dev  ## * the property tests, with their statistics
	$(SAY) "==> pytest: properties, under hypothesis"
	@$(BIN)/pytest -m "not kafka and not slow" --ignore=tests/e2e -k "propert" --hypothesis-show-statistics

e2e: dev kafka-jars  ## * the tests on real Kafka alone; SECURE=1: on secured brokers, each role by its login
	$(SAY) "==> pytest: end to end; starts Kafka on a free port and stops it"
	@$(SECURELY) $(BIN)/pytest tests/e2e -m "not slow and not alone" $(SHARED)
	@$(SECURELY) $(BIN)/pytest -m "not slow and alone" $(WITH_ALONE)

kill: dev kafka-jars  ## the long kill loop: SIGKILLs, joins and leaves, a zombie, a killed broker, three brokers; SECURE=1 likewise
	$(SAY) "==> pytest: the long kill loop"
	@$(SECURELY) $(BIN)/pytest tests/e2e -m slow -p no:randomly -s

chaos: dev kafka-jars  ## services and broker killed, stopped, paused by a seed, and the verdict (10 minutes); ARGS="--deeds 400 --seed 7 --shrink 12"
	$(SAY) "==> chaos: all services on real Kafka$(if $(ARGS),$(comma) $(ARGS))"
	@$(BIN)/python -m tests.chaos $(ARGS)

brokers: dev kafka-jars  ## three brokers: one killed under load, then all of them and all services one after the other; SECURE=1 likewise
	$(SAY) "==> pytest: three brokers, under kills"
	@$(SECURELY) $(BIN)/pytest tests/e2e/test_three_brokers_kafka.py -m slow -p no:randomly -s

explain: dev  ## explain every entry of a run of 100,000 CDRs with plans, corrections and voids (some minutes)
	$(SAY) "==> pytest: every entry of a long run is explained"
	@$(BIN)/pytest tests/views/explanation/test_runs.py -m slow -p no:randomly -s

months: dev kafka-jars  ## months pass by libfaketime (apt-get install faketime), the broker deletes the oldest, the rest is proven (3 minutes)
	$(SAY) "==> pytest: months pass, and Kafka's own retention"
	@$(BIN)/pytest tests/e2e/test_months_pass_kafka.py -m slow -p no:randomly

bench: dev kafka-jars  ## one worker on real Kafka; ARGS="--workers 2", ARGS="--against HEAD~1": docs/explanation/benchmarks.md
	$(SAY) "==> bench: $(if $(ARGS),$(ARGS),one worker on real Kafka against two references)"
	@$(BIN)/python -m loadtest.bench $(ARGS)

bench-core: dev  ## the core alone, microseconds per CDR
	$(SAY) "==> bench: the core alone"
	@$(BIN)/python -m loadtest.bench --core-only $(ARGS)

bench-growth: dev  ## the core with more prefixes, tenants, lots and remembered CDRs; one JSON line last
	$(SAY) "==> bench: how the cost of a CDR grows"
	@$(BIN)/python -m tests.bench_growth $(ARGS)

bench-users: dev  ## the core with one tenant of 1, 1,000 and 20,000 users; one JSON line last
	$(SAY) "==> bench: one tenant with many users"
	@$(BIN)/python -m tests.bench_growth --users $(ARGS)

bench-latency: dev kafka-jars  ## CDR to payment command at half load, p50 and p99; one JSON line last
	$(SAY) "==> bench: from a CDR to its payment command, at half load"
	@$(BIN)/python -m loadtest.latency $(ARGS)

load: dev kafka-jars  ## the standard load test (3 minutes): speed, cost, latency, money; its page in build/load; ARGS="--seconds 60"
	$(SAY) "==> load: one worker on real Kafka, everything on"
	@$(BIN)/loadtest run $(ARGS)

load-full: dev kafka-jars  ## the long one (a quarter of an hour): 3,000,000 CDRs, 5 minutes of latency
	$(SAY) "==> load: one worker on real Kafka, everything on, for long"
	@$(BIN)/loadtest run --to build/load-full --num-records 3000000 --tenants 5000 --seconds 300 $(ARGS)

bench-gatekeeper: dev kafka-jars  ## questions whether calls may start, 2,000/s while statuses change; one JSON line last
	$(SAY) "==> bench: questions to a gatekeeper, by a schedule"
	@$(BIN)/python -m loadtest.gatekeeper $(ARGS)

demo: dev kafka-jars  ## watch 100,000 CDRs being charged, then the reconciler's verdict; SECURE=1: each role by its login; ARGS="--cdrs 5000"
	$(SAY) "==> demo: real Kafka, one worker$(if $(ARGS),$(comma) $(ARGS),$(comma) 100,000 CDRs)$(if $(SECURE),; TLS and a login for each role)"
	@$(BIN)/python -m loadtest.demo $(if $(SECURE),--secure) $(ARGS)

observe: dev kafka-jars  ## demo traffic with Prometheus and Alertmanager, dashboards in the browser, an alert on purpose; ARGS=--once ends
	$(SAY) "==> observe: real Kafka, all services, Prometheus, Alertmanager; Ctrl-C ends it"
	@$(BIN)/python -m loadtest.observe $(ARGS)

check-dashboards: dev kafka-jars  ## every query of every dashboard on a real run, scraped by Prometheus (10 minutes)
	$(SAY) "==> dashboards: a real run is watched, charging is killed, every query must return data"
	@$(BIN)/pytest tests/loadtest/test_observed_kafka.py -m slow -p no:randomly -s

schemas: .venv/installed-dev  ## write topics/schemas, topics/asyncapi.yaml, LETTERS.md, rule files, dashboards and the committed pages of docs from the code
	$(SAY) "==> topics/schemas, LETTERS.md and what docs say of the code: written"
	@$(BIN)/python -m topics.schema --write
	@RATER_INTERPRETED=1 $(BIN)/python deploy/make_letters.py
	@RATER_INTERPRETED=1 $(BIN)/python -m deploy.reference.committed --write

check-deploy: dev kafka-jars  ## the image, built and run; composition and units by their own readers (root; many minutes)
	$(SAY) "==> deploy: image, composition and units, tried as far as there is no Docker here"
	@$(BIN)/python -m deploy.shipped

check-observe: .venv/installed-dev  ## rules, alerts, runbooks, dashboards; with promtool (apt-get install prometheus) alerts are tried, among all others too
	$(SAY) "==> observe: rules, alerts, runbooks, dashboards$$(command -v promtool >/dev/null || echo '; promtool is not here: no alert is tried')"
	@RATER_INTERPRETED=1 $(BIN)/pytest -m 'slow or not slow' tests/test_observe.py tests/test_runbooks.py tests/test_boards.py $(SHARED)

docs: .venv/installed-dev asyncapi-packages  ## * build the documents as a site into build/site, with the reference; warnings are errors
	$(SAY) "==> mkdocs: build/site"
	@RATER_INTERPRETED=1 NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

check-asyncapi: .venv/installed-dev .asyncapi/installed  ## read topics/asyncapi.yaml with AsyncAPI's own parser (needs npm)
	$(SAY) "==> asyncapi: its own parser reads topics/asyncapi.yaml"
	@node deploy/asyncapi/check.cjs .asyncapi topics/asyncapi.yaml
	@RATER_INTERPRETED=1 $(BIN)/pytest tests/test_asyncapi.py

# Where there is no npm, or no registry, everything else is made and checked all the same.
asyncapi-packages:
	@$(MAKE) .asyncapi/installed || echo "==> no npm, or no registry: the site is without AsyncAPI's own page," \
		"and AsyncAPI's parser checks nothing"

deck: dev  ## make the sample deck again from the numbering data of phonenumbers
	$(SAY) "==> sample deck: made again"
	@$(BIN)/python deploy/make_sample_deck.py

cover: test-interpreted  ## the same: branch coverage of core and wire, line by line

lock: pyproject.toml  ## resolve the lock files again (needs uv)
	$(SAY) "==> uv: requirements.lock, requirements-dev.lock and requirements-uv.lock"
	@printf '%s\n' $(BUILD) | $(LOCK) -o requirements.lock
	@printf '%s\n' $(BUILD) | $(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	@echo uv | $(subst pyproject.toml ,,$(LOCK)) -o requirements-uv.lock

clean:  ## stop every Kafka of this folder and delete .kafka, .venv and all caches
	$(SAY) "==> stopping Kafka, deleting .kafka .venv and caches"
	@if [ -d .kafka ]; then $(BROKER) down-all; fi
	@rm -rf .kafka .asyncapi .deploy .venv build dist .coverage *.egg-info rater/compiled.json \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find rater -name '*.so' -delete

# What builds is in the lock, too: pip needs no build environment of its own to install the project.
BUILD = 'setuptools>=70.1' 'mypy>=2.4,<3'
LOCK = uv pip compile pyproject.toml - --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock"
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check install
# uv installs in seconds what takes pip minutes; where it is not to be had, or reaches no packages, pip does it.
INSTALL = { { [ -x $(BIN)/uv ] || $(PIP) --require-hashes -r requirements-uv.lock; } \
	&& $(BIN)/uv pip install --quiet --link-mode copy --python $(BIN)/python --require-hashes $(2) -r $(1); } \
	|| { echo "==> uv could not: pip does it, more slowly"; $(PIP) --require-hashes -r $(1); }
EDITABLE = --no-deps --no-build-isolation --editable .

.venv/bin/pip:
	@command -v $(PYTHON) >/dev/null || $(MAKE) tools
	@$(PYTHON) deploy/check_tools.py --python
	$(SAY) "==> making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/pip
	$(SAY) "==> uv: installing requirements.lock and the rater command into .venv"
	@$(call INSTALL,requirements.lock,--compile-bytecode)
	@RATER_COMPILE=0 $(PIP) $(EDITABLE)
	@touch $@

# Whatever a compiled module is made of: an older one must never stand before a newer source.
.venv/compiled: .venv/installed setup.py \
		$(shell find rater/core rater/wire rater/batch topics -name '*.py')
	$(SAY) "==> mypyc: compiling the hot path; without a C compiler it runs interpreted"
	@MYPY_CACHE_DIR=.mypy_cache/compiled $(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

# The lock is made again by `npm install --package-lock-only` in deploy/asyncapi.
.asyncapi/installed: deploy/asyncapi/package.json deploy/asyncapi/package-lock.json deploy/asyncapi/.npmrc
	$(SAY) "==> npm: installing deploy/asyncapi/package-lock.json into .asyncapi"
	@command -v node >/dev/null
	@mkdir -p .asyncapi
	@cp $^ .asyncapi/
	@cd .asyncapi && npm ci --silent
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(SAY) "==> uv: installing requirements-dev.lock into .venv"
	@$(call INSTALL,requirements-dev.lock)
	@touch $@
