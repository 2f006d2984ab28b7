"""Findings: named statements about students and teachers, tested on what was measured, and told in words."""
