"""Anonymous conversations continue after midnight UTC, when the Valkey key of a chat changes."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.cache import CacheUnavailable
from bot.channels import Inbound, Throttled
from bot.conversations import anonymous, session_lookup, unsent_calls
from bot.people import identities
from bot.runtime import Runtime
from flows.engine import screens
from flows.engine.events import Pressed, Said, Started
from tests.clock import advance_database_clock
from tests.conversations.test_unsent_calls import FlakyMessenger
from tests.person_client import TO_CONSENT

pytestmark = pytest.mark.requirement("S-88")


@pytest.fixture
async def messenger(rt: Runtime) -> FlakyMessenger:
    """Return a chat that begins one minute before midnight UTC."""
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE test_clock SET ahead = date_trunc('day', clock_timestamp(), 'UTC')"
            " + interval '1 day' - interval '1 minute' - clock_timestamp()"
        )
    messenger = FlakyMessenger(rt)
    await messenger.do(Started())
    return messenger


async def _now(rt: Runtime) -> datetime:
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT kosh_now()")
        row = await cursor.fetchone()
    assert row is not None
    now: datetime = row[0]
    return now.astimezone(UTC)


async def _key(rt: Runtime, days_ago: int) -> str:
    day = (await _now(rt)).date() - timedelta(days=days_ago)
    return rt.vault.ask_key("telegram", "flaky", day)


@pytest.mark.parametrize("valkey_rejects_writes", [False, True])
async def test_quick_exit_clears_an_anonymous_chat_after_midnight(
    rt: Runtime,
    messenger: FlakyMessenger,
    monkeypatch: pytest.MonkeyPatch,
    valkey_rejects_writes: bool,
) -> None:
    await messenger.do(Said("Русский"))
    if valkey_rejects_writes:

        async def fail(*_args: object, **_more: object) -> None:
            raise CacheUnavailable

        monkeypatch.setattr(rt.valkey, "hold", fail)
    await advance_database_clock(rt, "2 minutes")
    await messenger.do(Said("выход"))
    assert {"theirs-1", "ours-1", "theirs-2", "ours-2"} <= {*messenger.deleted_ids}


async def test_anonymous_form_continues_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    for nonce, key in enumerate((*TO_CONSENT, "yes"), 1):
        if nonce == len(TO_CONSENT) // 2:
            await advance_database_clock(rt, "2 minutes")
        await messenger.do(Pressed(f"{nonce}:{key}"))
    async with rt.pool.connection() as transaction:
        assert await identities.find(rt, transaction, "telegram", "flaky") is not None


async def test_duplicate_anonymous_update_is_not_answered_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    await messenger.do(Said("Русский"))
    answers = len(messenger.chat)
    await advance_database_clock(rt, "2 minutes")
    messenger.events -= 1
    await messenger.do(Said("Русский"))
    assert len(messenger.chat) == answers


async def test_anonymous_session_moves_to_the_key_of_the_new_day_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    await advance_database_clock(rt, "2 minutes")
    await messenger.do(Said("Русский"))
    assert await rt.valkey.peek(await _key(rt, 0))
    assert await rt.valkey.peek(await _key(rt, 1)) is None


async def test_anonymous_session_is_not_found_half_an_hour_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    await advance_database_clock(rt, "32 minutes")
    await messenger.do(Said("выход"))
    assert "ours-1" not in messenger.deleted_ids


async def test_consent_given_before_midnight_is_recognised_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    await anonymous.mark_known(rt, await _key(rt, 0))
    await advance_database_clock(rt, "2 minutes")
    update = Inbound("telegram", "2", "flaky", "flaky", Said("Русский"), "theirs-2")
    found = await session_lookup.open_session(rt, update, await _now(rt))
    assert found.known


async def test_repeated_button_press_keeps_the_anonymous_session_after_midnight(
    rt: Runtime, messenger: FlakyMessenger
) -> None:
    await advance_database_clock(rt, "2 minutes")
    update = Inbound("telegram", "press", "flaky", "flaky", Pressed("1:ru"), "theirs-2", "press")
    await session_lookup.note_seen(rt, update, await _now(rt))
    await messenger.do(Said("выход"))
    assert "ours-1" in messenger.deleted_ids


async def test_unsent_answer_is_sent_once_when_midnight_precedes_the_retry(
    rt: Runtime, messenger: FlakyMessenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent_calls, "PAUSES", (0.0,))
    monkeypatch.setattr(anonymous, "LATER_PAUSES", (0.5,))
    await messenger.do(Said("Русский"))
    messenger.chat.clear()
    messenger.errors = [Throttled(6)]
    await messenger.do(Said("меню"))
    await advance_database_clock(rt, "2 minutes")
    await messenger.do(Said("помощь"))
    await messenger.wait_for_retries()
    menu, answer = messenger.chat
    assert messenger.line(screens.MENU_TEXT) in menu
    assert messenger.line(screens.HELP) in answer
