"""Gives each paid student a trainer.

Nothing is imported here: the program heeds signals (`__main__`) before its other modules load, which takes a second.
"""
