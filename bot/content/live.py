"""Snapshot of the published content in a process, replaced as a whole.

A publication increments a counter in its transaction and notifies all processes. A process that
misses the notification sees the new counter within POLL_SECONDS. A turn (the processing of one
event of a conversation) uses one edition of one snapshot, so it never sees half of a publication.
An edition is a date object that also contains the content valid on that date.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from bot.cache import Cache, CacheUnavailable
from bot.content import answers, cards, statements
from bot.content.cards import DatedCard
from bot.content.model import Body, Kind, fact_of, sentence
from bot.db.connection import Transaction
from bot.db.statements import fetch_all, fetch_value
from bot.i18n import Languages
from bot.observability import logging, metrics
from flows.engine.edition import Edition
from flows.engine.replies import Reply
from flows.engine.text import Text
from flows.knowledge.catalogue import FACTS
from flows.knowledge.facts import Fact
from flows.knowledge.intents.answer import Answer
from flows.knowledge.intents.answers import BY_INTENT
from flows.replies import reply_of

POLL_SECONDS = 2.0
TOPIC = "content"

_SHIPPED: Mapping[str, Fact] = {fact.key: fact for fact in FACTS}
_logger = logging.get()


@dataclass(frozen=True)
class Snapshot:
    """All published content of one version; `bodies` is keyed by item, such as `fact:KEY`."""

    version: int = 0
    bodies: Mapping[str, Body] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    cards: tuple[DatedCard, ...] = ()
    notices: tuple[tuple[Body, Text], ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    replies: Mapping[str, Reply] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    _days: dict[date, date] = field(default_factory=dict)

    def on(self, day: date) -> date:
        """Return the edition of a day: a date object that also contains the content valid then.

        Return `day` itself if nothing is published.
        """
        if not self.bodies:
            return day
        if day not in self._days:
            # Limit the cache: the bot asks for two or three days, but tests may ask for many.
            if len(self._days) > 8:
                self._days.clear()
            notices = (text for body, text in self.notices if body.since <= day <= body.until)
            shown = cards.by_country(self.cards, day)
            self._days[day] = Edition.of(day, self.facts, shown, notices, self.replies)
        return self._days[day]


def snapshot(languages: Languages, version: int, bodies: Mapping[str, Body]) -> Snapshot:
    """Return the snapshot of the published items.

    Facts that this version of Kosh does not ship are skipped.
    """
    facts, notices = {}, []
    for item, body in bodies.items():
        kind, _colon, key = item.partition(":")
        if kind == Kind.NOTICE and not body.silent:
            notices.append((body, sentence(languages, body.texts)))
        elif kind == Kind.FACT and key in _SHIPPED:
            facts[key] = fact_of(languages, _SHIPPED[key], body)
    found = {
        item.partition(":")[2]: body
        for item, body in bodies.items()
        if item.startswith(f"{Kind.CARD}:") and not body.silent
    }
    answers_by_intent = dict(_arranged_answers(bodies))
    return Snapshot(
        version,
        bodies,
        facts,
        cards.dated(languages, found),
        tuple(notices),
        answers_by_intent,
        {intent: reply_of(answer) for intent, answer in answers_by_intent.items()},
        dict(_phrases(bodies)),
    )


def _arranged_answers(bodies: Mapping[str, Body]) -> Iterator[tuple[str, Answer]]:
    """Yield intent and arranged answer; log and skip an answer that cannot be arranged.

    An answer cannot be arranged if it has a part that this version of Kosh does not ship.
    """
    for item, body in bodies.items():
        kind, _colon, intent = item.partition(":")
        if kind != Kind.ANSWER or intent not in BY_INTENT:
            continue
        if answer := answers.arrange(intent, body):
            yield intent, answer
        else:
            _logger.error("content.unreadable", code="E_CONTENT", kind=kind)


def _phrases(bodies: Mapping[str, Body]) -> Iterator[tuple[str, str]]:
    """Yield each phrase that editors taught, with its intent."""
    for item, body in bodies.items():
        kind, _colon, intent = item.partition(":")
        if kind == Kind.PHRASES and not body.silent:
            for text in body.texts.values():
                yield from ((line, intent) for line in text.splitlines())


class LiveContent:
    """The published content in a process, as a snapshot that the function `serving` updates."""

    def __init__(self, languages: Languages | None = None) -> None:
        self._languages = languages or Languages()
        self.snapshot = Snapshot()

    def on(self, day: date) -> date:
        """Return the edition of a day: a date object that also contains the content valid then.

        Call it once per event, so that the content cannot change while the event is processed.
        """
        return self.snapshot.on(day)

    async def load(self, transaction: Transaction) -> None:
        """Read the published content, and replace the snapshot if a new version was published."""
        if await fetch_value(transaction, statements.VERSION) == self.snapshot.version:
            return
        rows: list[tuple[Any, ...]] = list(await fetch_all(transaction, statements.LIVE))
        bodies = {
            str(item): found for _v, item, raw in rows if item and (found := _body(item, raw))
        }
        self.snapshot = snapshot(self._languages, rows[0][0], bodies)
        metrics.CONTENT_VERSION.set(self.snapshot.version)
        _logger.info("content.loaded", version=self.snapshot.version, count=len(bodies))


def _body(item: str, raw: object) -> Body | None:
    """Convert the stored content of an item; log an error and return None if it is unreadable.

    A newer version of Kosh may have written content that this version cannot read.
    """
    try:
        return msgspec.convert(raw, Body)
    except msgspec.ValidationError:
        _logger.error("content.unreadable", code="E_CONTENT", kind=item.partition(":")[0])
        return None


@asynccontextmanager
async def serving(languages: Languages, pool: Any, live: Cache) -> AsyncIterator[LiveContent]:
    """Load the published content; update it in the background until the block ends."""
    content = LiveContent(languages)
    async with pool.connection() as transaction:
        await content.load(transaction)
    loops = (_poll(content, pool), _listen(content, pool, live))
    tasks = [asyncio.create_task(each) for each in loops]
    try:
        yield content
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _poll(content: LiveContent, pool: Any) -> None:
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await _reload(content, pool)


async def _listen(content: LiveContent, pool: Any, live: Cache) -> None:
    while True:
        with suppress(CacheUnavailable):
            async with live.listen(TOPIC) as subscription:
                async for _wake in subscription:
                    await _reload(content, pool)
        await asyncio.sleep(POLL_SECONDS)


async def _reload(content: LiveContent, pool: Any) -> None:
    """Load the published content; without PostgreSQL, log a warning and keep the last snapshot."""
    try:
        async with pool.connection() as transaction:
            await content.load(transaction)
    except (psycopg.Error, PoolTimeout):
        _logger.warning("content.poll_failed", code="E_UNAVAILABLE")


async def announce(live: Cache) -> None:
    """Notify all processes of published content; without Valkey they see it at their next poll."""
    with suppress(CacheUnavailable):
        await live.publish(TOPIC, b"")
