"""Several messages of one person within a second, by both messengers' webhooks and by polling."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg
import pytest

from bot.config.settings import Settings
from bot.conversations import bursts, receive
from bot.conversations import store as conversation_store
from bot.people import identities
from bot.worker import telegram_polling
from flows.engine import safety, screens
from flows.engine.conversation import step
from flows.engine.events import (
    DeleteInput,
    Event,
    Pressed,
    Said,
    Unreadable,
    UploadStatusChanged,
)
from flows.engine.recognition import Danger
from flows.engine.state import Turn
from tests.app_stack import AppStack
from tests.emulators import telegram as tg
from tests.emulators.telegram.wire import Body
from tests.release_only import release_only
from tests.timers import Clock
from tests.visitor import Visitor
from tests.web.journey import ANSWERS_TO_CONSENT

# Words of no language, so that Kosh recognises none of them as an answer.
LINES = ("щыгзу", "мвотл", "жкпрй", "бдвцг", "хшлмн", "ртфкс")
BEFORE_AND_AFTER_CONSENT = pytest.mark.parametrize(
    "answers", release_only([(), ANSWERS_TO_CONSENT], keep=[ANSWERS_TO_CONSENT])
)
CHANNELS = ("telegram", "whatsapp")


@pytest.fixture
def chosen(chosen: Settings) -> Settings:
    return chosen.model_copy(update={"debounce_seconds": 1.0})


@pytest.fixture
def clock(stack: AppStack) -> Clock:
    stack.rt.recent.timers = clock = Clock()
    return clock


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Return a list to which each turn appends its event, including turns that are superseded."""
    events: list[Event] = []

    def recorded(flows: Any, words: Any, before: Any, event: Event, *given: Any) -> Turn:
        events.append(event)
        return step(flows, words, before, event, *given)

    monkeypatch.setattr(receive, "step", recorded)
    monkeypatch.setattr(conversation_store, "step", recorded)
    return events


@dataclass
class MessengerChat:
    """A chat on either messenger; `bot_messages` includes deleted messages."""

    stack: AppStack
    clock: Clock
    user: Any
    emulator: Any

    @property
    def bot_messages(self) -> list[Any]:
        return [each for each in self.user.chat if each.from_bot]

    @property
    def bot_texts(self) -> list[tuple[object, str]]:
        return [(each.id, each.text) for each in self.bot_messages]

    async def perform(self, *acts: Awaitable[object]) -> None:
        """Await the person's actions in turn, then Kosh's acknowledgements to the platform."""
        for act in acts:
            await act
        await self.emulator.until_taken()

    async def next_reply(self, act: Awaitable[object]) -> Any:
        """Advance the clock by 5 s, await an action; return the message or edit that answers it."""
        self.clock.advance(5)
        return await self.reply_to(act)

    async def reply_to(self, act: Awaitable[object]) -> Any:
        before = self.bot_texts
        await act
        await self.user.wait(lambda _chat: self.bot_texts != before)
        await self.emulator.until_taken()
        await self.stack.until(self._is_idle)
        return self.bot_messages[-1]

    async def _is_idle(self) -> bool:
        async with self.stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')"
            )
            return await cursor.fetchone() == (0,)

    async def wait_for_messages(self, count: int) -> None:
        await self.user.wait(lambda _chat: len(self.bot_messages) >= count)
        assert len(self.bot_messages) == count

    async def press(self, key: str) -> None:
        data = self.find_payload(key)
        while data is None:
            await self.next_reply(self._press(self.find_payload(">") or ""))
            data = self.find_payload(key)
        await self.next_reply(self._press(data))

    @property
    def payloads(self) -> list[str]:
        """Return the payloads of the buttons below the newest message."""
        last = self.bot_messages[-1]
        is_telegram = isinstance(self.user, tg.User)
        rows = last.buttons if is_telegram else [last.buttons, last.rows]
        pressable = [each for row in rows for each in row]
        return [each.data for each in pressable if each.data]

    def find_payload(self, key: str) -> str | None:
        return next((each for each in self.payloads if key in (each, each.partition(":")[2])), None)

    def _press(self, data: str) -> Awaitable[object]:
        act = self.user.press if isinstance(self.user, tg.User) else self.user.answer
        return act(data)

    def send_lines(self, lines: Sequence[str]) -> list[Awaitable[object]]:
        return [self.user.say(each) for each in lines]

    async def request_menu(self) -> None:
        """Ask for the menu and wait for it; tests then count the messages that came before it."""
        await self.next_reply(self.user.say("/menu"))


async def _start_chat(stack: AppStack, clock: Clock, channel: str, *answers: str) -> MessengerChat:
    """Return the chat of a person who has chosen a language and given these answers."""
    if channel == "telegram":
        secret = stack.rt.settings.telegram_secret
        assert secret
        url = f"{stack.url}/webhooks/telegram"
        await stack.telegram.set_webhook(url, secret.get_secret_value())
        chat = MessengerChat(
            stack, clock, stack.telegram.user(7901, first_name="Test"), stack.telegram
        )
    else:
        token = stack.rt.settings.whatsapp_verify_token
        assert token
        await stack.whatsapp.set_webhook(f"{stack.url}/webhooks/whatsapp", token.get_secret_value())
        chat = MessengerChat(stack, clock, stack.whatsapp.user("77010000901"), stack.whatsapp)
    await chat.next_reply(chat.user.say("/start"))
    for answer in ("ru", *answers):
        await chat.press(answer)
    if answers:
        await chat.request_menu()
    clock.advance(5)
    return chat


def _fail(monkeypatch: pytest.MonkeyPatch, event: Event, *, after: int = 0, times: int = 1) -> None:
    """Make turns of this event fail `times` times, after `after` successful turns."""
    module: Any = receive
    healthy, left = module.step, [False] * after + [True] * times

    def failing(*given: Any) -> Turn:
        if given[3] == event and left and left.pop(0):
            raise psycopg.OperationalError
        turn: Turn = healthy(*given)
        return turn

    monkeypatch.setattr(receive, "step", failing)
    monkeypatch.setattr(conversation_store, "step", failing)


@BEFORE_AND_AFTER_CONSENT
@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_of_six_texts_gets_two_answers(
    stack: AppStack, clock: Clock, steps: list[Event], channel: str, answers: tuple[str, ...]
) -> None:
    """Deliver each update twice; check that the second delivery gets no answer."""
    chat = await _start_chat(stack, clock, channel, *answers)
    before = len(chat.bot_messages)
    chat.emulator.delivery_options.copies = 2
    await chat.perform(*chat.send_lines(LINES))
    await chat.wait_for_messages(before + 1)
    clock.advance(1)
    await chat.wait_for_messages(before + 2)
    assert steps[-1] == Said("\n".join(LINES[1:]))
    await chat.request_menu()
    assert len(chat.bot_messages) == before + 3
    assert chat.emulator.journal.mistakes() == []


async def test_single_message_is_not_checked_for_danger_again_as_a_burst(
    stack: AppStack, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    danger = bursts._danger

    def recorded(*given: Any) -> Danger:
        read.append(given[1])
        return danger(*given)

    monkeypatch.setattr(bursts, "_danger", recorded)
    chat = await _start_chat(stack, clock, "telegram")
    await chat.perform(*chat.send_lines(LINES[:1]))
    assert read == []


@pytest.mark.row(65)
@BEFORE_AND_AFTER_CONSENT
async def test_message_burst_of_thirty_concurrent_texts_gets_two_answers(
    stack: AppStack, clock: Clock, steps: list[Event], answers: tuple[str, ...]
) -> None:
    """Deliver the messages concurrently and in random order, as Meta may."""
    chat = await _start_chat(stack, clock, "whatsapp", *answers)
    before = len(chat.bot_messages)
    stack.whatsapp.delivery_options.shuffled = True
    await chat.perform(*chat.send_lines([f"щыгзу{number}" for number in range(30)]))
    clock.advance(1)
    await chat.wait_for_messages(before + 2)
    assert isinstance(steps[-1], Said)
    assert len(steps[-1].text.split()) == 29
    await chat.request_menu()
    assert len(chat.bot_messages) == before + 3


@pytest.mark.parametrize("channel", CHANNELS)
async def test_messages_after_a_pause_are_each_answered_at_once(
    stack: AppStack, clock: Clock, steps: list[Event], channel: str
) -> None:
    chat = await _start_chat(stack, clock, channel)
    before = len(chat.bot_messages)
    for number, line in enumerate(LINES[:3], 1):
        await chat.perform(chat.user.say(line))
        await chat.wait_for_messages(before + number)
        clock.advance(1)
    assert steps[-1] == Said(LINES[2])


async def test_message_burst_answer_is_delayed_by_at_most_three_quiet_periods(
    stack: AppStack, clock: Clock, steps: list[Event]
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *ANSWERS_TO_CONSENT)
    before = len(chat.bot_messages)
    await chat.perform(chat.user.say(LINES[0]))
    for line in LINES[1:5]:
        await chat.perform(chat.user.say(line))
        assert len(chat.bot_messages) <= before + 1
        clock.advance(0.8)
    assert steps[-1] == Said("\n".join(LINES[1:5]))
    assert len(clock.running) == 1, "only the one that forgets the person"
    await chat.wait_for_messages(before + 2)
    await chat.perform(chat.user.say(LINES[5]))
    assert steps[-1] == Said(LINES[5])


async def test_message_burst_over_2000_characters_is_processed_in_parts(
    stack: AppStack, clock: Clock, steps: list[Event]
) -> None:
    chat = await _start_chat(stack, clock, "telegram")
    long = ["паспорт " * 124] * 3
    await chat.perform(chat.user.say(LINES[0]), *chat.send_lines(long))
    clock.advance(1)
    texts = [each.text for each in steps if isinstance(each, Said)]
    assert max(map(len, texts)) == len("\n".join(long[:2]))
    await chat.request_menu()


@BEFORE_AND_AFTER_CONSENT
@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_with_an_exit_word_triggers_the_quick_exit_at_once(
    stack: AppStack, clock: Clock, channel: str, answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, channel, *answers)
    before = len(chat.bot_messages)
    await chat.perform(*chat.send_lines((*LINES[:3], "выход")))
    phrase = stack.rt.languages.render(screens.EXIT_TEXT, "ru")
    await chat.user.wait(lambda _chat: phrase in chat.bot_messages[-1].text)
    clock.advance(5)
    await chat.request_menu()
    assert len(chat.bot_messages) == before + 3, "the first line, the exit, the menu"
    if channel == "telegram":
        left = [each.text for each in chat.user.chat if not each.deleted]
        assert left == [phrase, "/menu", chat.bot_messages[-1].text]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_with_a_menu_word_answers_earlier_messages_first(
    stack: AppStack, clock: Clock, steps: list[Event], channel: str
) -> None:
    chat = await _start_chat(stack, clock, channel, *ANSWERS_TO_CONSENT)
    menu, before = chat.bot_messages[-1].text, len(chat.bot_messages)
    await chat.perform(*chat.send_lines((*LINES[:3], "меню")))
    await chat.wait_for_messages(before + 3)
    assert steps[-2:] == [Said("\n".join(LINES[1:3])), Said("меню")]
    assert [each.text == menu for each in chat.bot_messages[before:]] == [False, False, True]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_text_about_danger_is_answered_at_once(
    stack: AppStack, clock: Clock, channel: str
) -> None:
    chat = await _start_chat(stack, clock, channel)
    before = len(chat.bot_messages)
    await chat.perform(*chat.send_lines((*LINES[:2], "муж меня бьёт", *LINES[2:4])))
    alone = stack.rt.languages.render(safety.READ_ALONE, "ru")
    await chat.user.wait(
        lambda _chat: any(alone in each.text for each in chat.bot_messages[before:])
    )
    assert len(chat.bot_messages) == before + 3, "two lines and the danger; the others wait"
    clock.advance(1)
    await chat.wait_for_messages(before + 4)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_detects_danger_spread_over_several_messages(
    stack: AppStack, clock: Clock, channel: str
) -> None:
    chat = await _start_chat(stack, clock, channel)
    before = len(chat.bot_messages)
    await chat.perform(*chat.send_lines(("скажите", "меня муж", "каждый день бьёт")))
    clock.advance(1)
    alone = stack.rt.languages.render(safety.READ_ALONE, "ru")
    await chat.user.wait(
        lambda _chat: any(alone in each.text for each in chat.bot_messages[before:])
    )


async def test_message_burst_detects_danger_stated_in_only_one_message(
    stack: AppStack, clock: Clock
) -> None:
    """Send text that the recogniser finds dangerous alone, but not joined with other words."""
    chat = await _start_chat(stack, clock, "telegram")
    await chat.perform(*chat.send_lines((LINES[0], "мне", "и диплом")))
    clock.advance(1)
    sentence = stack.rt.languages.render(safety.ONE_SENTENCE, "ru")
    await chat.user.wait(lambda _chat: any(sentence in each.text for each in chat.bot_messages))


@BEFORE_AND_AFTER_CONSENT
async def test_private_answer_sent_in_several_messages_is_deleted_completely(
    stack: AppStack, clock: Clock, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *answers)

    def step_with_deletion(flows: Any, words: Any, before: Any, event: Event, *given: Any) -> Turn:
        turn = step(flows, words, before, event, *given)
        is_whole = event == Said("\n".join(LINES[1:3]))
        return replace(turn, effects=(*turn.effects, DeleteInput())) if is_whole else turn

    monkeypatch.setattr(receive, "step", step_with_deletion)
    monkeypatch.setattr(conversation_store, "step", step_with_deletion)
    await chat.perform(*chat.send_lines(LINES[:3]))
    await chat.user.wait(
        lambda messages: (
            [each.deleted for each in messages if each.text in LINES] == [False, True, True]
        )
    )


async def test_upload_status_that_arrives_during_a_message_burst_is_kept(
    stack: AppStack, clock: Clock
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *ANSWERS_TO_CONSENT)
    before = len(chat.bot_messages)
    await chat.perform(*chat.send_lines(LINES[:2]))
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "telegram", str(chat.user.id))
        assert person is not None
        event = UploadStatusChanged("identity", "accepted")
        await receive.take_turn(stack.rt, session, person.id, event)
    await chat.perform(chat.user.say(LINES[2]))
    clock.advance(1)
    await chat.wait_for_messages(before + 3)
    async with stack.rt.pool.connection() as session:
        held = await conversation_store.lock(stack.rt, session, person.id)
    assert held is not None
    assert held.conversation.papers == {"identity": "accepted"}


@BEFORE_AND_AFTER_CONSENT
async def test_message_burst_that_fails_is_retried_without_duplicate_answers(
    stack: AppStack,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[Event],
    answers: tuple[str, ...],
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *answers)
    before = len(chat.bot_messages)
    _fail(monkeypatch, Said("\n".join(LINES[1:3])))
    await chat.perform(*chat.send_lines(LINES[:3]))
    await chat.wait_for_messages(before + 2)
    assert steps[-1] == Said(LINES[2])
    clock.advance(1)
    await chat.wait_for_messages(before + 3)
    await chat.request_menu()
    assert len(chat.bot_messages) == before + 4


async def test_message_burst_answer_of_a_dead_process_is_sent_once_by_a_worker(
    stack: AppStack, clock: Clock
) -> None:
    """Advance only the database clock, so that a worker sends the delayed answer.

    The process's own clock advances later, as if the process were dead until then.
    """
    chat = await _start_chat(stack, clock, "telegram", *ANSWERS_TO_CONSENT)
    before = len(chat.bot_messages)
    await chat.perform(*chat.send_lines(LINES[:3]))
    await chat.wait_for_messages(before + 1)
    await stack.ahead("4 seconds")
    await chat.wait_for_messages(before + 2)
    await chat.perform(chat.user.say(LINES[3]))
    clock.advance(1)
    await chat.wait_for_messages(before + 3)


async def test_message_burst_in_one_whatsapp_batch_gets_one_answer(
    stack: AppStack, clock: Clock, steps: list[Event]
) -> None:
    chat = await _start_chat(stack, clock, "whatsapp", *ANSWERS_TO_CONSENT)
    before = len(chat.bot_messages)
    stack.whatsapp.hold()
    stack.whatsapp.delivery_options.batch = 20
    for act in chat.send_lines(LINES):
        await act
    stack.whatsapp.release()
    await stack.whatsapp.until_taken()
    await chat.wait_for_messages(before + 1)
    assert steps[-1] == Said("\n".join(LINES))
    await chat.request_menu()
    assert len(chat.bot_messages) == before + 2


@BEFORE_AND_AFTER_CONSENT
async def test_message_burst_in_one_polling_batch_gets_one_answer(
    stack: AppStack, clock: Clock, steps: list[Event], answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *answers)
    await stack.telegram.run("deleteWebhook", Body({}, {}))
    before = len(chat.bot_messages)
    for act in chat.send_lines(LINES):
        await act
    polling = asyncio.create_task(telegram_polling.poll(stack.rt))
    try:
        await stack.telegram.until_taken()
        await chat.wait_for_messages(before + 1)
        assert steps[-1] == Said("\n".join(LINES))
        await chat.user.say(LINES[0])
        await stack.telegram.until_taken()
        clock.advance(1)
        await chat.wait_for_messages(before + 2)
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


async def test_web_chat_answers_each_message_of_a_burst_separately(
    stack: AppStack, clock: Clock
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        seen = len(visitor.bubbles)
        for number, line in enumerate(LINES[:3], 1):
            await visitor.say(line)
            await visitor.wait(seen + number)
    assert clock.timers == []


# Bursts of button presses


@BEFORE_AND_AFTER_CONSENT
@pytest.mark.parametrize("channel", CHANNELS)
async def test_repeated_presses_of_one_button_in_a_burst_count_once(
    stack: AppStack, clock: Clock, channel: str, answers: tuple[str, ...]
) -> None:
    """Deliver each press twice, the second time as a repeated update."""
    chat = await _start_chat(stack, clock, channel, *answers)
    message, key = chat.bot_messages[-1], chat.payloads[0]
    act, before = partial(chat.user.press, key, message), len(chat.bot_messages)
    if channel == "whatsapp":
        act = partial(chat.user.choose if message.rows else chat.user.press, key, message)
    chat.emulator.delivery_options.copies = 2
    await chat.perform(act(), act(), act(), act())
    old = stack.rt.languages.render(screens.OLD_BUTTON, "ru")
    await chat.request_menu()
    assert not [each for each in chat.bot_messages if old in each.text]
    assert len(chat.bot_messages) <= before + 2
    if channel == "telegram":
        assert all(each.answered for each in chat.user.presses)
    if channel == "whatsapp":
        clock.advance(5)
        presses = [each for each in chat.user.chat if not each.from_bot and each.reply_to]
        await chat.perform(*map(chat.user.repeat, presses[-3:]))
        await chat.request_menu()
        assert not [each for each in chat.bot_messages if old in each.text]
    await chat.next_reply(act())
    assert [each for each in chat.bot_messages if old in each.text], (
        "a press on purpose, after a while"
    )


@BEFORE_AND_AFTER_CONSENT
async def test_button_press_in_a_burst_counts_when_the_earlier_press_failed(
    stack: AppStack, clock: Clock, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *answers)
    # A turn that fails in a batch is retried once alone.
    _fail(monkeypatch, Pressed(chat.payloads[0]), times=2 if answers else 1)
    before = chat.bot_texts
    await chat.perform(chat.user.press(chat.payloads[0]))
    await chat.user.wait(lambda _chat: chat.bot_texts != before)


# Bursts of files


@BEFORE_AND_AFTER_CONSENT
@pytest.mark.parametrize("channel", CHANNELS)
async def test_message_burst_of_six_photos_gets_one_answer_and_is_deleted(
    stack: AppStack, clock: Clock, channel: str, answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, channel, *answers)
    before = len(chat.bot_messages)
    await chat.perform(*(chat.user.send_photo() for _number in range(6)))
    await chat.wait_for_messages(before + 1)
    refusal_text = stack.rt.languages.render(screens.NO_PICTURES, "ru")
    assert refusal_text in chat.bot_messages[-1].text
    if channel == "telegram":
        photos = [each for each in chat.user.chat if "photo" in each.content]
        await chat.user.wait(
            lambda messages: all(each.deleted for each in messages if "photo" in each.content)
        )
        assert len(photos) == 6
    clock.advance(1)
    await chat.perform(chat.user.send_photo())
    await chat.wait_for_messages(before + 2)


@BEFORE_AND_AFTER_CONSENT
async def test_repeated_message_in_a_burst_is_answered_after_a_failed_turn(
    stack: AppStack, clock: Clock, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]
) -> None:
    chat = await _start_chat(stack, clock, "telegram", *answers)
    before = len(chat.bot_messages)
    _fail(monkeypatch, Unreadable("sticker"), after=1)
    await chat.perform(*(chat.user.send_sticker() for _number in range(3)))
    await chat.wait_for_messages(before + 2)


@BEFORE_AND_AFTER_CONSENT
async def test_message_burst_window_is_measured_separately_for_each_message(
    stack: AppStack, clock: Clock, answers: tuple[str, ...]
) -> None:
    """Send a voice message between equal messages, so that the burst state does not expire."""
    chat = await _start_chat(stack, clock, "telegram", *answers)
    press = partial(chat.user.press, chat.payloads[0], chat.bot_messages[-1])
    await chat.reply_to(press())
    await chat.reply_to(chat.user.say(LINES[0]))
    clock.advance(0.7)
    await chat.reply_to(chat.user.send_voice())
    clock.advance(0.7)
    await chat.reply_to(press())
    await chat.reply_to(chat.user.say(LINES[0]))


async def test_repeated_message_is_answered_again_after_the_burst_window(
    stack: AppStack, clock: Clock
) -> None:
    """Press a button between equal messages, so that the burst state does not expire."""
    chat = await _start_chat(stack, clock, "telegram")
    press = partial(chat.user.press, chat.payloads[0], chat.bot_messages[-1])
    await chat.next_reply(press())
    before = len(chat.bot_messages)
    await chat.perform(chat.user.send_sticker())
    await chat.wait_for_messages(before + 1)
    clock.advance(0.7)
    await chat.perform(press())
    clock.advance(0.7)
    await chat.perform(chat.user.send_sticker())
    await chat.wait_for_messages(before + 2)


async def test_message_burst_state_is_freed_after_its_window(stack: AppStack, clock: Clock) -> None:
    chat = await _start_chat(stack, clock, "telegram")
    await chat.perform(*chat.send_lines(LINES), chat.user.send_photo())
    assert len(stack.rt.recent) == 1
    clock.advance(1)
    assert len(stack.rt.recent) == 0
    assert clock.timers == []
