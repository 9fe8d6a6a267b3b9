"""`understand`: recognises the intents of typed lines, and measures the recogniser's accuracy.

An intent is the question that a message asks.
"""

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from bot.understanding import evaluation
from bot.understanding.decision import decide
from bot.understanding.entities import extract
from bot.understanding.model import ModelError
from bot.understanding.recognizer import Recognizer

app = typer.Typer()

PLACES = 4

Lang = Annotated[
    str, typer.Option(help="The language of the lines; one model reads all, so it changes nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each line.")]
Report = Annotated[bool, typer.Option(help="Print figures on the test phrases instead.")]


@app.command()
def understand(lang: Lang = "", as_json: Json = False, report: Report = False) -> None:
    """Read lines on standard input and print the intents (questions) that each may have."""
    del lang
    try:
        recognizer = Recognizer.load()
    except ModelError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    if report:
        typer.echo(_report(recognizer))
        return
    for line in _lines():
        found = described(recognizer, line)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False))
        else:
            typer.echo(f"{found['certainty']:8} {found['intent']:28} {found['confidence']:.2f}")
        # Flush each answer, because output to a pipe would otherwise be buffered.
        sys.stdout.flush()


def _report(recognizer: Recognizer) -> str:
    """Return the recogniser's accuracy on lines not used for training, and in cross-validation."""
    results = evaluation.of_lines(evaluation.held_lines(), recognizer)
    unlike = evaluation.unlike_phrases(results)
    parts = {
        "Lines by other hands, never trained on:": evaluation.figures(results),
        "Of these, lines that are no phrase:": evaluation.figures(unlike),
        "Cross-validation on the phrases:": recognizer.cross_validation,
    }
    tables = [f"{title}\n{evaluation.table(found)}" for title, found in parts.items()]
    return "\n\n".join([*tables, f"Two questions:\n{evaluation.two_questions(recognizer)}"])


def described(recognizer: Recognizer, line: str) -> dict[str, object]:
    """Return the recogniser's result for one line of text, as a JSON document."""
    found = recognizer.recognize(line)
    decision = decide(found)
    return {
        "intent": found.intent,
        "confidence": round(found.confidence, PLACES),
        "certainty": decision.certainty.value,
        "alternatives": [
            {"intent": each.intent, "confidence": round(each.confidence, PLACES)}
            for each in found.alternatives
        ],
        "options": [each.intent for each in decision.options],
        "danger": {
            "level": decision.danger.name.lower(),
            "probability": round(found.danger, PLACES),
            "intent": found.danger_intent,
        },
        "none": round(found.none_mass, PLACES),
        "values": extract(line).as_dict(),
    }


def _lines() -> Iterator[str]:
    """Yield the lines of standard input; replace invalid UTF-8 by U+FFFD."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
