# The project's commands; `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
DEMO_DATABASE := nova.sqlite
# What a change of installs the project anew.
RECIPE := setup.py pyproject.toml nova_db/version.py
# One worker more than there are cores, as tests wait for servers, and for each other in races; past four the servers
# are what one waits for. Each has its own databases. Tests of one class or module stay on one worker, because they share
# what is dear to make; tests/conftest.py says which begin.
PYTEST := pytest --numprocesses $(shell echo $$(($$(nproc) + 1))) --maxprocesses 4 --dist loadscope --no-loadscope-reorder
SUITES := tests conformance/nova_db_conformance
SQL_TESTS := tests/sqlalchemy tests/failures conformance/nova_db_conformance/engine \
    conformance/nova_db_conformance/functions
POOLED_TESTS := conformance/nova_db_conformance/functions conformance/nova_db_conformance/isolation \
    conformance/nova_db_conformance/transactions
LANES := --nova-db-backend sqlite --nova-db-backend postgresql --nova-db-backend mariadb
WITH_SERVERS = postgresql=$$($(BIN)/python -m scripts.servers postgresql url) && \
	mariadb=$$($(BIN)/python -m scripts.servers mariadb url) && \
	NOVA_DB_TEST_POSTGRESQL="$$postgresql" NOVA_DB_TEST_MARIADB="$$mariadb"
# More arguments for pytest: make test ARGS="-k quotas -x"
ARGS :=

.PHONY: help venv run test lint types generate format test-pythons test-galera test-replica test-failures \
    test-plain test-pgbouncer test-mysqlclient test-kills test-columns test-new-column test-lmdb test-anomalies \
    test-suite test-plants test-mutants fuzz \
    sequences bench bench-large bench-tools servers servers-stop wheel clean
.DEFAULT_GOAL := help

help:
	@echo 'make run           install, then a cloud'"'"'s day on $(DEMO_DATABASE) and in memory'
	@echo 'make test          lint, types, and all tests on memory, SQLite, PostgreSQL and MariaDB (ARGS=... for pytest)'
	@echo 'make lint          ruff: rules and format; import-linter: which way imports run'
	@echo 'make types         mypy, strict'
	@echo 'make generate      write anew what is made from the code: types for callers, tables and drawings of the docs'
	@echo 'make format        let ruff mend and format what it can'
	@echo 'make test-pythons  the tests on memory, LMDB and SQLite, on each of Python 3.11 to 3.14 that is there'
	@echo 'make test-galera   the races and failures of a cluster, on three MariaDB nodes that are started for it'
	@echo 'make test-replica  the tests of read replicas, on a PostgreSQL and its streaming standby'
	@echo 'make test-failures the tests of servers that stop and crash, and, as root, of full disks'
	@echo 'make test-plain    the tests of SQL servers, with psycopg and PyMySQL used by what they document alone'
	@echo 'make test-pgbouncer functions, races and transactions on PostgreSQL behind PgBouncer, which is installed for it'
	@echo 'make test-mysqlclient the same on MariaDB through mysqlclient, which is installed for it'
	@echo 'make test-columns  the tests of SQL servers, on tables whose columns stand the other way round'
	@echo 'make test-new-column all that a new column touches, in a copy of the tree that has one'
	@echo 'make test-lmdb     all of the suite on LMDB, of which make test runs the primitives'
	@echo 'make test-kills    processes killed at work: archiving, twenty times on each SQL server; LMDB, a hundred times'
	@echo 'make test-anomalies what transactions must never show, twenty rounds on each backend, and the counts'
	@echo 'make test-suite    the suite itself: planted mistakes, and mutants of the code, all of which it has to find'
	@echo 'make test-plants   of these the planted mistakes: backends with a bug each, found by the stage that should'
	@echo 'make test-mutants  and 200 mutants (ARGS="--seed 7 --only nova_db/operations/quotas.py")'
	@echo 'make fuzz          100,000 calls with hostile arguments on each backend (ARGS="--calls 1000 --seed 7 sqlite")'
	@echo 'make sequences     200,000 calls in random sequences on each backend, as in memory (ARGS="--calls 5000 --seed 7 sqlite")'
	@echo 'make bench         ours, the peer and the raw libraries in turn, on a quiet machine: ten minutes (ARGS="memory sqlite")'
	@echo 'make bench-large   the same for hours, with up to a million instances'
	@echo 'make servers       start the private PostgreSQL and MariaDB, print their URLs'
	@echo 'make servers-stop  stop them'
	@echo 'make wheel         build dist/*.whl and dist/*.tar.gz'
	@echo 'make venv          bring $(VENV) up to date'
	@echo 'make clean         remove the environments, the servers and everything built'

# The environment ------------------------------------------------------------------------------------------------------

venv: $(VENV)/.installed

$(VENV)/.installed: $(RECIPE)
	@echo '== environment: $(VENV)'
	@$(BIN)/python -c '' 2>/dev/null || { python=$$(scripts/find-python) && "$$python" -m venv --clear $(VENV); }
	@$(BIN)/python -m pip install -qq --editable '.[dev]'
	@touch $@

.PRECIOUS: .venvs/%/.installed
.venvs/%/.installed: $(RECIPE)
	@echo '== environment: .venvs/$*'
	@python=$$(scripts/find-python $*) && "$$python" -m venv --clear .venvs/$*
	@.venvs/$*/bin/python -m pip install -qq --editable '.[dev]'
	@touch $@

# The main job ---------------------------------------------------------------------------------------------------------

run: venv
	@$(BIN)/nova-db --connection sqlite:///$(DEMO_DATABASE) sync
	@$(BIN)/nova-db --connection sqlite:///$(DEMO_DATABASE) seed
	@$(BIN)/nova-db --connection sqlite:///$(DEMO_DATABASE) demo
	@$(BIN)/nova-db --connection sqlite:///$(DEMO_DATABASE) status
	@$(BIN)/nova-db --backend memory demo

# Checks ---------------------------------------------------------------------------------------------------------------

lint: venv
	@echo '== lint'
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --diff .
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report" >&2; exit 1; }

types: venv
	@echo '== types'
	@$(BIN)/mypy --no-error-summary

# What is written by the code itself; tests tell when it is not up to date.
generate: venv
	@$(BIN)/python -m nova_db.stubs
	@$(BIN)/python -m nova_db_sqlalchemy.models.stub
	@$(BIN)/python -m scripts.functions
	@$(BIN)/python -m scripts.architecture
	@$(BIN)/python -m scripts.backend_authors
	@$(BIN)/python -m scripts.belongings
	@$(BIN)/python -m scripts.secret_columns
	@$(BIN)/python -m scripts.url_parameters
	@$(BIN)/python -m scripts.performance

format: venv
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

# Nothing comes after pytest, so that its summary is the last thing said. Part of the tests cannot cover all functions.
test: lint types
	@echo '== tests'
	@$(WITH_SERVERS) exec $(BIN)/$(PYTEST) --nova-db-backend memory $(LANES) $(if $(ARGS),$(ARGS),--nova-db-coverage) $(SUITES)

test-pythons:
	@failed=; for version in 3.11 3.12 3.13 3.14; do \
	    if scripts/find-python $$version >/dev/null 2>&1; \
	    then $(MAKE) --no-print-directory test-python-$$version || failed="$$failed $$version"; \
	    else echo "== Python $$version is not on this machine: not tested"; fi; \
	done; \
	if [ -n "$$failed" ]; then echo "failed on Python:$$failed" >&2; exit 1; fi

test-galera: venv
	@echo '== tests on a Galera cluster of three MariaDB nodes'
	@exec $(BIN)/pytest -p no:xdist $(ARGS) tests/galera

test-replica: venv
	@echo '== tests on a PostgreSQL and its streaming standby'
	@urls=$$($(BIN)/python -m scripts.servers replica url) && NOVA_DB_TEST_REPLICA="$$urls" exec \
	    $(BIN)/pytest -p no:xdist $(ARGS) tests/replica

test-failures: venv
	@echo '== tests of servers that stop and crash, and of full disks'
	@NOVA_DB_TEST_FAILURES=1 exec $(BIN)/pytest -p no:xdist $(ARGS) \
	    tests/failures/test_restarts.py tests/failures/test_full_disks.py

test-plain: venv
	@echo '== tests of SQL servers, with psycopg and PyMySQL used by what they document alone'
	@$(WITH_SERVERS) NOVA_DB_PLAIN_LIBRARIES=1 exec $(BIN)/$(PYTEST) --nova-db-backend postgresql \
	    --nova-db-backend mariadb $(if $(ARGS),$(ARGS),$(SQL_TESTS))

test-pgbouncer: venv
	@echo '== tests of PostgreSQL by way of a PgBouncer that gives each transaction another connection'
	@url=$$($(BIN)/python -m scripts.servers pgbouncer url) && NOVA_DB_TEST_POSTGRESQL="$$url" exec $(BIN)/$(PYTEST) \
	    --nova-db-backend postgresql $(if $(ARGS),$(ARGS),$(POOLED_TESTS))

test-mysqlclient: venv
	@echo '== tests of MariaDB through mysqlclient'
	@$(BIN)/python -m pip install -qq 'mysqlclient>=2.2'
	@$(WITH_SERVERS) NOVA_DB_TEST_MARIADB="mariadb+mysqldb://$${mariadb#*://}" exec $(BIN)/$(PYTEST) \
	    --nova-db-backend mariadb $(if $(ARGS),$(ARGS),$(SQL_TESTS))

test-columns: venv
	@echo '== tests of SQL servers, on tables whose columns stand the other way round'
	@$(WITH_SERVERS) exec $(BIN)/$(PYTEST) -p tests.migrations.backwards $(LANES) \
	    $(if $(ARGS),$(ARGS),tests/moving tests/upkeep tests/models conformance/nova_db_conformance)

test-new-column: venv
	@echo '== all that a new column touches, in a copy of the tree that has one'
	@$(WITH_SERVERS) NOVA_DB_TEST_NEW_COLUMN=1 exec $(BIN)/pytest -p no:xdist --nova-db-backend memory $(LANES) $(ARGS) \
	    tests/migrations/test_new_column.py

test-lmdb: venv
	@echo '== the suite on LMDB, and what is tested on each backend'
	@exec $(BIN)/$(PYTEST) --nova-db-backend lmdb $(if $(ARGS),$(ARGS),--nova-db-coverage) $(SUITES)

test-kills: venv
	@echo '== processes killed at work'
	@NOVA_DB_TEST_KILLS=100 $(BIN)/pytest -p no:xdist $(ARGS) tests/lmdb/test_processes.py
	@$(WITH_SERVERS) NOVA_DB_TEST_KILLS=20 exec $(BIN)/pytest -p no:xdist $(LANES) $(ARGS) tests/upkeep/test_kills.py

# What goes by the clock wants the machine for itself, so there are no workers.
test-anomalies: venv
	@echo '== anomalies: twenty rounds of each scenario on each backend'
	@$(WITH_SERVERS) NOVA_DB_ANOMALY_ROUNDS=$${NOVA_DB_ANOMALY_ROUNDS:-20} exec $(BIN)/pytest -p no:xdist \
	    --nova-db-backend memory $(LANES) $(ARGS) conformance/nova_db_conformance/isolation

test-suite: test-plants test-mutants

# Two at a time: each is a run of the suite, or of some stages of it, in a process of its own.
test-plants: venv
	@echo '== planted mistakes'
	@NOVA_DB_TEST_SUITE=1 exec $(BIN)/pytest --numprocesses 2 --dist load tests/suite/test_plants.py tests/suite/test_planted.py

test-mutants: venv
	@echo '== mutants'
	@exec $(BIN)/python -m scripts.mutants $(ARGS)

fuzz: venv
	@echo '== calls with hostile arguments on each backend, beside the memory backend'
	@$(WITH_SERVERS) exec $(BIN)/python -m scripts.fuzz $(ARGS)

sequences: venv
	@echo '== random sequences of calls on each backend, beside the memory backend'
	@$(WITH_SERVERS) exec $(BIN)/python -m scripts.sequences $(ARGS)

# What is measured goes by the clock, so the machine should have nothing else to do.
bench: bench-tools build/peer/.installed
	@echo '== benchmarks'
	@$(WITH_SERVERS) exec $(BIN)/python -m benchmarks $(ARGS)

bench-large: bench-tools build/peer/.installed
	@echo '== benchmarks, up to a million instances'
	@$(WITH_SERVERS) exec $(BIN)/python -m benchmarks --large $(ARGS)

# mysqlclient takes MariaDB's C library and its headers; without them that column is left out, which is told.
bench-tools: venv
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || $(BIN)/python -m pip install -qq --editable '.[bench]'
	@$(BIN)/python -c 'import MySQLdb' 2>/dev/null || $(BIN)/python -m pip install -qq 'mysqlclient>=2.2' >/dev/null 2>&1 || true

# The peer that calls are set beside: in an environment of its own, on the same Python, with the libraries it documents.
build/peer/.installed: | venv
	@echo '== environment: build/peer'
	@$(BIN)/python -m venv --clear build/peer
	@build/peer/bin/python -m pip install -qq nova psycopg2-binary PyMySQL
	@touch $@

test-python-%: .venvs/%/.installed
	@echo '== tests on Python $*, memory, LMDB and SQLite'
	@.venvs/$*/bin/$(PYTEST) --nova-db-backend memory --nova-db-backend lmdb --nova-db-backend sqlite $(ARGS) $(SUITES)

# Servers, builds, clean -----------------------------------------------------------------------------------------------

servers: venv
	@$(BIN)/python -m scripts.servers all url

servers-stop:
	@python=$$(scripts/find-python) && "$$python" -m scripts.servers all stop

wheel: venv
	@$(BIN)/python -m build --outdir dist

clean:
	@python=$$(scripts/find-python) && "$$python" -m scripts.servers all remove
	@rm -rf $(VENV) .venvs build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	@rm -f $(DEMO_DATABASE) $(DEMO_DATABASE)-shm $(DEMO_DATABASE)-wal
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
