"""Exports: scored cells in the formats that others read (Every Eval Ever, the Hub, lm-evaluation-harness)."""
