"""The margin: a difference that does not matter. A module of its own, for the Snakefile reads it and imports nothing heavy."""

# Accuracy, 0 to 1, where a study says nothing else.
MARGIN = 0.03
