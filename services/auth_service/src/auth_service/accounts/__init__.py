"""People's own accounts: signing up, and what somebody may see and change of themselves."""
