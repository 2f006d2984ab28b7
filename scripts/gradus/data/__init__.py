"""Problems: the datasets, the generated one, and what is known to be wrong with them."""
