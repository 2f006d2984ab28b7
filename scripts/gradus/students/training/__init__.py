"""Training: exact batches, DeepSpeed steps, verified progress, a proven end."""
