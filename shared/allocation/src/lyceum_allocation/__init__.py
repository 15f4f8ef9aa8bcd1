"""Trainer allocation: capacity, waitlist and refunds, safe under concurrency."""
