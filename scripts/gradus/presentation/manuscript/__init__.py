"""Manuscript: a LaTeX document with every table and figure of a study, its methods in words, and each number as a macro."""
