"""The explorer: one web page without server or network that shows the grid, every cell, the claims and the audit."""
