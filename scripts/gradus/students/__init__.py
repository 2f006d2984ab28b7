"""Students: base models, their tokens and templates, training sets, and the training itself."""
