"""The plug and what stands around it: contexts, exceptions, constraints, options, the clock, listeners."""
