"""`understanding`: trains the recogniser from its phrases, and checks the phrases."""

import asyncio
import sys
from collections import Counter
from dataclasses import replace
from time import monotonic

import typer

from bot.cli.environment import Data, running_servers
from bot.config.settings import Settings
from bot.understanding import phrases

LANGUAGE_ROW = "{:<13}" + "{:>8}" * 4

app = typer.Typer(no_args_is_help=True, help="Understanding of free text: train, check phrases.")


@app.command()
def train() -> None:
    """Train the recogniser from its phrases and write the model; print the cross-validation."""
    from bot.understanding import evaluation, model, training

    started = monotonic()
    written = phrases.read_all()
    try:
        found, held = training.train(written, phrases.digest())
    except training.TrainingError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    figures = evaluation.figures(evaluation.of_folds(held))
    typer.echo(evaluation.table(figures))
    replace(found, cross_validation=figures).save()
    size = model.FILE.stat().st_size / 1e6
    typer.echo(f"\n{len(written)} phrases, {size:.1f} MB, {monotonic() - started:.0f} s")


@app.command()
def languages() -> None:
    """Train the language guess for first messages; write its weights and print its accuracy."""
    from bot.i18n.language_guess import FORMS
    from bot.understanding import language_training

    written, tables = phrases.read_all(), {}
    typer.echo(LANGUAGE_ROW.format("form", "guessed", "wrong", "danger", "wrong"))
    for script in FORMS:
        learned = language_training.lines(written, script)
        for form, figures in language_training.cross_validated(learned, script).items():
            rounded = (f"{figure:.1f}" for figure in figures)
            typer.echo(LANGUAGE_ROW.format(f"{form} {script}", *rounded))
        tables[script] = language_training.train(learned, script)
    language_training.save(tables)


@app.command()
def check() -> None:
    """Print the phrases' faults, whether the model is outdated, and recognition's time and memory.

    Exit with 1 if there is a fault or the model is outdated.
    """
    from bot.understanding import costs
    from bot.understanding.model import Model

    written = phrases.read_all()
    faults = list(phrases.faults(written))
    for fault in faults:
        typer.echo(f"{fault.language}: {fault.rule}: {fault.detail}")
    is_stale = Model.load().digest != phrases.digest()
    if is_stale:
        typer.echo("The phrases have changed since training: run ./kosh understanding train.")
    typer.echo(_counts(written))
    typer.echo(costs.report(written))
    sys.exit(1 if faults or is_stale else 0)


@app.command()
def accepted(data: Data = None) -> None:
    """Print the donated sentences that officers accepted, in the format of the phrase files."""
    from bot.desk import phrase_review
    from bot.runtime import runtime

    async def read(settings: Settings) -> list[tuple[str, str, str]]:
        async with runtime(settings) as rt:
            return await phrase_review.accepted(rt)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        for language, intent, sentence in asyncio.run(read(settings)):
            typer.echo(f"{language}\t{intent}\t{sentence}")


def _counts(written: list[phrases.Phrase]) -> str:
    """Return for each language its number of phrases, and the intent with the fewest phrases."""
    lines = []
    for language in phrases.LANGUAGES:
        counts = Counter(each.intent for each in written if each.language == language)
        intent, fewest = min(counts.items(), key=lambda each: each[1])
        lines.append(f"{language}: {counts.total()} phrases, at least {fewest} ({intent})")
    return "\n".join(lines)
