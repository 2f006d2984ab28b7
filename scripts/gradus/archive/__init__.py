"""The archive: groups of files as deterministic tars, told by their sums, verified and restored without trust."""
