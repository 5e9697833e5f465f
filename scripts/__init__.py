"""Tools for working on the project; nothing in here is installed."""
