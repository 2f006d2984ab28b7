"""The practice teacher: a small server behind the real interface, whose texts come from rules; no language model."""
