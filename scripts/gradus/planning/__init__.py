"""Planning: what a study would ask for, cost and take, before anything runs."""
