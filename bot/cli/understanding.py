"""`understanding`: trains the recogniser from its phrases, and checks them."""

import sys
from time import monotonic

import typer

from bot.understanding import phrases

app = typer.Typer(no_args_is_help=True, help="Understanding of free text: train, check phrases.")


@app.command()
def train() -> None:
    """Train the recogniser from the phrases and write its file; print the cross-validation."""
    from bot.understanding import evaluation, model, training

    started = monotonic()
    written = phrases.read_all()
    try:
        found, held = training.train(written, phrases.digest())
    except training.TrainingError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    typer.echo(evaluation.table(evaluation.of_folds(held)))
    found.save()
    size = model.FILE.stat().st_size / 1e6
    typer.echo(f"\n{len(written)} phrases, {size:.1f} MB, {monotonic() - started:.0f} s")


@app.command()
def check() -> None:
    """Print faults of the phrases, and whether the model is out of date; exit 1 if any."""
    from bot.understanding.model import Model

    faults = list(phrases.faults(phrases.read_all()))
    for fault in faults:
        typer.echo(f"{fault.language}: {fault.rule}: {fault.detail}")
    stale = Model.load().digest != phrases.digest()
    if stale:
        typer.echo("The phrases have changed since training: run ./kosh understanding train.")
    if not faults and not stale:
        typer.echo("All is well.")
    sys.exit(1 if faults or stale else 0)
