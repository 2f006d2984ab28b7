"""Requests: the queue, batches, rate limits, prices, and the journal of everything that was paid for."""
