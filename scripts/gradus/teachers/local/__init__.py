"""Local teachers: they answer in this process, from rules or from files."""
