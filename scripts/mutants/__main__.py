"""``python -m scripts.mutants``: make mutants, and have the suite find them."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import scripts.mutants
from scripts.mutants.changes import Mutant, mutants
from scripts.mutants.equivalents import entry, is_nothing, why
from scripts.mutants.hook import ROOT, TARGETS, module_of, paths
from scripts.mutants.traces import Lanes, lanes_of
from scripts.mutants.trying import Outcome, told, tried

SHARES = {"nova_db/operations": 0.5, "nova_db/engine/rows": 0.3, "backends/nova_db_memory": 0.05}
"""Of the mutants that are picked, how many are of which part; the rest is LMDB's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try them, and return 1 if one survives that is not explained."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.traces or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        lanes = Lanes(folder)
        chosen = _chosen(options, lanes)
        return _summed_up(_all_tried(chosen, lanes, options.processes))


def _all_tried(chosen: Sequence[Mutant], lanes: Lanes, processes: int) -> list[Outcome]:
    print(f"{len(chosen)} mutants", flush=True)
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=processes) as pool:
        runs = [pool.submit(tried, mutant, lanes, is_explained=why(mutant) is not None) for mutant in chosen]
        for run in as_completed(runs):
            outcomes.append(run.result())
            print("\n".join(told(outcomes[-1])), flush=True)
    return outcomes


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    head = (scripts.mutants.__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants", description=head)
    parser.add_argument("--count", type=int, default=200, help="how many mutants (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="by which they are picked (default: 1)")
    parser.add_argument("--only", action="append", metavar="PATH", help="a folder or a module to pick of, by its path")
    parser.add_argument("--mutant", action="append", metavar="PATH:NUMBER", help="this one; as an outcome names it")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default: 2)")
    parser.add_argument(
        "--traces", type=Path, metavar="FOLDER", help="use what a run has left there of what tests execute, or leave it"
    )
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace, lanes: Lanes) -> list[Mutant]:
    if options.mutant:
        named = [text.rpartition(":")[::2] for text in options.mutant]
        return [_all_of(path)[int(number)] for path, number in named]
    if options.only:
        return _picked(options.only, options.count, options.seed, lanes)
    counts = {target: round(options.count * share) for target, share in SHARES.items()}
    rest = options.count - sum(counts.values())
    counts = {target: counts.get(target, rest) for target in TARGETS}
    return [each for target, count in counts.items() for each in _picked([target], count, options.seed, lanes)]


def _picked(targets: Sequence[str], count: int, seed: int, lanes: Lanes) -> list[Mutant]:
    """So many mutants of lines that some test executes, each with the same chance; none that is nothing anywhere."""
    # By what they are, and not by chance among all: a change elsewhere in the tree has the others picked as before.
    of_all = sorted(
        (mutant for path in paths(targets) for mutant in _all_of(path)), key=lambda mutant: _lot(mutant, seed)
    )
    found: list[Mutant] = []
    for mutant in of_all:
        if len(found) == count:
            break
        if not is_nothing(mutant) and lanes.tests_of(mutant, lanes_of(mutant)[0]):
            found.append(mutant)
    return found


def _lot(mutant: Mutant, seed: int) -> bytes:
    return hashlib.blake2b(repr((seed, mutant.key)).encode()).digest()


def _all_of(path: str) -> list[Mutant]:
    return mutants(module_of(path), path, (ROOT / path).read_text(encoding="utf-8"))


def _summed_up(outcomes: Sequence[Outcome]) -> int:
    """Print what came out; 1 if a mutant survives and is not explained."""
    for target in TARGETS:
        of_target = [outcome for outcome in outcomes if outcome.mutant.path.startswith(target)]
        if of_target:
            stages = Counter(outcome.stage for outcome in of_target if outcome.is_caught)
            caught = ", ".join(f"{stage} {count}" for stage, count in stages.most_common())
            print(f"{target}: {len(of_target)} mutants, {stages.total()} caught ({caught})")
    survivors = [outcome.mutant for outcome in outcomes if not outcome.is_caught]
    open_ones = [mutant for mutant in survivors if why(mutant) is None]
    for mutant in survivors:
        if (reason := why(mutant)) is not None:
            print(f"equivalent: {mutant}\n    {reason}")
    for mutant in open_ones:
        print(f"\nsurvives, --mutant {mutant.path}:{mutant.number}\n{mutant}\n{entry(mutant)}")
    seconds = sum(outcome.seconds for outcome in outcomes)
    print(
        f"{len(outcomes)} mutants in {seconds:.0f} process seconds: {len(outcomes) - len(survivors)} caught, "
        f"{len(survivors) - len(open_ones)} equivalent, {len(open_ones)} survive"
    )
    return int(bool(open_ones))


if __name__ == "__main__":
    sys.exit(main())
