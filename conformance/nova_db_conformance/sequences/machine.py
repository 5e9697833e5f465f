"""A state machine of Hypothesis that makes calls on two databases, and what runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from nova_db.driver import FAMILIES, FUNCTIONS, Driver
from nova_db_conformance.hostile.right import WRITTEN, parameters
from nova_db_conformance.sequences.drawing import Choices
from nova_db_conformance.sequences.lanes import has_transactions
from nova_db_conformance.sequences.likely import Likely
from nova_db_conformance.sequences.playing import Bench, Different, Play
from nova_db_conformance.sequences.smaller import smallest
from nova_db_conformance.sequences.steps import ADMIN_WEIGHTS, CONTEXTS, WEIGHTS, Advance, Begin, Call, End
from nova_db_conformance.sequences.subjects import of_one_row

STEPS = 85
"""How many steps a sequence has."""
_MAKERS = tuple(name for name in WRITTEN if "create" in name or "start" in name)
_PARENTS = (
    *("instance_create", "instance_create", "security_group_create", "network_create_safe", "service_create"),
    *("instance_type_create", "fixed_ip_create"),
)
"""What each sequence begins with: rows that those of many families belong to."""
_FOREIGN = 0.2
"""The share of calls of functions of whatever family."""
_HOSTILE = 0.12
"""The share of calls with a hostile argument."""
_ADMIN_ONLY = frozenset(name for name in FUNCTIONS if "Auth: admin" in (getattr(Driver, name).__doc__ or ""))
_DEEPEST = 2


class SequenceMachine(RuleBasedStateMachine):
    """Calls, mostly of one family, in transactions and out of them, while the clock moves."""

    bench: Bench
    family: str
    with_transactions: bool

    def __init__(self) -> None:
        super().__init__()
        self._play = Play(self.bench)
        self._number = 0
        self._differs = False

    @initialize(number=st.integers(0, 2**32 - 1))
    def begin(self, number: int) -> None:
        """Hypothesis tries the simplest sequence first, which is the same for every seed."""
        assume(number)
        self._number = number

    # One rule alone: Hypothesis leaves some of several out of a whole sequence. What a step is follows from one number,
    # as choices made one by one take Hypothesis longer than the calls take both databases.
    @rule(number=st.integers(0, 2**32 - 1))
    def step(self, number: int) -> None:
        """A call, mostly; or a transaction begins or ends, or time passes."""
        rng = Choices(f"{self._number}/{len(self._play.steps)}/{number}")
        share, depth = rng.random(), self._play.depth
        if len(self._play.steps) < len(_PARENTS) or share < 0.75:
            self._take(self._call(rng))
        elif share > 0.95:
            self._take(Advance(rng.choice((1, 61, 3600, 200_000))))
        elif depth and share > 0.8:
            self._take(End(commits=rng.choice((True, False))))
        elif self.with_transactions and depth < _DEEPEST and share > 0.9:
            self._take(Begin(None if depth else rng.choice((None, "serializable", "read committed"))))
        else:
            self._take(self._call(rng))

    def _call(self, rng: Choices) -> Call:
        """Of a function, mostly of the family."""
        function = self._function(rng)
        likely = Likely(function, rng, self._play.rows)
        arguments = {each.name: likely.argument(each) for each in parameters(function)}
        arguments |= of_one_row(function, rng, self._play.rows)
        if rng.random() > 1 - _HOSTILE:
            likely.spoilt(arguments)
        in_run = self.with_transactions and rng.random() > 0.95
        return Call(function, self._context(rng, function), arguments, in_run)

    def _context(self, rng: Choices, function: str) -> str:
        """Mostly one that may call the function."""
        is_refused = rng.random() > 0.9
        weights = ADMIN_WEIGHTS if not is_refused and function in _ADMIN_ONLY else WEIGHTS
        (name,) = rng.choices(tuple(CONTEXTS), weights)
        return str(name)

    def _function(self, rng: Choices) -> str:
        if len(self._play.steps) < len(_PARENTS):
            return _PARENTS[len(self._play.steps)]
        mine = [name for name, family in FUNCTIONS.items() if family == self.family]
        makers = [name for name in mine if name in _MAKERS]
        share = rng.random()
        if share > 1 - _FOREIGN:
            return str(rng.choice(_MAKERS if share > 1 - _FOREIGN / 2 else tuple(FUNCTIONS)))
        return str(rng.choice(makers if makers and rng.random() > 0.6 else mine))

    def _take(self, step: Advance | Begin | Call | End) -> None:
        try:
            self._play.take(step)
        except Different:
            self._differs = True
            raise

    def teardown(self) -> None:
        """End what is open, and compare all rows."""
        try:
            if not self._differs:
                self._play.finish()
        finally:
            self._play.close()


def search(
    bench: Bench, calls: int, number: int = 0, progress: Callable[[Counter[str]], object] = lambda counts: None
) -> str | None:
    """Make calls of a seed, until one is answered differently: the smallest program that shows it."""
    attributes = {"bench": bench, "with_transactions": has_transactions(bench.driver)}
    families = tuple(FAMILIES)
    turn = 0
    while bench.counts["calls"] < calls:  # ends, as a turn makes calls
        machine = type("Machine", (SequenceMachine,), {**attributes, "family": families[turn % len(families)]})
        try:
            run_state_machine_as_test(seed(number * 1_000_003 + turn)(machine), settings=_SETTINGS)
        except Different as found:
            return smallest(bench, found).program(bench)
        turn += 1
        progress(bench.counts)
    return None


_SETTINGS = settings(
    max_examples=1,
    stateful_step_count=STEPS,
    database=None,
    deadline=None,
    phases=(Phase.generate,),  # what is found is made smaller as steps, which is quicker than as choices
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)
