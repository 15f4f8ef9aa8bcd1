"""The linter: finds what registers a model badly before the code runs, by reading it, never by importing it.

One pass over each file gathers facts (`extraction`), the facts of all files are linked (`index`), and each rule is a
pure function from the index to findings (`rules`).
"""
