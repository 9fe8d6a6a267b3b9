"""Example data for pictures of the console: officers, their settings, and waiting people."""

from datetime import timedelta
from typing import Any

import aiohttp

from bot import desk
from bot.desk import break_glass, views
from bot.desk.views import Filter, Queue
from bot.officers import directory
from bot.officers.permissions import Reason, Role
from tests.app_stack import AppStack
from tests.sample_files import photo
from tests.visitor import Visitor
from tests.web.journey import ANSWERS

# Language of the person, topic of the case, and their message.
PEOPLE = (
    ("kk", "registration", "Сәлеметсіз бе! Алдын ала тіркелдім, енді не істеуім керек?"),
    ("ru", "spouse", "Здравствуйте. Может ли жена подать заявление вместе со мной?"),
    ("zh_Hans", "no_papers", "您好！我的证件上没有写民族，该怎么办？"),
    ("uz", "stay_ends", "Assalomu alaykum. Vizam ikki haftadan keyin tugaydi."),
    ("kk_Arab", "former_citizen", "امانسىز با! مەن بۇرىن قازاقستان ازاماتى بولعانمىن."),
    ("ru", "general", "Сколько стоит приём документов?"),
    ("kk", "passport", "Төлқұжатымның мерзімі бітіп барады."),
)


async def _work_on_case(stack: AppStack, visitor: Visitor) -> None:
    async with stack.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
    lead = next(each for each in everyone if Role.LEAD in each.roles)
    page = await views.listing(stack.rt, lead, Filter(Queue.ALL, topic="registration"))
    case = page.lines[0].case
    result = await desk.claim(stack.rt, lead, case.id, case.version, key="claim")
    words = "Сәлеметсіз бе! Өтінішіңізді көріп отырмын, қазір тексеремін."
    await desk.reply(stack.rt, lead, case.id, result.version, key="reply", words=words)
    result = await desk.ask_document(
        stack.rt, lead, case.id, result.version, key="document", document="identity"
    )
    await send_paper(stack, visitor)
    note = "Анкета заполнена наполовину; ждёт вопроса об имени."
    await desk.note(stack.rt, lead, case.id, result.version, key="note", words=note)
    await visitor.send("said", text="Рақмет! Тағы бір сұрақ: балалардың құжаты бірге ме?")


async def send_paper(stack: AppStack, visitor: Visitor) -> None:
    """Upload the document that the officer requested, over the chat page."""
    form = aiohttp.FormData()
    form.add_field("chat", visitor.chat)
    form.add_field("file", photo(), filename="page.jpg")
    headers = {"X-Requested-With": "kosh"}
    async with visitor.session.post(f"{stack.url}/chat/file", data=form, headers=headers) as answer:
        assert answer.status == 202, await answer.text()


async def _request_emergency_access(stack: AppStack) -> None:
    """Let a second administrator request emergency access to a case, for the first to approve."""
    async with stack.rt.pool.connection() as session:
        everyone = await directory.everyone(session)
        cursor = await session.execute("SELECT min(number) FROM cases")
        row = await cursor.fetchone()
    dana = next(each for each in everyone if Role.ADMINISTRATOR in each.roles)
    erlan = await directory.enter(
        stack.rt, dana, "Erlan Testov", "mn_ulaanbaatar", [Role.ADMINISTRATOR]
    )
    assert row is not None
    await break_glass.ask(stack.rt, erlan, row[0], Reason.COMPLAINT)


async def ask_officer(
    stack: AppStack, language: str, topic: str, words: str, after: tuple[str, ...] = ()
) -> Visitor:
    """Add a person who asks for an officer in the web chat, after some answers (`after`).

    Return the visitor of the chat; `leave` closes it.
    """

    async def cases() -> int:
        async with stack.rt.pool.connection() as session:
            row = await (await session.execute("SELECT count(*) FROM cases")).fetchone()
        assert row is not None
        return int(row[0])

    before = await cases()
    manager = Visitor.at(stack.url)
    visitor = await manager.__aenter__()
    await visitor.wait(1)
    await visitor.press(language)
    for each in after:
        await answer(visitor, each)
    await visitor.say("/person")
    while topic not in _keys(visitor):
        await visitor.press(">")
    await visitor.press(topic)
    await visitor.press("yes")
    await visitor.say(words)

    async def is_opened() -> bool:
        return await cases() > before

    # Wait for the case in the database, since an answer can have two messages and `say` returns
    # after the first.
    await stack.until(is_opened)
    visitor.leave = manager  # type: ignore[attr-defined]
    return visitor


async def answer(visitor: Visitor, reply: str) -> None:
    """Press the button with that key if there is one, otherwise send the text."""
    while reply not in _keys(visitor) and ">" in _keys(visitor):
        await visitor.press(">")
    await (visitor.press(reply) if reply in _keys(visitor) else visitor.say(reply))


def _keys(visitor: Visitor) -> list[str]:
    return [payload.partition(":")[2] or payload for payload in visitor.newest.buttons.values()]


async def create_waiting_cases(stack: AppStack) -> None:
    """Put a case into the officers' queue for each person in PEOPLE.

    The first person has filled in a part of the form, and a lead (supervising officer) has replied.
    """
    for language, topic, words in PEOPLE[1:]:
        await close_visitor(await ask_officer(stack, language, topic, words))
    first = await ask_officer(stack, *PEOPLE[0], after=ANSWERS[:17])
    await _work_on_case(stack, first)
    await close_visitor(first)
    await _request_emergency_access(stack)
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "UPDATE officers SET shift_until = kosh_now() + %s WHERE name <> 'Berik Testov'",
            (timedelta(hours=6),),
        )


async def close_visitor(visitor: Any) -> None:
    await visitor.leave.__aexit__(None, None, None)
