"""What functions that return several rows may cost: as much for many rows as for few, as a table says."""
