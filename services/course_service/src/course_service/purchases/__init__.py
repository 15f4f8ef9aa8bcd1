"""Orders for courses: what is bought, what was paid, what was given back."""
