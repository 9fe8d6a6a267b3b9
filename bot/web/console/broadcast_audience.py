"""The audience of an announcement as the console shows it: filters, sentences, counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.broadcasts import Count, Draft, Purpose, Rule
from bot.broadcasts.audience import REGISTERED
from bot.web.console import labels as console_labels
from bot.web.console.request_context import RequestContext
from flows.engine.text import Country
from flows.knowledge.missions import MISSIONS
from flows.knowledge.offices import desk_name
from flows.knowledge.origins import ORIGINS
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.regions import REGIONS
from flows.knowledge.topics import topic


@dataclass(frozen=True, slots=True)
class Bound:
    """A filter of the audience: its possible values, and those that the officer has chosen."""

    name: str
    title: str
    choices: list[tuple[str, str]]
    chosen: tuple[str, ...]

    @property
    def values(self) -> str:
        return ", ".join(label for key, label in self.choices if key in self.chosen)


def bounds(context: RequestContext, rule: Rule) -> Iterator[Bound]:
    t, say = console_labels.Wording(context.rt.languages, context.language), context.say
    codes = tuple(dict.fromkeys((*ORIGINS, *rule.countries)))
    countries = [(each, say(Country(each))) for each in codes]
    programmes = [(each.key, say(each.name)) for each in PROGRAMMES]
    regions = [(each.key, say(each.name)) for each in REGIONS]
    registered = [(each, say(console_labels.REGISTRATION[each])) for each in REGISTERED]
    missions = [(each.key, say(desk_name(each.key))) for each in MISSIONS]
    forms = list(context.rt.languages.languages())
    yield Bound("languages", t.written_forms, forms, rule.languages)
    yield Bound("channels", t.channels, list(console_labels.CHANNELS.items()), rule.channels)
    yield Bound("countries", t.declared_country, countries, rule.countries)
    yield Bound("programmes", t.declared_programme, programmes, rule.programmes)
    yield Bound("regions", t.declared_region, regions, rule.regions)
    yield Bound("lists", t.lists_too, programmes, rule.lists)
    yield Bound("registration", t.states_of_registration, registered, rule.registration)
    yield Bound("missions", t.mission_of, missions, rule.missions)


def summary(context: RequestContext, draft: Draft) -> Iterator[str]:
    """Yield sentences that describe who receives the announcement."""
    t = console_labels.Wording(context.rt.languages, context.language)
    if draft.purpose is Purpose.SERVICE and draft.rule.registration:
        yield t.aud_service
    elif draft.topic:
        yield t("aud_topic", topic=context.say(topic(draft.topic).name))
    for each in bounds(context, draft.rule):
        if each.chosen:
            only = "aud_too" if each.name == "lists" else "aud_only"
            yield t(only, what=each.title, values=each.values)


@dataclass(frozen=True, slots=True)
class Table:
    """Table of recipients: a row per written form (a language in one script).

    Each row has a number per channel and their sum.
    """

    channels: list[str]
    lines: list[tuple[str, list[int]]]


def counted(context: RequestContext, count: Count) -> Table:
    """Return the table of counted recipients.

    Languages, scripts and channels without recipients are omitted.
    """
    channels = [each for each in console_labels.CHANNELS if count.on(each)]
    lines = [
        (own, [count.included.get((code, channel), 0) for channel in channels])
        for code, own in context.rt.languages.languages()
    ]
    rows = [(own, [*figures, sum(figures)]) for own, figures in lines if any(figures)]
    return Table([console_labels.CHANNELS[each] for each in channels], rows)


def left_out(context: RequestContext, count: Count) -> list[tuple[str, int]]:
    t = console_labels.Wording(context.rt.languages, context.language)
    return [(t(f"out_{reason}"), many) for reason, many in sorted(count.excluded.items()) if many]


def audience_values(context: RequestContext, draft: Draft, count: Count) -> dict[str, Any]:
    """Return the template values that describe the audience of a draft and its counted people."""
    return {
        "count": count,
        "table": counted(context, count),
        "out": left_out(context, count),
        "summary": list(summary(context, draft)),
        "bounds": list(bounds(context, draft.rule)),
    }
