"""Anybody's outputs, scored: verdicts, tallies, rows to read. No cell's score needs it."""
