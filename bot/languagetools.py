"""The commands `./kosh languages`: sentences out of the source, checks and progress."""

import sys
from collections import Counter

import typer
from babel.messages.catalog import Catalog

from bot.languages import catalogues, lint

app = typer.Typer(no_args_is_help=True, help="Catalogues: extract, check, report.")

CHECK = "check:"
COLUMNS = "{:<9}{:>8}{:>9}{:>10}{:>9}  {}"


@app.command()
def extract() -> None:
    """Bring the catalogues to the source: new sentences empty, old ones gone."""
    catalogues.update()
    typer.echo(f"Brought to the source: {', '.join(catalogues.HAND_MADE)}.")


@app.command()
def check() -> None:
    """Print what is wrong in the source's English and in every catalogue; exit 1 if anything is."""
    source = catalogues.extract()
    faults = lint.findings("en", source, source)
    for code in catalogues.HAND_MADE:
        faults += lint.findings(code, catalogues.read(code), source)
    for fault in faults:
        context = f" ({fault.context})" if fault.context else ""
        typer.echo(f"{fault.file}: {fault.rule}: {fault.detail}\n    {fault.msgid}{context}")
    counts = Counter(fault.file for fault in faults)
    for file, count in counts.items():
        typer.echo(f"{count:>5}  {file}")
    if not faults:
        typer.echo("All is well.")
    sys.exit(1 if faults else 0)


@app.command()
def report() -> None:
    """Print how far each language is, and its longest labels."""
    source = catalogues.extract()
    typer.echo(COLUMNS.format("language", "strings", "missing", "to check", "faults", "longest"))
    for code in catalogues.HAND_MADE:
        catalog = catalogues.read(code)
        faults = Counter(fault.rule for fault in lint.findings(code, catalog, source))
        missing = faults["missing"] + faults["fuzzy"]
        strings = sum(1 for message in source if message.id)
        others = faults.total() - missing
        row = (code, strings, missing, _to_check(catalog), others, _longest(catalog, source))
        typer.echo(COLUMNS.format(*row))


def _to_check(catalog: Catalog) -> int:
    """Entries with a translator's comment `# check:`: no speaker has looked at them yet."""
    return sum(
        any(comment.startswith(CHECK) for comment in message.user_comments)
        for message in catalog
        if message.id
    )


def _longest(catalog: Catalog, source: Catalog) -> str:
    """The longest label of each context that has a limit."""
    longest: dict[str, str] = {}
    for message in source:
        context = message.context or ""
        found = catalog.get(str(message.id), message.context) if message.id else None
        if found and found.string and lint.LIMIT.search(context):
            text = lint.at_longest(str(found.string))
            longest[context] = max(longest.get(context, ""), text, key=len)
    return "; ".join(f"{context}: {len(text)} “{text}”" for context, text in longest.items())
