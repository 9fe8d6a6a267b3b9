"""The last sentence of a checklist: when its sources were made and when they were read."""

from datetime import date
from operator import itemgetter

from flows.engine.blocks import Source, source
from flows.engine.text import Text, _
from flows.knowledge.facts import Dated, Fact
from flows.paragraphs import joined

SOURCES = _("Dates of the sources of this list: {oldest} – {newest}.")
SOURCES_OF_ONE_DATE = _("Date of the sources of this list: {date}.")
SOURCES_UNDATED = _("The sources of this list have no date.")
SOME_UNDATED = _("Some sources have no date.")
READ = _("We read stored copies from {first} to {last}, some only in part.")
READ_ON = _("We read stored copies on {date}, some only in part.")


def sources(facts: list[Fact]) -> Source:
    """Return a sentence with the dates of the facts' sources and the days when they were read.

    If only the year of a source's date is known, the year is shown.
    """
    dated = sorted(
        (
            (fact.as_of, fact.as_of.year if fact.dated is Dated.YEAR else fact.as_of)
            for fact in facts
            if fact.dated is not Dated.READ
        ),
        key=itemgetter(0),
    )
    sentences: list[Text] = []
    if not dated:
        sentences.append(SOURCES_UNDATED)
    elif (oldest := dated[0][1]) == (newest := dated[-1][1]):
        sentences.append(_(SOURCES_OF_ONE_DATE.msgid, date=oldest))
    else:
        sentences.append(_(SOURCES.msgid, oldest=oldest, newest=newest))
    if 0 < len(dated) < len(facts):
        sentences.append(SOME_UNDATED)
    days = frozenset[date]().union(*(fact.read for fact in facts))
    first, last = min(days), max(days)
    read = _(READ.msgid, first=first, last=last) if first < last else _(READ_ON.msgid, date=last)
    return source(joined(*sentences, read))
