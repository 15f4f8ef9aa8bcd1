"""Gives each paid student a trainer."""
