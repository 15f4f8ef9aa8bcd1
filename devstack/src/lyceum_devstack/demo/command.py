"""`lyceum demo` on the command line."""

import click


@click.command()
def demo() -> None:
    """Play a day at the school through the real worker, and check the result."""
