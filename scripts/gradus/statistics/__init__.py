"""Statistics: measurements with their runs and items, contrasts between them, families of tests, simulated studies."""
