"""What is said, and what becomes of it."""
