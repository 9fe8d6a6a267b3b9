"""`version`: prints the version of this build, without importing the rest of Kosh."""

import typer

from bot.operations.version import built

app = typer.Typer()


@app.command()
def version() -> None:
    """Print Kosh's version and the commit from which this build was made."""
    name, commit = built()
    typer.echo(" ".join(filter(None, (name, commit))))
