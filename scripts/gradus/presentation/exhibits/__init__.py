"""Exhibits: the tables and figures of the paper, drawn from any study that asks the same things, beside the printed numbers."""
