"""``python -m tests.suite.plants [NAME ...]``: have the suite find planted mistakes, all unless some are named."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.suite.plants import plants
from tests.suite.plants.trying import run_suite, tried


def main(arguments: list[str]) -> int:
    """Try them two at a time; 1 if one is not found where it should."""
    if arguments[:1] == ["--suite"]:
        return run_suite(Path(arguments[1]), arguments[2], arguments[3:])
    chosen = [plant for plant in plants() if not arguments or plant.name in arguments]
    missed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for plant, found in zip(chosen, pool.map(tried, chosen), strict=True):
            is_right = found.stage == plant.stage
            missed += not is_right
            word = "ok" if is_right else "MISSED"
            sys.stdout.write(f"{word} {plant.name}, for {plant.stage} {plant.family}: {found}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} planted mistakes, {missed} not found where they should\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
