"""Presentation: tables, figures, pages; how numbers are shown."""
