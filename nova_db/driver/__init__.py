"""The contract: what every driver of the state database does, function by function.

:class:`Driver` declares the functions as abstract methods, one mixin a family; their docstrings are the reference
documentation of ``nova_db.<function>``. The rules below hold for all of them and are not repeated there.

Who may call
    Checked before anything else, the other arguments included. A docstring names the check after ``Auth``:

    ==============  ==============================================================================================
    anyone          nothing is checked; only ``context.read_deleted`` is used, if that
    context         an administrator, or a user: a context with both a user and a project. Else ``NotAuthorized``
    admin           an administrator. Else ``AdminRequired``, which is a ``NotAuthorized``
    own project     as *context*, and a user may only name the project of the context. Else ``NotAuthorized``
    own user        the same for the user
    own class       the same for ``context.quota_class``
    ==============  ==============================================================================================

    A context whose ``is_admin`` is neither a bool nor 0 or 1 is a ``TypeError`` there: it gives no rights by mistake.

Which rows
    Deleting is mostly soft: the row stays, with ``deleted`` set to its own id and ``deleted_at`` to now, and its
    ``updated_at`` as it was. A docstring names the rows of the function's main table after ``Rows``:

    ==============  ==============================================================================================
    visible         as ``context.read_deleted`` says: ``"no"`` live rows, ``"yes"`` all, ``"only"`` soft-deleted ones
    live            live rows, whatever the context says
    all             live and soft-deleted rows, whatever the context says
    ==============  ==============================================================================================

    Rows *of a user's project* are, for a user, those whose ``project_id`` is the context's; administrators see all.
    A row that is hidden in either way is simply not there: the answer is the same ``None``, ``[]`` or exception as for
    one that never existed. A function that deletes *visible* rows also hits rows deleted before, where the context
    shows them, and renews their ``deleted_at``.

Records
    A record is a plain ``dict`` of all columns of its table, computed values included, and of the relations that the
    docstring lists, as nested records or lists of them; nothing else. It is a private copy. What a signature calls it
    stands in :mod:`nova_db.driver.records`: a plain ``dict`` to drivers, a ``TypedDict`` to callers. A record that a
    write returns is what reading it back would give. Related rows are live ones unless said otherwise.
    Lists are in ascending order of ``id``, and "the first" row is the one with the lowest, unless said otherwise.

Arguments
    Each is checked, after the context, by the kind that its annotation names, before the call runs. What is of no use
    (no mapping where values belong, one text where a list of texts does, a limit that is no number) is a ``TypeError``
    or an ``Invalid`` that names the function, the argument, what came and what was expected; keys that a mapping has to
    have are told all at once, by a ``MissingKeys``, which is an ``Invalid`` and a ``KeyError``. A value is refused by
    its type, before any method of its own runs; an exception that the caller's own mapping or iterable raises is passed
    on. An iterable is read once, to its end.

    A ``uuid.UUID`` and the objects of :mod:`ipaddress` are their text, in values and wherever rows are looked up.

Values
    ``values`` maps columns to what they get; only the keys given are written, ``None`` stores null. A key that is
    neither a column nor named by the docstring is an ``UnknownColumn``. On insert, a column that is absent, or
    ``None`` where it has a default, gets its default. Any column may be given, ``id`` and the time stamps included.
    No call ever changes its arguments.

    Integer columns take ints, bools and decimal text; boolean columns bools, 0 and 1; text columns text, and numbers
    as their text; float columns numbers; datetime columns datetimes. What is compared with a column is converted the
    same way, except that a value of another kind then matches no row. ``None`` compares as "is null". Text is
    compared exactly; "ignoring case" folds ASCII letters only. Text is ordered by code point. Text with a NUL or with
    half of a surrogate pair is one of those that no column takes: nothing stores it, and nothing is called so.

    Datetimes are naive UTC; an aware one is converted. Addresses and CIDRs are text: a valid IPv6 one is normalised
    (shortest form, lower case, host bits of a CIDR cleared), anything else is kept as it is, and any spelling finds
    it.

Keys
    The key of a row (``id``) is given with it, or counted, and never changes: an update may repeat it, as where a
    record is written back whole; any other is a ``DBDataError``. An id that a transaction has kept never comes again,
    even if its row is gone; one that was given in a transaction that was undone may, or may not. Ids end at
    2**31 - 1: a ``DBDataError`` that names ``id`` says that there is none left. Where rows are soft-deleted 0 is no
    id, as ``deleted`` could not tell.

Time stamps
    ``created_at`` is the moment of the insert. ``updated_at`` is null at first; an update sets it to now if it
    changes what a column holds, and a function that *stamps* sets it in any case. Both yield to a value given
    explicitly, ``None`` included; but in an update an ``updated_at`` that is the stored one counts as not given.

Atomicity
    A call is one transaction: when it raises, it has changed nothing. The two exceptions say so. What a docstring
    promises under *Racing* holds whatever other callers do at the same time, on any host.

    ``session`` makes a call part of the transaction that :meth:`Driver.transaction` or :meth:`Driver.run` handed out:
    it sees that transaction's changes and commits nothing. With ``None`` it joins the transaction that the calling
    task has open on this driver, if any, else it is one of its own.

    An open transaction belongs to the context (:mod:`contextvars`), the thread and the task (asyncio's, trio's) that
    opened it. A call whose context carries the transaction of another task or thread, as in a task that was started
    within it, is a ``DBTransactionError``. Another task of the same thread may read, and sees what is committed;
    if it writes while the thread has a transaction open, that is a ``DBTransactionError`` as well.

    ``update_cells`` says whether listeners (the ``nova_db.cells`` plug) are told of the change, once it is committed;
    they cannot make the call fail. Without such a plug it has no effect.

Errors
    Exceptions are those of :mod:`nova_db.exceptions`; their keyword arguments carry the values as passed. Beside
    those that a docstring lists, any write may raise ``DBDuplicateEntry`` (a unique rule), ``DBReferenceError`` (a
    foreign key) or ``DBDataError`` (a value of the wrong kind, too long, out of range, or null where one is
    required), naming table and columns, and any call another ``DBError`` when the database fails. All of these are
    ``DBError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TypeVar

from nova_db.driver.agents import AgentsContract
from nova_db.driver.aggregates import AggregatesContract
from nova_db.driver.archiving import ArchivingContract
from nova_db.driver.block_devices import BlockDevicesContract
from nova_db.driver.cells import CellsContract
from nova_db.driver.certificates import CertificatesContract
from nova_db.driver.checking import find_problems
from nova_db.driver.compute_nodes import ComputeNodesContract
from nova_db.driver.consoles import ConsolesContract
from nova_db.driver.dns_domains import DnsDomainsContract
from nova_db.driver.ec2_ids import Ec2IdsContract
from nova_db.driver.fixed_ips import FixedIpsContract
from nova_db.driver.flavors import FlavorsContract
from nova_db.driver.floating_ips import FloatingIpsContract
from nova_db.driver.instance_actions import InstanceActionsContract
from nova_db.driver.instance_metadata import InstanceMetadataContract
from nova_db.driver.instances import InstancesContract
from nova_db.driver.key_pairs import KeyPairsContract
from nova_db.driver.migrations import MigrationsContract
from nova_db.driver.networks import NetworksContract
from nova_db.driver.provider_firewall import ProviderFirewallContract
from nova_db.driver.quotas import QuotasContract
from nova_db.driver.reservations import ReservationsContract
from nova_db.driver.security_groups import SecurityGroupsContract
from nova_db.driver.services import ServicesContract
from nova_db.driver.task_log import TaskLogContract
from nova_db.driver.types import Context, IsolationName, Session
from nova_db.driver.usage_caches import UsageCachesContract
from nova_db.driver.virtual_interfaces import VirtualInterfacesContract
from nova_db.exceptions import IncompleteDriver, NotSupported

__all__ = ["CONTRACT_VERSION", "EXTENSIONS", "FAMILIES", "FUNCTIONS", "Driver", "check_driver"]

CONTRACT_VERSION = 1
"""Raised when a function is added; drivers written for a lower version keep loading."""

_T = TypeVar("_T")


class Driver(
    InstancesContract,
    InstanceMetadataContract,
    InstanceActionsContract,
    BlockDevicesContract,
    MigrationsContract,
    Ec2IdsContract,
    FixedIpsContract,
    FloatingIpsContract,
    NetworksContract,
    VirtualInterfacesContract,
    DnsDomainsContract,
    SecurityGroupsContract,
    ProviderFirewallContract,
    ServicesContract,
    ComputeNodesContract,
    AggregatesContract,
    CellsContract,
    AgentsContract,
    CertificatesContract,
    ConsolesContract,
    FlavorsContract,
    KeyPairsContract,
    QuotasContract,
    ReservationsContract,
    UsageCachesContract,
    TaskLogContract,
    ArchivingContract,
):
    """A backend, as the functions of :mod:`nova_db` see it.

    A subclass implements every abstract method as its docstring promises, under the rules of this module, with the
    same argument names, order and defaults; it may add optional arguments at the end. It is used by many threads at
    once.
    """

    def transaction(self, context: Context, *, isolation: IsolationName = None) -> AbstractContextManager[Session]:
        """Make the calls of a ``with`` block one transaction.

        The block's value is the session; calls made in the block, by the same task, join it with or without being
        handed it. The transaction is committed at the end of the block and rolled back by an exception. A block
        cannot be repeated: a conflict with another transaction surfaces as ``DBDeadlock``, in any call of the block
        or at its end, which is ordinary wherever others are at work; :meth:`run` repeats. Blocks nest, as savepoints.

        ``isolation`` says what the calls may rely on. ``"serializable"``, as ``None``: transactions and runs take
        effect as if one after the other, and what they have read and decided on still holds when they commit,
        whatever single calls do beside them. ``"read committed"``, which costs less: each call sees what was
        committed before it began, and what a call has read may have changed by the next one. A nested block has the
        isolation of the outermost one.

        Auth: anyone.

        :raises ValueError: ``isolation`` is something else.
        :raises DBTransactionError: the block is nested and the outermost one is weaker than ``isolation``; or it is
            not, and the thread has a transaction of another task open.
        :raises DBDeadlock: there was a conflict; everything is undone.
        :raises DBCommitUnknown: the connection was lost during the commit.
        :raises NotSupported: the driver has no transactions over several calls, as a bare one.
        """
        raise self._no_transactions("transaction")

    def run(self, context: Context, function: Callable[[Session], _T], *, isolation: IsolationName = None) -> _T:
        """Call ``function(session)`` as one transaction, and return its result.

        Calls made by the function join the transaction; ``isolation`` says what they may rely on, see
        :meth:`transaction`. On a conflict with another transaction everything is undone and the function is called
        again, a bounded number of times and so that whoever has lost goes first, so it should have no other effects.
        An exception that it raises rolls back and is passed on. Within an open transaction it becomes a savepoint of
        that one.

        Auth: anyone.

        :raises TypeError: the function is a coroutine function or a generator function, or returned a coroutine or
            generator: it would do its work after the transaction.
        :raises ValueError: ``isolation`` is something else.
        :raises DBTransactionError: as for :meth:`transaction`.
        :raises NotSupported: the driver has no transactions over several calls, as a bare one.
        :raises DBDeadlock: the conflicts did not end.
        :raises DBCommitUnknown: the connection was lost during the commit; the function is not called again.
        """
        raise self._no_transactions("run")

    def close(self) -> None:
        """Let go of connections and other resources; by default nothing is done.

        At any time, in any thread, and any number of times: transactions that are open go on to their ends, when their
        connections are closed, and the driver may be used again.
        """

    def _no_transactions(self, method: str) -> NotSupported:
        reason = f"{type(self).__qualname__} does not override Driver.{method}()"
        return NotSupported(feature="transactions over several calls", reason=reason)


FAMILIES: Mapping[str, type] = MappingProxyType(
    {mixin.__module__.rpartition(".")[2]: mixin for mixin in Driver.__bases__}
)
"""Family name to the mixin that declares its functions."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {name: family for family, mixin in FAMILIES.items() for name in vars(mixin) if not name.startswith("_")}
)
"""Function name to the name of its family, grouped by family."""

EXTENSIONS: tuple[str, ...] = ("transaction", "run", "close")
"""The methods of a driver that are no functions of a family and that have a default."""


def check_driver(driver: object) -> None:
    """Refuse a driver, given as a class or an instance, that callers of the contract would trip over.

    :raises IncompleteDriver: methods are missing (or still abstract), or have signatures that do not fit: other
        argument names, order or defaults. Further arguments at the end are fine if they are optional, and so is a
        forwarder's ``(*args, **kwargs)``.
    """
    missing, mismatched = find_problems(Driver, (*FUNCTIONS, *EXTENSIONS), driver)
    if missing or mismatched:
        cls = driver if isinstance(driver, type) else type(driver)
        raise IncompleteDriver(driver=f"{cls.__module__}.{cls.__qualname__}", missing=missing, mismatched=mismatched)
