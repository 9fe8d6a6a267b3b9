"""`docs`: generates the reference pages from the code, and builds the documentation site."""

import json
import subprocess
import sys
from pathlib import Path

import typer

from bot.cli import reference as pages
from bot.cli.environment import ROOT
from bot.cli.reference import citations

app = typer.Typer(no_args_is_help=True, help="Write the reference and build the documents' site.")


@app.command()
def reference(
    *, check: bool = typer.Option(False, help="Only compare; exit with 1 if outdated.")
) -> None:
    """Write docs/reference from the code, and copy the newest benchmark summary where it is cited.

    The README and the page about benchmarks cite it.
    """
    if not check:
        pages.write()
        citations.write()
        return
    if names := [*pages.outdated(), *citations.outdated()]:
        typer.echo(f"outdated, run ./kosh docs reference: {', '.join(names)}", err=True)
        raise typer.Exit(1)


@app.command()
def openapi() -> None:
    """Write the OpenAPI documents of Kosh's API and of the registry's contract."""
    for path, text in openapi_documents().items():
        path.write_text(text, "utf-8")


def openapi_documents() -> dict[Path, str]:
    """Return the text of each OpenAPI document, keyed by the document's path."""
    from bot.registry import sandbox
    from bot.web import api

    documents = {"registry": sandbox.openapi(), "api": api.openapi()}
    return {
        ROOT / "docs" / f"{name}-openapi.json": json.dumps(each, indent=2, ensure_ascii=False)
        + "\n"
        for name, each in documents.items()
    }


@app.command()
def build() -> None:
    """Write docs/reference and build the site into site/; a warning fails the build."""
    pages.write()
    citations.write()
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise typer.Exit(1)


@app.command()
def pictures(
    *, check: bool = typer.Option(False, help="Only compare; exit with 1 if a picture is outdated.")
) -> None:
    """Draw every picture of docs/pictures with Chromium; works only in a source checkout."""
    command = [sys.executable, "-m", "tests.browser.pictures", *["--check"] * check]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise typer.Exit(1)
