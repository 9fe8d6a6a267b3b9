"""Kosh asks an external language model only after it has sent its own answer to the person."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.config.settings import Settings
from bot.observability import logging
from bot.runtime import Runtime, runtime
from flows.engine import external_model
from flows.engine.events import Pressed, Said, Started
from flows.engine.recognition import Confidence, Recognition
from tests.emulators.language_model import FAULTS, KEY, MODEL, LanguageModel, language_model
from tests.flows.recognizer import FakeRecognizer, danger
from tests.person_client import Guest

OPERATOR = "Example Models Ltd"
UNCLEAR, PRIVATE, DANGER = "zzz canary qqq", "zzz private qqq", "zzz taken qqq"
RECOGNIZER = FakeRecognizer(
    {
        UNCLEAR: Recognition(Confidence.UNKNOWN, may_leave=True),
        PRIVATE: Recognition(Confidence.UNKNOWN),
        DANGER: danger("danger.detained"),
    }
)


@pytest.fixture
async def server() -> AsyncIterator[LanguageModel]:
    async with language_model() as server:
        server.chosen = "life.pension"
        yield server


@pytest.fixture
async def model_runtime(chosen: Settings, server: LanguageModel) -> AsyncIterator[Runtime]:
    settings = chosen.model_copy(
        update={
            "external_model_url": server.url,
            "external_model_name": MODEL,
            "external_model_operator": OPERATOR,
            "external_model_key": SecretStr(KEY),
            "external_model_timeout_seconds": 60.0,
        }
    )
    async with runtime(settings) as rt:
        yield replace(rt, understanding=replace(rt.understanding, recognizer=RECOGNIZER))


async def wait_for_tasks(rt: Runtime) -> None:
    """Wait until all background tasks of turns have ended."""
    while rt.background_tasks:
        await next(iter(rt.background_tasks))


async def start_guest(rt: Runtime) -> Guest:
    guest = Guest(rt)
    await guest.do(Started())
    await guest.press("ru")
    return guest


async def consenting_guest(rt: Runtime) -> Guest:
    guest = await start_guest(rt)
    await guest.do(Said(UNCLEAR))
    await guest.do(Pressed(f"?{external_model.AGREE}"))
    return guest


async def texts(guest: Guest) -> list[str]:
    return ["\n".join(map(str, each.paragraphs)) for each in await guest.heard()]


async def test_external_model_answer_is_sent_after_the_ordinary_answer(
    model_runtime: Runtime, server: LanguageModel
) -> None:
    guest = await consenting_guest(model_runtime)
    before = len(await texts(guest))
    await guest.do(Said(UNCLEAR))
    await wait_for_tasks(model_runtime)
    ordinary, chosen = (await texts(guest))[before:]
    assert OPERATOR not in ordinary
    assert OPERATOR in chosen
    assert (server.asked, server.mistakes) == ([UNCLEAR], [])


@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "slow"])
async def test_external_model_failure_does_not_affect_the_ordinary_answer(
    model_runtime: Runtime, server: LanguageModel, fault: str
) -> None:
    server.fault = fault
    guest = await consenting_guest(model_runtime)
    before = len(await texts(guest))
    await guest.do(Said(UNCLEAR))
    await wait_for_tasks(model_runtime)
    assert len(server.asked) == 1
    assert len(await texts(guest)) == before + 1
    await guest.do(Said("/menu"))
    assert len(await texts(guest)) == before + 2


async def test_slow_external_model_delays_no_turn(
    model_runtime: Runtime, server: LanguageModel
) -> None:
    server.fault = "slow"
    guest = await consenting_guest(model_runtime)
    before = len(await texts(guest))
    await guest.do(Said(UNCLEAR))
    await guest.do(Said("/menu"))
    assert len(await texts(guest)) == before + 2
    server.released.set()
    await wait_for_tasks(model_runtime)
    assert len(server.asked) == 1
    assert len(await texts(guest)) == before + 2


async def test_external_model_gets_no_text_without_consent_or_with_danger(
    model_runtime: Runtime, server: LanguageModel
) -> None:
    lines = io.StringIO()
    logging.configure("debug", to=lines)
    try:
        guest = await start_guest(model_runtime)
        for text in (UNCLEAR, PRIVATE, UNCLEAR, DANGER):
            await guest.do(Said(text))
        refusing = await start_guest(model_runtime)
        await refusing.do(Said(UNCLEAR))
        await refusing.do(Pressed(f"?{external_model.REFUSE}"))
        await refusing.do(Said(UNCLEAR))
        willing = await consenting_guest(model_runtime)
        for text in (PRIVATE, DANGER):
            await willing.do(Said(text))
        await wait_for_tasks(model_runtime)
    finally:
        logging.configure("error")
    assert server.asked == []
    assert "zzz" not in lines.getvalue()


async def test_external_model_has_hourly_limits_per_person_and_installation(
    model_runtime: Runtime, server: LanguageModel
) -> None:
    few = model_runtime.settings.model_copy(
        update={"external_model_person_hourly": 2, "external_model_hourly": 3}
    )
    rt = replace(model_runtime, settings=few)
    one, other = await consenting_guest(rt), await consenting_guest(rt)
    for guest in (one, one, one, other, other):
        await guest.do(Said(UNCLEAR))
        await wait_for_tasks(rt)
    assert len(server.asked) == 3


async def test_consent_to_the_external_model_and_its_withdrawal_are_recorded(
    model_runtime: Runtime, server: LanguageModel
) -> None:
    guest = Guest(model_runtime)
    await guest.consent()
    await guest.do(Said("/menu"))
    await guest.do(Said(UNCLEAR))
    await guest.do(Pressed(f"?{external_model.AGREE}"))
    await guest.do(Said(UNCLEAR))
    await wait_for_tasks(model_runtime)
    assert server.asked == [UNCLEAR]
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert [each.key for each in conversation.asked.options][-1] == external_model.REFUSE
    await guest.do(Pressed(f"?{external_model.REFUSE}"))
    async with model_runtime.pool.connection() as session:
        cursor = await session.execute(
            "SELECT given FROM consents WHERE purpose = %s ORDER BY id", (external_model.PURPOSE,)
        )
        assert await cursor.fetchall() == [(True,), (False,)]
