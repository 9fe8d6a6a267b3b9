"""Lists lent for printing: for half an hour they lie sealed in Valkey, behind a secret address.

Nothing durable comes of it, so that it is there for somebody who just asks too. Whoever loses
Valkey makes the list again.
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

LENT_SECONDS = 1800
PATH = "/print/"
# So often in a row one list is set, and so often a second after that.
MAX_AT_ONCE, AGAIN_EACH_SECOND = 5, 0.1

_encode = msgspec.json.Encoder().encode


class SharedChecklist(msgspec.Struct, frozen=True):
    """What a sheet is made of: no name, and no address of anybody."""

    answers: Mapping[str, str | None]
    language: str
    ready: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list on its way to Valkey, and the secret end of its address."""

    token: str
    lent: SharedChecklist


_decode = msgspec.json.Decoder(SharedChecklist).decode


def linked(rt: Runtime, turn: Turn) -> tuple[Sequence[Say], Sheet | None]:
    """A turn's says with the address where they offer a list to print, and that list."""
    wanted = next((each for each in turn.effects if isinstance(each, PrintList)), None)
    if wanted is None:
        return turn.says, None
    token = token_urlsafe(24)
    lent = SharedChecklist(wanted.answers, turn.conversation.language, wanted.ready)
    url = f"{rt.settings.public_url}{PATH}{token}"
    return [_with(say, url) for say in turn.says], Sheet(token, lent)


def _with(say: Say, url: str) -> Say:
    buttons = tuple(
        replace(each, payload=url) if each.kind is Kind.LINK else each for each in say.buttons
    )
    return replace(say, buttons=buttons)


async def create_link(rt: Runtime, sheet: Sheet) -> None:
    """Put it where its address leads; without Valkey the address says that it is over."""
    blob = rt.vault.seal_transient(_encode(sheet.lent), _purpose(sheet.token))
    with suppress(CacheUnavailable):
        await rt.live.lend(_key(rt, sheet.token), blob, ttl_s=LENT_SECONDS)


_NOW = statement(select(NOW))


async def printed(rt: Runtime, token: str) -> bytes | None:
    """The PDF of a list that is still lent; None when that is over, or was asked for too often."""
    try:
        blob = await rt.live.lent(_key(rt, token))
        lent = _decode(rt.vault.unseal_transient(blob, _purpose(token))) if blob else None
        bucket = f"print:{_key(rt, token)}"
        if lent is None or await rt.live.allow(bucket, rate=AGAIN_EACH_SECOND, burst=MAX_AT_ONCE):
            return None
    except (CacheUnavailable, VaultError, msgspec.DecodeError):
        return None
    async with rt.pool.connection() as transaction:
        now = await fetch_value(transaction, _NOW)
    assert now is not None
    today = now.date()
    return await asyncio.to_thread(
        pdf.printed, rt.languages, lent.answers, lent.language, today, lent.ready
    )


def _key(rt: Runtime, token: str) -> str:
    return rt.vault.index("sheet", token).hex()


def _purpose(token: str) -> str:
    return f"sheet:{token}"
