"""Reproduction: an archive's results computed again, to a chosen depth, and compared number by number."""
