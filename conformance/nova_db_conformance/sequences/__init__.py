"""Random sequences of calls on a backend and beside it on the memory backend, compared answer by answer.

``machine`` has Hypothesis make and shrink them, ``test_sequences`` runs on every backend, and ``python -m
scripts.sequences`` makes many more. A difference comes as a program that shows it, see ``snippet`` and ``again``.
"""
