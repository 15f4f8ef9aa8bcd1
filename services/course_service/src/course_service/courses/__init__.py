"""Courses: their draft, their published versions, the catalogue."""
