"""What callers may do here, as roles grant it."""

READ = "conversations:read"
WRITE = "conversations:write"
MODERATE = "conversations:moderate"
"""Lets whoever looks after an organization delete any message there, without being a member."""
