"""Anomalies: what runs and transactions must never show, among one another and beside single calls.

A test plays a scenario round after round, each on rows of its own, and counts the rounds that end as no order of the
calls could have made them.  None may.  How many rounds: the environment variable NOVA_DB_ANOMALY_ROUNDS, a few unless
it says otherwise.  At the end of a pytest run the counts of each backend are shown.  How often processes are killed at
work: NOVA_DB_ANOMALY_KILLS, three times unless it says otherwise.
"""
