"""The archive: groups of files as deterministic tars, verified by their sums, and restored without trust."""
