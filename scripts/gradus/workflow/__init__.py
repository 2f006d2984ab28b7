"""Workflow: what the rules of the Snakefile ask the library for."""
