"""The backend on LMDB: its files, its processes, and the order that its indexes keep."""
