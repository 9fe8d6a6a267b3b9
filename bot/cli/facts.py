"""`facts`: lists facts that are due for a check, texts that people read on a day, and sources.

A fact is a sentence with its sources, the day of its last check and its last valid day.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from bot.cli.environment import AsJson, print_json
from bot.i18n import Languages
from flows import FLOWS
from flows.engine.effects import Submit
from flows.knowledge import catalogue
from flows.knowledge.facts import COLLECTED, Fact, Withheld, fact_texts
from flows.knowledge.faq import ENTRIES
from flows.knowledge.intents.answer import Answer, part_texts
from flows.knowledge.intents.answers import ANSWERS
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.sources import FIRST_WORDS, Seen, read_on, seen

# Flows with invented answers of a person. The results of these flows together contain every fact
# that does not depend on a country.
_MOVES = {"ethnic_kazakh": "yes", "former_citizen": "no", "location": "unsaid"}
SITUATIONS: tuple[tuple[str, Mapping[str, str]], ...] = (
    *(("eligibility", {"purpose": each, **_MOVES}) for each in ("move", "work", "study")),
    *(("checklist", {"programme": each.key}) for each in PROGRAMMES),
    ("support", {"area": "undecided"}),
    ("interview", {"wish": "stages"}),
    *(("faq", {"faq_topic": each.key}) for each in ENTRIES),
    ("next_steps", {}),
    ("about", {}),
)

app = typer.Typer(no_args_is_help=True, help="Facts: what is due, and where one comes from.")

Days = Annotated[int, typer.Option(help="Include facts that expire within this number of days.")]
Months = Annotated[
    int, typer.Option(help="Include facts last checked more than this number of months ago.")
]
Lang = Annotated[str, typer.Option(help="The language of the output, such as kk; en by default.")]
Only = Annotated[
    str,
    typer.Option(help="Print only intents and flows whose name starts with this, such as kandas."),
]
Keys = Annotated[str, typer.Option("--only", help="Print only facts whose key starts with this.")]
DAY = ["%Y-%m-%d"]
Today = Annotated[
    datetime | None,
    typer.Option(formats=DAY, help="The date to calculate from, such as 2027-01-01."),
]
Day = Annotated[datetime, typer.Argument(formats=DAY, help="The day, such as 2027-01-01.")]


@app.command()
def due(days: Days = 60, months: Months = 12, today: Today = None, as_json: AsJson = False) -> None:
    """List facts that expire soon, have expired, or must be checked again; exit with 1 if any."""
    day = (today or datetime.now(UTC)).date()
    found = list(catalogue.due(day, days, months))
    if as_json:
        print_json([{"key": fact.key, "why": why, "until": fact.until} for fact, why in found])
        sys.exit(1 if found else 0)
    for fact, why in found:
        typer.echo(f"{fact.key}: {why}")
    typer.echo("Nothing is due." if not found else f"{len(found)} of {len(catalogue.FACTS)} facts.")
    sys.exit(1 if found else 0)


@app.command()
def explain(key: Annotated[str, typer.Argument(help="Such as kandas_status.validity.")]) -> None:
    """Show a fact in every language with sources and dates, or why it is withheld from people."""
    match catalogue.find(key):
        case Fact() as fact:
            _explain_fact(fact)
        case Withheld() as unsaid:
            _explain_unsaid(unsaid)
        case None:
            near = [each.key for each in catalogue.FACTS if key.partition(".")[0] in each.key]
            typer.echo(f"There is no fact {key}. {' '.join(near)}".rstrip(), err=True)
            sys.exit(1)


@app.command("on")
def on_day(day: Day, lang: Lang = "en", only: Only = "") -> None:
    """Print what people read on a day, by intent (question) and flow, and facts not valid then."""
    today = day.date()
    words = Languages()
    for answer in ANSWERS:
        if answer.intent.startswith(only):
            _print_answer(answer, today, lang, words)
    for flow, answers in SITUATIONS:
        head = " ".join((flow, *list(answers.values())[:1]))
        if head.startswith(only):
            typer.echo(f"{head}:")
            for text in FLOWS[flow].outcome(Submit(flow, answers, {}), today).texts:
                for line in words.render(text, lang).splitlines():
                    typer.echo(f"  {line}")


def _print_answer(answer: Answer, today: date, lang: str, words: Languages) -> None:
    marks = [
        *(["no verified answer"] if answer.unanswered else []),
        *(["LAPSED"] if answer.lapsed(today) else []),
        *([f"opens {answer.flow}"] if answer.flow else []),
    ]
    head = f"{answer.intent}: {words.render(answer.label, lang)}"
    typer.echo(f"{head} ({'; '.join(marks)})" if marks else head)
    opening, more = answer.ordered("")
    for title, parts in (("  ", opening), ("  + ", more)):
        for line in part_texts(parts, today):
            typer.echo(f"{title}{words.render(line, lang)}")
    silent = [fact.key for fact in answer.facts if not fact.current(today)]
    if silent:
        typer.echo(f"  silent: {', '.join(silent)}")


@app.command()
def sources(only: Keys = "", as_json: AsJson = False) -> None:
    """Print each fact's sources: whether they were read in full or as an excerpt, and when."""
    facts = [fact for fact in catalogue.FACTS if fact.key.startswith(only)]
    if as_json:
        print_json([_as_dict(fact) for fact in facts])
        return
    for fact in facts:
        typer.echo(f"{fact.key}: checked {fact.checked}, to be checked again by {fact.review}")
        _sources(fact.sources)
    every = {source for fact in facts for source in fact.sources}
    opened = sum(seen(source) is Seen.OPENED for source in every)
    typer.echo(
        f"{len(facts)} facts, {sum(fact.opened for fact in facts)} with an opened page;"
        f" {len(every)} sources, {opened} opened."
    )


def _as_dict(fact: Fact) -> dict[str, object]:
    return {
        "key": fact.key,
        "as_of": fact.as_of,
        "checked": fact.checked,
        "review": fact.review,
        "until": fact.until,
        "sources": [
            {"url": url, "seen": seen(url), "read": read_on(url, COLLECTED)} for url in fact.sources
        ],
    }


def _explain_fact(fact: Fact) -> None:
    words = Languages()
    typer.echo(f"{fact.key}: verified, said as a fact")
    for language in ("en", *(code for code, _name in words.languages())):
        for sentence in fact_texts([fact], fact.until):
            typer.echo(f"  {language:8} {words.render(sentence, language)}")
    dated = f"{fact.as_of}" if fact.dated == "day" else f"{fact.as_of} (dated by {fact.dated})"
    typer.echo(f"  as of    {dated}; checked {fact.checked}, to be checked by {fact.review}")
    typer.echo(f"  said     {_from(fact)}to {fact.until}; about: {fact.about}")
    _sources(fact.sources)


def _explain_unsaid(unsaid: Withheld) -> None:
    why = "verified, for editors only" if unsaid.verified else "not verified"
    typer.echo(f"{unsaid.key}: {why}; never said, an officer answers")
    typer.echo(f"  note     {unsaid.words}")
    typer.echo(f"  as of    {unsaid.as_of}")
    _sources(unsaid.sources)


def _from(fact: Fact) -> str:
    return "" if fact.since == date.min else f"from {fact.since} "


def _sources(sources: tuple[str, ...]) -> None:
    for source in sources:
        typer.echo(f"  {seen(source):8} {read_on(source, COLLECTED)}  {source}")
        if source in FIRST_WORDS:
            typer.echo(f"           first words: {FIRST_WORDS[source]}")
    if not sources:
        typer.echo("  source   no source was found")
