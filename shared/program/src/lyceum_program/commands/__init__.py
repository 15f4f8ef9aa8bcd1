"""What operator commands share: the database they work on, how they print, and how they refuse. Needs `[commands]`."""
