"""Passwords: what one must be like, whether it was in a breach, and its hash, of which few are made at one time."""
