"""What can be configured: the declarations. :mod:`nova_db.conf` registers and reads them."""

from __future__ import annotations

from typing import Final

from oslo_config import cfg

from nova_db.conf.defaults import DEFAULT_BACKEND, DEFAULT_CONNECTION
from nova_db.conf.numbers import LONGEST_WAIT, MOST, YEAR, Seconds
from nova_db.conf.shared import BoolOpt, IntOpt, Opt, StrOpt
from nova_db.conf.templates import of_id, of_instance

_DEFAULT: list[cfg.Opt] = [
    BoolOpt(
        "enable_new_services",
        default=True,
        mutable=True,
        help="Whether a service that reports in for the first time may be used at once. When false, its record is "
        "created disabled, whatever the service asks for, and an operator enables it.",
    ),
    StrOpt(
        "compute_topic",
        default="compute",
        mutable=True,
        help="The message topic of compute services. A service is looked up as the one of a compute host only if "
        "its record carries this topic.",
    ),
    Opt(
        "instance_name_template",
        type=of_instance("instance-%08x"),
        default="instance-%08x",
        mutable=True,
        help="How the name of an instance is made. A plain format such as %08x or %d is given the instance's "
        "number; named ones, as in 'vm-%(uuid)s', are given the columns of its record. Names are made "
        "whenever a record is read, so a change applies to existing instances too. An instance that has none of the "
        "columns named, or null there where a number is to stand, is named by its uuid.",
    ),
    Opt(
        "snapshot_name_template",
        type=of_id("snapshot-%s"),
        default="snapshot-%s",
        mutable=True,
        help="How the name of a volume snapshot is made from its id.",
    ),
    Opt(
        "volume_name_template",
        type=of_id("volume-%s"),
        default="volume-%s",
        mutable=True,
        help="How the name of a volume is made from its id.",
    ),
    StrOpt(
        "osapi_compute_unique_server_name_scope",
        default="",
        mutable=True,
        help="Where the hostname of an instance must be unique, upper and lower case counting as the same: "
        "'project': among the live instances of the project; 'global': among all live instances; empty: "
        "nowhere. Any other value is reported in the log and means nowhere.",
    ),
    BoolOpt(
        "fatal_exception_format_errors",
        default=False,
        mutable=True,
        help="Whether an exception whose text cannot be put together from its arguments makes way for the "
        "formatting error. Meant for test runs: otherwise the text stays unfilled and the log tells the "
        "arguments.",
    ),
]

_POOL: list[cfg.Opt] = [
    IntOpt(
        "max_pool_size",
        default=5,
        min=0,
        max=MOST,
        deprecated_opts=[cfg.DeprecatedOpt("sql_max_pool_size", group="DEFAULT")],
        help="How many connections a process keeps open. 0 means as many as were ever needed at once.",
    ),
    IntOpt(
        "max_overflow",
        min=-1,
        max=MOST,
        deprecated_opts=[cfg.DeprecatedOpt("sql_max_overflow", group="DEFAULT")],
        help="How many connections a process may open beyond max_pool_size while it needs them; -1 means any "
        "number. Unset, 10.",
    ),
    IntOpt(
        "pool_timeout",
        min=0,
        max=YEAR,
        help="How many seconds a call waits for a connection when all are in use, before it fails. Unset, 30.",
    ),
    IntOpt(
        "connection_recycle_time",
        default=3600,
        min=-1,
        max=MOST,
        deprecated_opts=[cfg.DeprecatedOpt("sql_idle_timeout", group="DEFAULT")],
        help="After how many seconds a connection is replaced the next time it is taken from the pool; -1 means "
        "never. Keep it below the time after which the server or a proxy drops idle connections.",
    ),
]

_THREADS: list[cfg.Opt] = [
    IntOpt(
        "aio_threads",
        min=2,
        max=MOST,
        help="How many threads the calls of event loops (nova_db.aio) run on, for the process as a whole: half of them "
        "for open transactions, half for other calls. Unset, as many as there may be connections, or 32 where these "
        "have no bound.",
    ),
]

_TIMEOUTS: list[cfg.Opt] = [
    IntOpt(
        "connect_timeout",
        default=10,
        min=2,
        max=YEAR,
        help="After how many seconds without success an attempt to connect to a server fails.",
    ),
    IntOpt(
        "lock_timeout",
        default=30,
        min=1,
        max=LONGEST_WAIT,
        help="How many seconds a statement waits for what another transaction holds, before that counts as a lost "
        "conflict.",
    ),
    IntOpt(
        "read_timeout",
        min=1,
        max=YEAR,
        help="How many seconds a server may be silent while an answer is awaited, before its connection counts as "
        "lost: choose more than lock_timeout, and than the slowest statement takes. Unset, any time.",
    ),
]

_RETRIES: list[cfg.Opt] = [
    IntOpt(
        "max_retries",
        default=10,
        min=-1,
        max=MOST,
        deprecated_opts=[cfg.DeprecatedOpt("sql_max_retries", group="DEFAULT")],
        help="How many further attempts are made when the first connection to the server fails; -1 means no end. "
        "A refused login or a missing database is told at once.",
    ),
    IntOpt(
        "retry_interval",
        default=10,
        min=0,
        max=YEAR,
        deprecated_opts=[cfg.DeprecatedOpt("sql_retry_interval", group="DEFAULT")],
        help="How many seconds pass between these attempts, and after a read replica failed before it is tried again.",
    ),
    IntOpt(
        "db_max_retries",
        default=20,
        min=-1,
        max=MOST,
        help="How often a call that lost a conflict (a deadlock, a failed serialization or certification, a lock "
        "that others keep) or its connection is run again before the error is raised; -1 means no end.",
    ),
    Opt(
        "db_retry_interval",
        type=Seconds(),
        default=0.002,
        help="The seconds before a call is run again, at most: the pause is any part of them.",
    ),
    BoolOpt(
        "db_inc_retry_interval",
        default=True,
        help="Whether that interval doubles with each attempt.",
    ),
    Opt(
        "db_max_retry_interval",
        type=Seconds(),
        default=0.5,
        help="The bound to which that interval doubles, in seconds.",
    ),
]

_DATABASE: list[cfg.Opt] = [
    StrOpt(
        "backend",
        default=DEFAULT_BACKEND,
        deprecated_opts=[cfg.DeprecatedOpt("db_backend", group="DEFAULT")],
        help="The backend that stores the state: the name of an installed one (an entry point in the group "
        "nova_db.backends), or the import path of a module with a function get_backend(), or of a driver "
        "class.",
    ),
    StrOpt(
        "connection",
        default=DEFAULT_CONNECTION,
        secret=True,
        deprecated_opts=[cfg.DeprecatedOpt("sql_connection", group="DEFAULT")],
        help="The URL of the database, such as postgresql+psycopg://user:password@host/nova, "
        "mysql+pymysql://user:password@host/nova, or sqlite:////var/lib/nova/nova.sqlite. The default, of the backend "
        "sqlalchemy alone, is a file in the current folder.",
    ),
    StrOpt(
        "slave_connection",
        secret=True,
        help="The URL of a read replica of that database. Reads of callers that accept slightly old data "
        "(nova_db.allow_stale_reads) go there, over as many connections again; the primary answers while it is "
        "down. Unset, the primary answers always.",
    ),
    StrOpt(
        "connection_parameters",
        default="",
        secret=True,
        help="Further parameters for the URLs, as name=value&name=value, instead of those of the same name there.",
    ),
    BoolOpt(
        "strict_filters",
        default=False,
        mutable=True,
        help="Whether a filter of a list that has a name which the list does not know is an error (Invalid). When "
        "false, it is ignored, as it has always been, and the log tells of each name once. Unset, test databases "
        "(nova_db.fixtures) make it an error.",
    ),
    *_POOL,
    *_THREADS,
    *_TIMEOUTS,
    *_RETRIES,
    IntOpt(
        "mysql_wsrep_sync_wait",
        min=0,
        max=15,
        help="On a Galera cluster: which calls wait until their node has all that any node committed before: "
        "1 all calls, so that each sees what others were told to be done; 0 none. Unset, the server's setting "
        "holds. Further bits as the server's variable wsrep_sync_wait has them.",
    ),
    BoolOpt(
        "postgresql_transaction_pooling",
        help="Whether PostgreSQL is reached by way of a pooler that has a session for each transaction, as PgBouncer "
        "does with pool_mode = transaction. Then no statement is prepared, and each transaction is told what otherwise "
        "a session is. Unset, that is done where a connection leads to a pooler; false spares it where the pooler has "
        "a session for each connection (pool_mode = session).",
    ),
    BoolOpt(
        "sqlite_synchronous",
        default=True,
        deprecated_opts=[cfg.DeprecatedOpt("sqlite_synchronous", group="DEFAULT")],
        help="Whether SQLite waits until the disk has what was written. When false, a power failure may damage the "
        "database.",
    ),
    IntOpt(
        "connection_debug",
        default=0,
        min=0,
        max=MOST,
        deprecated_opts=[cfg.DeprecatedOpt("sql_connection_debug", group="DEFAULT")],
        help="What is logged of the conversation with the database: below 50 nothing, from 50 the statements, from "
        "100 the rows too, except those with passwords.",
    ),
]

_CELLS: list[cfg.Opt] = [
    BoolOpt(
        "enable",
        default=False,
        mutable=True,
        help="Whether changes of instances, their faults and their bandwidth are announced to the installed "
        "listeners (entry points in the group nova_db.cells).",
    ),
]

OPTIONS: Final = {"DEFAULT": _DEFAULT, "database": _DATABASE, "cells": _CELLS}
"""The options by group."""
