"""Prompts: the files that a domain expert edits, filled in, and the worked examples that go with them."""
