"""Problem sources: every dataset is read or generated into the same ``Problem`` records."""
