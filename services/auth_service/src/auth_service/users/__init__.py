"""People, as their organization's administrators see them: which roles they have, and whether they may sign in."""
