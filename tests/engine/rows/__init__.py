"""The base of row stores: keys as bytes, and what a writer lays over cells."""
