"""nova_db.aio, beside what the suite asks of it on every backend: its threads, loops, forks, and foreign drivers."""
