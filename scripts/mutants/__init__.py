"""Mutants: the code with one small mistake each, of which the conformance suite has to find every one.

::

    python -m scripts.mutants --count 200 --seed 1
    python -m scripts.mutants --only nova_db/operations/quotas.py --count 20

A run of the suite on a lane notes which test executes which line. Mutants are picked, by a seed, of lines that some
test executes; each is a process in which one module is imported with its mistake (no file is changed), and in which the
tests that execute the line are run until one fails: those of the module's family first, then stage by stage. What hangs
is caught as well. A mutant that survives is a hole of the suite, unless ``equivalent.toml`` says why nobody could tell.
"""

from __future__ import annotations
