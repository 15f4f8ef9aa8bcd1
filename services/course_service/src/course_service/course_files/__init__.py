"""Courses in files that people write: read with the line of every mistake, and imported whole or not at all."""
