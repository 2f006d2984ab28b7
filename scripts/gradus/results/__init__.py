"""Results: reading what a study has, and telling what of it is there, failed or cannot be had."""
