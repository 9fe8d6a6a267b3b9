"""Share links to printable checklists, stored encrypted in Valkey for 30 minutes.

The link's secret token is the only way to the list. Nothing is written to the database, so
anonymous people can share a list too. If Valkey loses its data, the list has to be created again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from secrets import token_urlsafe

import msgspec
from sqlalchemy import select

from bot.cache import CacheUnavailable
from bot.db.statements import NOW, fetch_value, statement
from bot.printing import pdf
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from flows.engine.events import Kind, PrintList, Say
from flows.engine.state import Turn

LINK_SECONDS = 1800
PATH = "/print/"
# Rate limit for rendering per link: burst size, and requests per second after it.
MAX_AT_ONCE, RATE = 5, 0.1

_encode = msgspec.json.Encoder().encode


class SharedChecklist(msgspec.Struct, frozen=True):
    """The content of a printable checklist; it contains no name and no address."""

    answers: Mapping[str, str | None]
    language: str
    ready: tuple[str, ...]
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A checklist to store in Valkey, and the secret token of its URL."""

    token: str
    checklist: SharedChecklist


_decode = msgspec.json.Decoder(SharedChecklist).decode


def add_links(rt: Runtime, turn: Turn) -> tuple[Sequence[Say], Sheet | None]:
    """Return a turn's messages with the checklist's URL in their link buttons, and the checklist.

    A turn is the flow engine's reaction to one event of a person. The checklist is to be stored; it
    is None if the turn offers no printable checklist.
    """
    effect = next((each for each in turn.effects if isinstance(each, PrintList)), None)
    if effect is None:
        return turn.says, None
    token = token_urlsafe(24)
    language = turn.conversation.language
    checklist = SharedChecklist(effect.answers, language, effect.ready, effect.entries)
    url = f"{rt.settings.public_url}{PATH}{token}"
    return [_with(say, url) for say in turn.says], Sheet(token, checklist)


def _with(say: Say, url: str) -> Say:
    buttons = tuple(
        replace(each, payload=url) if each.kind is Kind.LINK else each for each in say.buttons
    )
    return replace(say, buttons=buttons)


async def create_link(rt: Runtime, sheet: Sheet) -> None:
    """Store a checklist in Valkey; if Valkey is unavailable, its link will show "expired"."""
    blob = rt.vault.seal_transient(_encode(sheet.checklist), _purpose(sheet.token))
    with suppress(CacheUnavailable):
        await rt.valkey.store_value(_key(rt, sheet.token), blob, ttl_s=LINK_SECONDS)


_NOW = statement(select(NOW))


async def find(rt: Runtime, token: str) -> SharedChecklist | None:
    """Return the checklist that a link's token gives access to; None if expired or unreadable."""
    try:
        blob = await rt.valkey.load_value(_key(rt, token))
        return _decode(rt.vault.unseal_transient(blob, _purpose(token))) if blob else None
    except (CacheUnavailable, VaultError, msgspec.DecodeError):
        return None


async def render_pdf(rt: Runtime, token: str, *, phone: bool = False) -> bytes | None:
    """Return a link's checklist as PDF; None if it has expired or was rendered too often."""
    checklist = await find(rt, token)
    if checklist is None or await _is_rate_limited(rt, token):
        return None
    async with rt.pool.connection() as transaction:
        now = await fetch_value(transaction, _NOW)
    assert now is not None
    today = rt.content.on(now.date())
    site = f"{rt.settings.public_url}/?lang={checklist.language}"
    list_of = (checklist.answers, checklist.language, today, checklist.ready, checklist.entries)
    return await asyncio.to_thread(pdf.render_pdf, rt.languages, *list_of, site, phone=phone)


async def _is_rate_limited(rt: Runtime, token: str) -> bool:
    bucket = f"print:{_key(rt, token)}"
    try:
        return bool(await rt.valkey.allow(bucket, rate=RATE, burst=MAX_AT_ONCE))
    except CacheUnavailable:
        return True


def _key(rt: Runtime, token: str) -> str:
    return rt.vault.index("sheet", token).hex()


def _purpose(token: str) -> str:
    return f"sheet:{token}"
