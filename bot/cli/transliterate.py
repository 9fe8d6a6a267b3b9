"""`script`: converts Kazakh and Uzbek text to the language's other script."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from bot.i18n import kazakh_arabic, uzbek_cyrillic

app = typer.Typer()

# The function that converts to each written form (a language in one script), from the language's
# other script.
SCRIPTS: Mapping[str, Callable[[str], str]] = {
    "kk_Arab": kazakh_arabic.to_arabic,
    "kk": kazakh_arabic.to_cyrillic,
    "uz_Cyrl": uzbek_cyrillic.to_cyrillic,
    "uz": uzbek_cyrillic.to_latin,
}


@app.command()
def transliterate(
    to: Annotated[str, typer.Option(help=f"Written form: {', '.join(SCRIPTS)}.")],
    text: Annotated[str | None, typer.Argument(help="Text; without it, standard input.")] = None,
) -> None:
    """Convert Kazakh or Uzbek text to the language's other script.

    The conversion with `--to kk` is ambiguous, so its result needs proofreading.
    """
    convert = SCRIPTS.get(to)
    if convert is None:
        raise typer.BadParameter(f"one of {', '.join(SCRIPTS)}", param_hint="--to")
    if text is not None:
        typer.echo(convert(text))
        return
    for line in sys.stdin:
        typer.echo(convert(line), nl=False)
