"""Organizations: whose people and things are kept apart, and who looks after them."""
