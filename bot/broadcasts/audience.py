"""Audience of a broadcast: subscribers of its topic for whom no exclusion applies.

The audience rule's field `lists` adds people who keep a list of papers and agreed to messages about
its changes. Selection never uses answers of forms or the time of the last visit. Attributes that
people gave for announcements are compared as keyed tokens (blind index).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bot.broadcasts import audience_statements as statements
from bot.broadcasts.model import Draft, Purpose, Rule
from bot.db.connection import Transaction
from bot.db.statements import fetch_all, fetch_values, long_statements
from bot.i18n.formats import names
from bot.people import subscriptions
from bot.runtime import Runtime
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.programmes import PROGRAMMES
from flows.knowledge.regions import REGIONS
from flows.list_changes import LIST, LIST_COUNTRY

PUSHED = ("telegram", "whatsapp")
# A service message can be sent to the people whose registration is in one of these states.
REGISTERED = (
    "received", "needs_information", "duplicate", "passed_on", "accepted", "rejected",
)  # fmt: skip
# Statement timeout in seconds. Counting millions of rows takes some seconds on an idle server.
MAX_COUNT = 60


@dataclass(frozen=True, slots=True)
class Count:
    """Number of recipients by (language, channel), and number of excluded people by reason."""

    included: Mapping[tuple[str, str], int] = field(default_factory=dict)
    excluded: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.included.values())

    def on(self, channel: str) -> int:
        return sum(count for (_, name), count in self.included.items() if name == channel)


def unknown(rt: Runtime, rule: Rule) -> str:
    """Return the name of the first field of a rule that has an unknown value, or ''.

    Without this check, a rule with an unknown value would silently match no one.
    """
    forms = [code for code, _own in rt.languages.languages()]
    known: Mapping[str, Collection[str]] = {
        "languages": forms,
        "channels": (*PUSHED, "web"),
        "missions": [GENERAL, *(each.key for each in MISSIONS)],
        "registration": REGISTERED,
        "countries": names(forms[0]).countries,
        "programmes": [each.key for each in PROGRAMMES],
        "regions": [each.key for each in REGIONS],
        "lists": [each.key for each in PROGRAMMES],
    }
    return next((part for part, among in known.items() if {*getattr(rule, part)} - {*among}), "")


async def values(rt: Runtime, transaction: Transaction, draft: Draft) -> dict[str, Any]:
    """Return the parameters with which SQL statements select the audience of a draft."""
    rule = draft.rule
    whatsapp = rt.channels.get("whatsapp")
    return {
        "topic": draft.topic,
        "service": draft.purpose is Purpose.SERVICE and bool(rule.registration),
        "languages": list(rule.languages),
        "channels": list(rule.channels),
        "missions": list(rule.missions),
        "registration": list(rule.registration),
        "countries": _tokens(rt, "country", rule.countries),
        "programmes": _tokens(rt, "programme", rule.programmes),
        "regions": _tokens(rt, "region", rule.regions),
        "lists": _tokens(rt, LIST, rule.lists),
        "list_countries": _tokens(rt, LIST_COUNTRY, rule.countries),
        "pushed": push_channels(rt),
        "anyway": draft.purpose is not Purpose.NEWS,
        "recent": await _recent_broadcasts(transaction),
        "templates": template_languages(rt, draft),
        "window": whatsapp.window if whatsapp else 0,
    }


def push_channels(rt: Runtime) -> list[str]:
    """Return the channels on which broadcasts are sent to people.

    The web chat is excluded, because a closed page cannot be reached; its users read past
    announcements. Demo mode includes the web chat, since a demo has no other channel.
    """
    return [each for each in PUSHED if each in rt.channels] + ["web"] * rt.settings.demo


async def _recent_broadcasts(transaction: Transaction) -> list[UUID]:
    """Return ids of broadcasts that are running, or whose state changed within the last 24 hours.

    Recipients who got one of them within 24 hours, or will get it, are excluded from further
    announcements of news.
    """
    return await fetch_values(transaction, statements.RECENT)


def template_languages(rt: Runtime, draft: Draft) -> list[str]:
    """Return the codes of languages and scripts for which the draft names a WhatsApp template.

    A template in one script of a language also counts for its other scripts.
    """
    with_template = {each for each, words in draft.texts.items() if words.template}
    return [code for code, _own in rt.languages.languages() if code.split("_")[0] in
            {each.split("_")[0] for each in with_template}]  # fmt: skip


def _tokens(rt: Runtime, kind: str, names: tuple[str, ...]) -> list[bytes]:
    return [token for value in names for token in subscriptions.tokens(rt, kind, value)]


async def count(rt: Runtime, transaction: Transaction, draft: Draft) -> Count:
    """Count the audience without decrypting anything; millions of people take some seconds."""
    parameters = await values(rt, transaction, draft)
    async with long_statements(transaction, MAX_COUNT):
        found = await fetch_all(transaction, statements.COUNT, **parameters)
    included: Counter[tuple[str, str]] = Counter()
    excluded: Counter[str] = Counter()
    for language, channel, against, many in found:
        if against:
            excluded[against] += many
        else:
            included[language, channel] += many
    return Count(dict(included), dict(excluded))
