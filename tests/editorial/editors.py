"""Invented editors, and a changed fact in every language."""

from dataclasses import replace as _replace
from datetime import date, timedelta

from msgspec.structs import replace

from bot.content import Body
from bot.db.statements import database_time
from bot.editorial import drafts
from bot.officers.directory import Officer
from bot.officers.permissions import Role
from bot.runtime import Runtime
from tests.desk.desks import insert_officer

ITEM = "fact:tr.stay"
TEXTS = {
    "en": "Citizens of Turkey may stay up to 60 days in any 180 without a visa.",
    "kk": "Түркия азаматтары кез келген 180 күннің ішінде 60 күнге дейін визасыз бола алады.",
    "ru": "Граждане Турции могут находиться до 60 дней в течение любых 180 дней без визы.",
    "zh_Hans": "土耳其公民在任意180天内可免签停留最多60天。",
    "uz": "Turkiya fuqarolari istalgan 180 kun ichida 60 kungacha vizasiz boʻlishi mumkin.",
}


async def editor(rt: Runtime, name: str = "Editor Testova") -> Officer:
    return await insert_officer(rt, name, roles=(Role.EDITOR,))


async def approver(rt: Runtime, name: str = "Approver Testov") -> Officer:
    return await insert_officer(rt, name, roles=(Role.APPROVER,))


async def database_day(rt: Runtime) -> date:
    async with rt.pool.connection() as transaction:
        return (await database_time(transaction)).date()


async def body(rt: Runtime, **changes: object) -> Body:
    """Return the content of the changed fact, with dates relative to the database clock."""
    today = await database_day(rt)
    plain = Body(
        texts=TEXTS,
        sources=("https://www.gov.kz/example",),
        as_of=today - timedelta(days=3),
        checked=today,
        until=today + timedelta(days=90),
    )
    return replace(plain, **changes)


async def draft(
    rt: Runtime, author: Officer, item: str = ITEM, **changes: object
) -> drafts.Version:
    """Save a draft and return it."""
    newest = await drafts.history(rt, author, item)
    seen = newest[0].number if newest else 0
    assert await drafts.save(rt, author, item, await body(rt, **changes), seen) == []
    return (await drafts.history(rt, author, item))[0]


async def publish(
    rt: Runtime, author: Officer, second: Officer, item: str = ITEM, **changes: object
) -> drafts.Version:
    """Draft, approve and publish a version of the content item `item`; return the version."""
    found = await draft(rt, author, item, **changes)
    await drafts.approve(rt, second, item, found.number, found.content_hash)
    return _replace(found, state="live")
