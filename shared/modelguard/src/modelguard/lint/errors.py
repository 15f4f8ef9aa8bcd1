"""What stops the linter: the message is one line for the user, and the exit code is 2."""


class LintError(Exception):
    """The linter could not run: a path that is missing, settings or a baseline that cannot be read."""
