"""Flow about support for the move: its kinds, regions and amounts, and the places in the quota.

The amounts are valid for one year. After the last day of the year they are not shown, and an
officer answers.
"""

from collections.abc import Iterator
from datetime import date

from flows.engine import labels
from flows.engine.conditions import Answers
from flows.engine.effects import Submit
from flows.engine.flow import Flow, Outcome
from flows.engine.options import Option
from flows.engine.questions import NO as NO_OPTION
from flows.engine.questions import UNSURE, Choice, Number, YesNo
from flows.engine.questions import YES as YES_OPTION
from flows.engine.text import Amount, Text, _, button, row, verbatim
from flows.knowledge import quota, settling
from flows.knowledge.facts import ending, fact_texts
from flows.knowledge.offices import CAREER
from flows.knowledge.regions import REGIONS
from flows.knowledge.support import PLACES, RENT_MONTHS, YEAR, amounts
from flows.paragraphs import lines

AREAS = {
    "north_east": (
        "akmola",
        "astana",
        "kostanay",
        "pavlodar",
        "north_kazakhstan",
        "abai",
        "east_kazakhstan",
    ),
    "west": ("aktobe", "atyrau", "west_kazakhstan", "mangystau"),
    "south": (
        "almaty_region",
        "almaty",
        "zhetisu",
        "zhambyl",
        "turkistan",
        "shymkent",
        "kyzylorda",
    ),
    "centre": ("karaganda", "ulytau"),
}
NAMES = {region.key: region.name for region in REGIONS}

AREA = Choice(
    name="area",
    label=button("Part of the country"),
    text=_("Which part of Kazakhstan do you think of?"),
    among=(
        Option("north_east", row("North and east")),
        Option("west", row("West")),
        Option("south", row("South")),
        Option("centre", row("Centre")),
        Option("undecided", row("Not decided")),
    ),
    persisted=False,
)


def _region(area: str) -> Choice:
    return Choice(
        name=f"region_{area}",
        label=button("Wanted region"),
        text=_("Which region do you think of?"),
        among=tuple(Option(key, NAMES[key]) for key in AREAS[area]),
        when=AREA.is_(area),
        persisted=False,
    )


REGION_QUESTIONS = tuple(_region(area) for area in AREAS)
PEOPLE = Number(
    name="people",
    label=button("People"),
    text=_("How many people would move, with you? Please write a number."),
    minimum=1,
    maximum=20,
    counts_people=True,
    persisted=False,
)
RENT = YesNo(
    name="rent",
    label=button("Rent"),
    text=_("Would you rent a home at first?"),
    among=(YES_OPTION, NO_OPTION, UNSURE),
    persisted=False,
)

HAS_PLACES = _("{region}: places in the quota for kandas in {year}: {places}.")
HAS_NONE = _(
    "{region} has no places in the quota for kandas in {year}, so the payments of the quota "
    "are not given there. You may still be able to live there: an officer can tell you more."
)
CHART = _("Places in the quota for kandas, {year}:")
BAR = _("{region}: {bar} {places}")
SUM_RELOCATION = _("Relocation subsidy for {people}: {sum} tenge, once.")
SUM_RENT = _("Help with rent and utilities: {least} to {most} tenge a month for {months} months.")
SUM_HOME = _("Certificate for a home: up to {sum} tenge. Nobody is sure to get the whole amount.")
ONLY_IF = _(
    "If you get a place in the quota of {year} and every payment is granted, it adds up to:"
)
NOT_FOR_ALL = _("Most people with the kandas status receive none of this money.")
CONTRACT = _("Before you sign, ask an officer what the contract says about leaving early.")
AMOUNT_FACTS = (quota.MCI_2026, quota.RELOCATION, quota.RENT, quota.HOME)
ALSO = _("What does not depend on the quota:")
OTHERS = (settling.ADAPTATION, settling.HEALTH, settling.SCHOOL, settling.CUSTOMS, CAREER)
ASK = _("A person can help with all of this. What you chose here is not kept.")


def outcome(answers: Submit, today: date) -> Outcome:
    return Outcome(tuple(result_texts(answers.answers, today)))


def result_texts(answers: Answers, today: date) -> Iterator[Text]:
    """Yield the complete answer about support, paragraph by paragraph."""
    # The places by region and the sums belong to the shipped facts. Do not show them beside facts
    # that editors published, which may state other figures.
    if quota.PLACES.is_shipped(today):
        if key := region(answers):
            yield from ending(quota.PLACES, today)
            yield _place(key)
        else:
            yield from fact_texts((quota.PLACES,), today)
        if key not in PLACES[YEAR]:
            yield chart()
        if all(fact.is_shipped(today) for fact in AMOUNT_FACTS):
            yield _sums(answers)
    else:
        yield from fact_texts((quota.PLACES,), today)
    if quota.PLACES.current(today):
        yield from fact_texts(AMOUNT_FACTS, today)
        yield from fact_texts((quota.WHO_GETS, quota.SHARE, quota.LAST_YEAR), today)
        yield NOT_FOR_ALL
    yield from fact_texts((*quota.DUTIES, quota.OTHER), today)
    yield CONTRACT
    if others := fact_texts(OTHERS, today):
        yield ALSO
        yield from others
    yield ASK


def region(answers: Answers) -> str:
    """Return the key of the region chosen at any of the questions for a region; "" if none is."""
    chosen = (answers.get(question.name) for question in REGION_QUESTIONS)
    return next((key for key in chosen if key), "")


def _place(key: str) -> Text:
    places = PLACES[YEAR].get(key)
    if places is None:
        return _(HAS_NONE.msgid, region=NAMES[key], year=YEAR)
    return _(HAS_PLACES.msgid, region=NAMES[key], places=Amount(places), year=YEAR)


def chart() -> Text:
    """Return a bar chart of the quota's places by region.

    Each bar is followed by the number of places, for people who use a screen reader.
    """
    maximum = max(PLACES[YEAR].values())
    bars = (
        _(
            BAR.msgid,
            region=NAMES[key],
            bar=verbatim("▇" * max(1, round(10 * places / maximum))),
            places=Amount(places),
        )
        for key, places in PLACES[YEAR].items()
    )
    return lines(_(CHART.msgid, year=YEAR), *bars)


def _sums(answers: Answers) -> Text:
    people = int(answers.get("people") or 1)
    sums = amounts(people)
    rent = _(
        SUM_RENT.msgid,
        least=Amount(sums.rent_least),
        most=Amount(sums.rent_most),
        months=RENT_MONTHS,
    )
    return lines(
        _(ONLY_IF.msgid, year=YEAR),
        _(SUM_RELOCATION.msgid, people=people, sum=Amount(sums.relocation)),
        *((rent,) if answers.get("rent") != "no" else ()),
        _(SUM_HOME.msgid, sum=Amount(sums.certificate)),
    )


SUPPORT = Flow(
    name="support",
    title=labels.SUPPORT,
    items=(AREA, *REGION_QUESTIONS, PEOPLE, RENT),
    outcome=outcome,
)
