"""What functions that return or write several rows may cost: as much for many rows as for few, as a table says."""
