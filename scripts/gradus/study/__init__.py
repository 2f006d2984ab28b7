"""What a study file says, and what follows from it: typed settings, cells, paths, code fingerprints."""
