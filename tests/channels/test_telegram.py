"""The Telegram channel: parsing of updates, and effects of the platform's responses."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, MutableMapping
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Message as TelegramMessage
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.channels import (
    Blocked,
    BlockedByUser,
    CannotEdit,
    ChannelCall,
    ChannelSuspended,
    FileRef,
    GroupChat,
    Ignored,
    Inbound,
    IncomingUpdate,
    Message,
    Refused,
    RenderedButton,
    SendError,
    Throttled,
    UnknownRefusal,
    Unreachable,
    Unreadable,
    json_decoding,
)
from bot.channels.telegram import client, layout, session, updates
from bot.channels.telegram import profile as telegram_profile
from bot.channels.telegram.client import Telegram
from bot.channels.telegram.errors import InvalidRequest
from bot.channels.telegram.session import JsonSession
from bot.i18n import Languages
from flows.engine import events
from flows.engine.language_protocol import Reserved
from flows.engine.text import Text
from tests.emulators.telegram import (
    TOKEN,
    Broken,
    Cut,
    Emulator,
    Flooded,
    Rejected,
    Silent,
    Slow,
    User,
)
from tests.emulators.telegram.wire import Body

WHO = {"id": 501, "is_bot": False, "first_name": "Testova", "language_code": "kk"}
PRIVATE = {"id": 501, "type": "private", "first_name": "Testova"}
GROUP = {"id": -1002, "type": "supergroup", "title": "Auyl"}
BOT = {"id": 7, "is_bot": True, "first_name": "Kosh"}


type Logged = list[MutableMapping[str, Any]]


def parse(body: bytes) -> IncomingUpdate:
    """Parse one update with a channel that makes no calls to the platform."""
    [arrival] = Telegram.parse(Telegram.__new__(Telegram), body)
    return arrival


def update(**contents: Any) -> bytes:
    return json.dumps({"update_id": 9, **contents}).encode()


def message(**contents: Any) -> dict[str, Any]:
    return {"message_id": 3, "from": WHO, "chat": PRIVATE, "date": 1, **contents}


def press(**contents: Any) -> dict[str, Any]:
    return {"id": "44", "from": WHO, "message": message(**{"from": BOT}), **contents}


def moved(status: str, chat: dict[str, Any] = PRIVATE) -> bytes:
    standing = {"user": BOT, "status": status}
    return update(my_chat_member={"chat": chat, "from": WHO, "new_chat_member": standing})


def inbound(event: events.Event, press_id: str = "") -> Inbound:
    return Inbound("telegram", "9", "501", "501", event, "3", press_id)


# Updates from Telegram


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("Сәлем", events.Said("Сәлем")),
        ("", events.Said("")),
        ("0", events.Said("0")),
        ("/start", events.Started("", "kk")),
        ("/START", events.Started("", "kk")),
        ("/start@kosh_bot from_page", events.Started("from_page", "kk")),
        ("/start   a-B_9\n", events.Started("a-B_9", "kk")),
        ("/start " + "x" * 64, events.Started("x" * 64, "kk")),
        ("/start " + "x" * 65, events.Started("", "kk")),
        ("/start '; drop table people", events.Started("", "kk")),
        ("/start сілтеме", events.Started("", "kk")),
        ("/starting", events.Said("/starting")),
        ("/stop", events.Said("/stop")),
        ("please /start", events.Said("please /start")),
    ],
)
def test_telegram_text_parses_as_a_start_event_only_for_the_start_command(
    text: str, event: events.Event
) -> None:
    assert parse(update(message=message(text=text))) == inbound(event)


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": {"type": "user", "sender_user": WHO, "date": 1}},
        {"via_bot": BOT},
        {"reply_to_message": message(text="old")},
        {"entities": [{"type": "bold", "offset": 0, "length": 1}], "brand_new_field": {"a": [1]}},
    ],
)
@pytest.mark.row(55)
def test_telegram_forwarded_and_via_bot_texts_parse_as_text(more: dict[str, Any]) -> None:
    expected = inbound(events.Said("a : b"))
    assert parse(update(message=message(text="a : b", **more), another_field=1.5)) == expected


def test_telegram_start_without_a_language_code_suggests_no_language() -> None:
    sender = {"id": 501, "is_bot": False}
    started = parse(update(message=message(text="/start", **{"from": sender})))
    assert started == inbound(events.Started("", ""))


@pytest.mark.parametrize(
    ("contact", "own"),
    [({"user_id": 501}, True), ({"user_id": 502}, False), ({"user_id": None}, False), ({}, False)],
)
@pytest.mark.row(49)
def test_telegram_contact_counts_as_own_only_when_telegram_confirms_it(
    contact: dict[str, Any], own: bool
) -> None:
    card = {"phone_number": "+77010000000", "first_name": "Basqa", **contact}
    assert parse(update(message=message(contact=card))) == inbound(
        events.Shared("+77010000000", own)
    )


@pytest.mark.parametrize("number", ["+77010000000", "77010000000"])
@pytest.mark.requirement("S-88")
def test_telegram_contact_number_is_read_with_and_without_a_plus(number: str) -> None:
    card = {"phone_number": number, "user_id": 501}
    assert parse(update(message=message(contact=card))) == inbound(
        events.Shared("+77010000000", own=True)
    )


NULLS = dict.fromkeys(("caption", "contact", "document", "photo", "sender_chat", "pinned_message"))


@pytest.mark.requirement("S-88")
def test_telegram_optional_fields_may_be_null() -> None:
    sender = WHO | {"language_code": None, "is_bot": None}
    raw = message(text="/start", **NULLS | {"from": sender, "location": None})
    assert parse(update(message=raw, callback_query=None)) == inbound(events.Started("", ""))
    voice = message(voice={}, text=None, **NULLS | {"location": None})
    assert parse(update(message=voice)) == inbound(events.Unreadable("voice"))
    photo = NULLS | {"photo": [{"file_id": "L", "file_size": None}]}
    assert parse(update(message=message(**photo))) == inbound(events.Attached("photo", "L", 0))
    assert parse(update(callback_query=press(data=None))) == inbound(events.Pressed(""), "44")
    assert parse(update(edited_message=message(location=None))) == inbound(events.Edited())


PLACE = {"latitude": 51.1, "longitude": 71.4}
FILES = ("photo", "document")


@pytest.mark.parametrize(
    ("contents", "kind"),
    [
        ({"photo": [{"width": 1}]}, "photo"),
        ({"live_photo": {}, "photo": []}, "photo"),
        ({"document": {}}, "document"),
        ({"animation": {}, "document": {}}, "animation"),
        ({"voice": {}}, "voice"),
        ({"video_note": {}}, "voice"),
        ({"audio": {}}, "voice"),
        ({"video": {}}, "video"),
        ({"location": PLACE | {"live_period": 900}}, "location"),
        ({"venue": {}, "location": PLACE}, "location"),
        ({"sticker": {}}, "sticker"),
        ({"poll": {}}, "poll"),
        ({"dice": {"value": 4}}, "dice"),
        ({"game": {}}, "game"),
        ({"story": {}}, "story"),
        ({"invoice": {}}, "invoice"),
    ],
)
def test_telegram_message_without_text_is_parsed_as_its_kind(
    contents: dict[str, Any], kind: str
) -> None:
    assert parse(update(message=message(**contents))) == inbound(events.Unreadable(kind))


@pytest.mark.parametrize(
    ("contents", "event"),
    [
        (
            {"photo": [{"file_id": "s", "file_size": 9}, {"file_id": "L", "file_size": 90}]},
            events.Attached("photo", "L", 90),
        ),
        ({"document": {"file_id": "A", "file_size": 7}}, events.Attached("document", "A", 7)),
        (
            {"document": {"file_id": "A"}, "caption": "x"},
            events.Attached("document", "A", 0, "x"),
        ),
        ({"photo": [], "caption": "my passport"}, events.Unreadable("photo", "my passport")),
    ],
)
def test_telegram_file_parses_with_its_file_reference(
    contents: dict[str, Any], event: events.Event
) -> None:
    assert parse(update(message=message(**contents))) == inbound(event)


def test_telegram_service_messages_are_ignored() -> None:
    timer = {"message_auto_delete_timer": 86400}
    assert parse(update(message=message(message_auto_delete_timer_changed=timer))) == Ignored(
        "telegram"
    )
    assert parse(update(message=message(pinned_message=message(text="a")))) == Ignored("telegram")


# Fields of aiogram's Message that are not tested here as kinds of messages: attributes of a
# message, and content with tests of its own (text, caption, contact).
_ENVELOPE = (
    "author_signature business_connection_id caption caption_entities chat contact date "
    "direct_messages_topic edit_date effect_id entities ephemeral_message_id external_reply "
    "forward_date forward_from forward_from_chat forward_from_message_id forward_origin "
    "forward_sender_name forward_signature from_user guest_bot_caller_chat guest_bot_caller_user "
    "guest_query_id has_media_spoiler has_protected_content is_automatic_forward is_from_offline "
    "is_paid_post is_topic_message link_preview_options media_group_id message_id "
    "message_thread_id paid_star_count quote receiver_user reply_markup "
    "reply_to_checklist_task_id reply_to_message reply_to_poll_option_id reply_to_story "
    "sender_boost_count sender_business_bot sender_chat sender_tag show_caption_above_media "
    "suggested_post_info text via_bot"
)
ENVELOPE = frozenset(_ENVELOPE.split())


# Fields with content that people send. All remaining fields are service messages of Telegram.
_SENT = (
    "animation audio checklist dice document game invoice live_photo location paid_media photo poll"
    " rich_message sticker story venue video video_note voice"
)
SENT = frozenset(_SENT.split())
SERVICE = sorted({*TelegramMessage.model_fields} - ENVELOPE - SENT)
# Update kinds of the Bot API that may be newer than the library, and an invented one.
NEWER = ("community_chat_added", "giveaway_completed", "poll_option_added", "forged_in_2031")


@pytest.mark.parametrize("kind", sorted({*SERVICE, *NEWER}))
@pytest.mark.requirement("S-88")
def test_telegram_service_message_of_each_kind_gets_no_reply(kind: str) -> None:
    assert parse(update(message=message(**{kind: {"a": 1}}))) == Ignored("telegram")


def test_telegram_replies_only_to_message_kinds_that_people_send() -> None:
    assert set(updates.CONTENTS) == SENT


def test_telegram_unknown_message_kind_with_a_caption_gets_a_reply() -> None:
    sent = message(forged_in_2031={}, caption="help")
    assert parse(update(message=sent)) == inbound(events.Unreadable("other", "help"))


def test_telegram_message_without_content_is_ignored() -> None:
    assert parse(update(message=message())) == Ignored("telegram")


def test_telegram_button_press_parses_with_payload_and_callback_id() -> None:
    assert parse(update(callback_query=press(data="12:yes"))) == inbound(
        events.Pressed("12:yes"), "44"
    )


def test_telegram_button_press_on_a_deleted_message_is_parsed() -> None:
    gone = {"message_id": 3, "chat": PRIVATE, "date": 0}
    pressed = parse(update(callback_query=press(data="1:a", message=gone)))
    assert pressed == inbound(events.Pressed("1:a"), "44")


def test_telegram_button_press_without_data_has_an_empty_payload() -> None:
    query = press(game_short_name="chess")
    assert parse(update(callback_query=query)) == inbound(events.Pressed(""), "44")


def test_telegram_button_press_of_an_inline_message_is_ignored() -> None:
    query = {"id": "44", "from": WHO, "inline_message_id": "x", "data": "1:a"}
    assert parse(update(callback_query=query)) == Ignored("telegram")


@pytest.mark.row(54)
def test_telegram_edited_text_is_parsed_and_live_location_is_ignored() -> None:
    assert parse(update(edited_message=message(text="new"))) == inbound(events.Edited())
    assert parse(update(edited_message=message(location=PLACE))) == Ignored("telegram")


def test_telegram_block_and_unblock_of_the_bot_are_parsed() -> None:
    assert parse(moved("kicked")) == Blocked("telegram", "501", True)
    assert parse(moved("member")) == Blocked("telegram", "501", False)


@pytest.mark.parametrize("status", ["member", "administrator", "restricted"])
@pytest.mark.row(56)
def test_telegram_bot_addition_to_a_group_makes_the_bot_leave(status: str) -> None:
    assert parse(moved(status, GROUP)) == GroupChat("telegram", "-1002")


def test_telegram_update_of_a_group_that_was_left_is_ignored() -> None:
    assert parse(moved("left", GROUP)) == Ignored("telegram")
    assert parse(moved("kicked", GROUP)) == Ignored("telegram")


@pytest.mark.parametrize(
    "body",
    [
        update(message=message(text="/start", chat=GROUP)),
        update(message=message(photo=[], chat=GROUP)),
        update(message=message(new_chat_title="Auyl", chat=GROUP)),
        update(edited_message=message(text="a", chat=GROUP)),
        update(callback_query=press(data="1:a", message=message(chat=GROUP))),
    ],
)
def test_telegram_message_in_a_group_makes_the_bot_leave(body: bytes) -> None:
    assert parse(body) == GroupChat("telegram", "-1002")


@pytest.mark.parametrize(
    "body",
    [
        update(message=message(text="a", **{"from": BOT})),
        update(message=message(text="a", sender_chat=GROUP, chat=GROUP)),
        update(message={"message_id": 3, "chat": PRIVATE, "date": 1, "text": "a"}),
        update(callback_query=press(data="1:a", **{"from": BOT})),
        update(edited_message=message(text="a", **{"from": BOT})),
        update(),
        update(channel_post=message(text="a")),
        update(kind_of_next_year={"id": 1}),
    ],
)
@pytest.mark.requirement("S-40")
@pytest.mark.row(57, 30)
def test_telegram_updates_of_bots_channels_and_unknown_kinds_are_ignored(body: bytes) -> None:
    assert parse(body) == Ignored("telegram")


def in_topic(**contents: Any) -> dict[str, Any]:
    return message(message_thread_id=77, is_topic_message=True, **contents)


@pytest.mark.parametrize(
    "body",
    [
        update(message=in_topic(text="a")),
        update(edited_message=in_topic(text="a")),
        update(callback_query=press(data="1:a", message=in_topic())),
    ],
)
def test_telegram_message_in_a_topic_has_its_thread_in_the_address(body: bytes) -> None:
    arrival = parse(body)
    assert isinstance(arrival, Inbound)
    assert (arrival.handle, arrival.address) == ("501", "501/77")


@pytest.mark.parametrize("topic", [None, False])
def test_telegram_reply_thread_is_not_parsed_as_a_topic(topic: bool | None) -> None:
    raw = message(text="a", message_thread_id=77, is_topic_message=topic)
    assert parse(update(message=raw)) == inbound(events.Said("a"))


# Hostile webhook bodies

GOOD = update(message=message(text='Сәлем 👋 {"a": [1]}'))


def with_id(written: str) -> bytes:
    return b'{"update_id":%s}' % written.encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "E_EMPTY"),
        (b" \r\n", "E_EMPTY"),
        (b"{", "E_JSON"),
        (b"nope", "E_JSON"),
        (GOOD + b"}", "E_JSON"),
        (b'{"update_id":1,}', "E_JSON"),
        (b"{'update_id':1}", "E_JSON"),
        (b'{"update_id":1,"x":"a\nb"}', "E_JSON"),
        (with_id("01"), "E_JSON"),
        (b"[]", "E_SHAPE"),
        (b"null", "E_SHAPE"),
        (b"5", "E_SHAPE"),
        (b'"text"', "E_SHAPE"),
        (b"{}", "E_SHAPE"),
        (update(message=[]), "E_SHAPE"),
        (update(message={"text": "a"}), "E_SHAPE"),
        (update(message=message(text=5)), "E_SHAPE"),
        (update(callback_query=press(data=["1:a"])), "E_SHAPE"),
        (b"[" * 100_000, "E_DEPTH"),
        (b"[" * 100_000 + b"]" * 100_000, "E_DEPTH"),
        (b'{"update_id":1,"x":' + b'{"a":' * 100_000, "E_DEPTH"),
        (b'{"update_id":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "E_DEPTH"),
        (with_id("9" * 5000), "E_NUMBER"),
        (b'{"update_id":1,"x":' + b"9" * 5000 + b"}", "E_NUMBER"),
        (with_id(str(2**63)), "E_NUMBER"),
        (with_id("9" * 30), "E_NUMBER"),
        (with_id("-1"), "E_NUMBER"),
        (with_id("1.0"), "E_NUMBER"),
        (with_id("1e3"), "E_NUMBER"),
        (with_id("true"), "E_NUMBER"),
        (with_id("null"), "E_NUMBER"),
        (with_id('"1"'), "E_NUMBER"),
        (with_id("NaN"), "E_NUMBER"),
        (b'{"update_id":1,"x":NaN}', "E_NUMBER"),
        (b'{"update_id":1,"x":[-Infinity]}', "E_NUMBER"),
        (b'{"update_id":1,"x":1e999}', "E_NUMBER"),
        (update(message=message(text="a", message_id="3")), "E_NUMBER"),
        (b'{"update_id":1,"update_id":2}', "E_DUPKEY"),
        (b'{"update_id":1,"\\u0075pdate_id":2}', "E_DUPKEY"),
        (b'{"update_id":1,"x":[{"y":{"a":1,"b":2,"a":1}}]}', "E_DUPKEY"),
        (b'{"update_id":1,"a":1,"a" :2}', "E_DUPKEY"),
        (b'{"update_id":1,"a":1,"a":"\\u003a"}', "E_DUPKEY"),
        (b'{"update_id":1,"\\ud800":1,"\\ud801":2}', "E_DUPKEY"),
        (b"\xef\xbb\xbf" + GOOD, "E_ENCODING"),
        (GOOD.decode().encode("utf-16"), "E_ENCODING"),
        (GOOD.decode().encode("utf-16-be"), "E_ENCODING"),
        (b'{"update_id":1,"x":"\xff"}', "E_ENCODING"),
        (b'{"update_id":1,"\xc0\x80":1}', "E_ENCODING"),
        (b'{"update_id":1,"x":"\xed\xa0\x80"}', "E_ENCODING"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value[:32]),
)
def test_telegram_unreadable_body_raises_its_error_code(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(body)
    assert refused.value.code == code
    assert str(refused.value) == code


@pytest.mark.row(10)
def test_telegram_truncated_body_is_unreadable() -> None:
    for end in range(1, len(GOOD)):
        with pytest.raises(Unreadable, match="E_JSON"):
            parse(GOOD[:end])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"a\ud800b", "a\ufffdb"),
        (r"\udc00", "\ufffd"),
        (r"\ud83d\ude00 \ud83d", "😀 \ufffd"),
        (r"\\ud800", r"\ud800"),
        (r"a\u0000b", "a\0b"),
        (r"a\u003ab\u0022: ", 'a:b": '),
    ],
)
def test_telegram_lone_surrogates_are_replaced_in_text(written: str, text: str) -> None:
    body = update(message=message(text="TEXT")).replace(b"TEXT", written.encode())
    assert parse(body) == inbound(events.Said(text))


def test_telegram_lone_surrogates_are_replaced_in_a_caption() -> None:
    body = update(message=message(photo=[], caption="CAPTION")).replace(b"CAPTION", rb"\ud800")
    assert parse(body) == inbound(events.Unreadable("photo", "\ufffd"))


class Pairs(list[tuple[str, Any]]):
    """A JSON object as a list of pairs, so that a key may occur twice."""


KEYS = st.sampled_from(["a", "b", ":", '"', '":', "\\", "é", "\ud800"])
WORDS = st.text(st.sampled_from(':",{}[]\\ aé\ud83d\n'), max_size=6)
VALUES = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=4).map(Pairs)
    ),
    max_leaves=12,
)


SPELLINGS = [{}, {"é": "é"}, {":": "\\u003A", '"': "\\u0022", "a": "\\u0061"}]


@given(VALUES, st.sampled_from(["", " ", "\n", "\t "]), st.sampled_from(SPELLINGS))
@pytest.mark.row(16)
def test_json_duplicate_key_is_found_in_every_spelling(
    value: Any, space: str, spellings: dict[str, str]
) -> None:
    def quoted(text: str) -> str:
        found = "".join(spellings.get(letter, json.dumps(letter)[1:-1]) for letter in text)
        return f'"{found}"'

    def written(value: Any) -> str:
        match value:
            case Pairs():
                inner = ",".join(f"{quoted(key)}{space}:{written(each)}" for key, each in value)
                return f"{{{inner}{space}}}"
            case list():
                return f"[{','.join(map(written, value))}]"
            case str():
                return quoted(value)
            case _:
                return json.dumps(value)

    def twice(value: Any) -> bool:
        match value:
            case Pairs():
                keys = [key for key, _ in value]
                return len({*keys}) < len(keys) or any(twice(each) for _, each in value)
            case list():
                return any(map(twice, value))
            case _:
                return False

    body = written(value).encode()
    if twice(value):
        with pytest.raises(Unreadable, match="E_DUPKEY"):
            json_decoding.read(body)
    else:
        repaired = body.decode().replace("\\ud800", "\\ufffd").replace("\\ud83d", "\\ufffd")
        assert json_decoding.read(body) == json.loads(repaired)


# Calls to Telegram


@pytest_asyncio.fixture
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator(limits=False) as emulator:
        yield emulator
        assert emulator.journal.mistakes() == []


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def channel(telegram: Emulator, http: aiohttp.ClientSession) -> Telegram:
    return Telegram(http, TOKEN, telegram.url + "/")


@pytest.fixture
def gulnar(telegram: Emulator) -> User:
    return telegram.user(501, language_code="kk", started=True)


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Yield the log of the channel."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time limit of a call, and the waits between retries."""
    monkeypatch.setattr(session, "CALL_SECONDS", 0.3)
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.001)


def send_call(
    *paragraphs: str, buttons: tuple[RenderedButton, ...] = (), **more: Any
) -> ChannelCall:
    return ChannelCall("send", "501", Message(paragraphs, buttons, "kk", **more))


def options(*labels: str) -> tuple[RenderedButton, ...]:
    return tuple(RenderedButton(f"1:{n}", label, "option") for n, label in enumerate(labels))


def controls(*labels: str) -> tuple[RenderedButton, ...]:
    return tuple(RenderedButton(f"!{n}", label, "control") for n, label in enumerate(labels))


EXIT = RenderedButton("!exit", "Жабу", "exit")
SHARE = RenderedButton("1:@", "Нөмірімді жіберу", "contact")


def rows(user: User) -> list[list[str]]:
    return [[button.text for button in row] for row in user.last.buttons]


@pytest.mark.requirement("S-66")
@pytest.mark.row(95)
async def test_telegram_message_is_sent_as_plain_text(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    act = send_call("<b>Testova</b> & *co*", "https://kosh.example", progress=(7, 22), protect=True)
    sent = await channel.send(act)
    assert gulnar.last.text == "<b>Testova</b> & *co*\n\nhttps://kosh.example\n\n7/22"
    assert (sent, gulnar.last.protected) == (str(gulnar.last.id), True)
    [params] = telegram.journal.sent(501)
    assert params["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in params


async def test_telegram_message_is_forwardable_unless_protected(
    channel: Telegram, gulnar: User
) -> None:
    await channel.send(send_call("a"))
    assert not gulnar.last.protected


@pytest.mark.parametrize(
    ("buttons", "shown"),
    [
        (options("Иә", "Жоқ"), [["Иә", "Жоқ"]]),
        (options("Иә", "Жоқ", "x" * 10), [["Иә"], ["Жоқ"], ["x" * 10]]),
        (options("中文中文", "b"), [["中文中文", "b"]]),
        (options("中文中文中", "b"), [["中文中文中"], ["b"]]),
        (options(*"abcd"), [["a"], ["b"], ["c"], ["d"]]),
        (options(*"abcde"), [["a", "b"], ["c", "d"], ["e"]]),
        (options(*"abcd", "x" * 17), [["a"], ["b"], ["c"], ["d"], ["x" * 17]]),
        (controls(*"abcd"), [["a", "b", "c"], ["d"]]),
        (controls("a", "b", "x" * 16), [["a", "b"], ["x" * 16]]),
        (controls("a", "x" * 17, "c", "d"), [["a"], ["x" * 17], ["c", "d"]]),
        ((EXIT, *controls("a"), *options("b")), [["b"], ["a"], ["Жабу"]]),
    ],
)
async def test_telegram_buttons_are_arranged_by_label_length(
    channel: Telegram, gulnar: User, buttons: tuple[RenderedButton, ...], shown: list[list[str]]
) -> None:
    await channel.send(send_call("?", buttons=buttons))
    assert rows(gulnar) == shown


async def test_telegram_button_payload_round_trips(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    sent = await channel.send(send_call("?", buttons=(RenderedButton("x" * 64, "Иә", "option"),)))
    pressed = await gulnar.press("Иә")
    [arrival] = await received(channel, telegram)
    assert isinstance(arrival, Inbound)
    assert arrival.event == events.Pressed("x" * 64)
    assert (arrival.message_id, arrival.press_id) == (sent, pressed.id)


@pytest.mark.parametrize("payload", ["", "x" * 65, "қ"])
async def test_telegram_payload_longer_than_the_limit_is_refused(
    channel: Telegram, gulnar: User, payload: str
) -> None:
    with pytest.raises(Refused):
        await channel.send(send_call("?", buttons=(RenderedButton(payload, "Иә", "option"),)))
    assert gulnar.received == []


async def test_telegram_contact_request_uses_a_reply_keyboard(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    sent = await channel.send(send_call("Phone?", buttons=(SHARE, *controls("Артқа"), EXIT)))
    question, request = gulnar.received
    assert question.labels == ["Артқа", "Жабу"]
    assert (gulnar.keyboard, sent) == ([SHARE.label], f"{question.id},{request.id}")
    await gulnar.tap(SHARE.label)
    [arrival] = await received(channel, telegram)
    assert isinstance(arrival, Inbound)
    assert isinstance(arrival.event, events.Shared)
    assert arrival.event.own


@pytest.mark.parametrize("buttons", [(EXIT,), ()])
@pytest.mark.requirement("S-88")
async def test_telegram_contact_keyboard_is_removed_by_the_next_message(
    channel: Telegram, gulnar: User, buttons: tuple[RenderedButton, ...]
) -> None:
    await channel.send(send_call("Phone?", buttons=(SHARE, EXIT)))
    assert gulnar.keyboard == [SHARE.label]
    after = Message(("a",), buttons, ends_contact=True)
    await channel.send(ChannelCall("send", "501", after))
    assert gulnar.keyboard == []
    assert (gulnar.last.text, gulnar.last.labels) == ("a", [each.label for each in buttons])
    with pytest.raises(CannotEdit):
        await channel.send(ChannelCall("edit", "501", after, str(gulnar.last.id)))


@pytest.mark.row(95)
async def test_telegram_long_message_is_split_at_paragraphs(
    channel: Telegram, gulnar: User
) -> None:
    first, second, third = "а" * 4096, "б" * 2000, "👋" * 1047
    sent = await channel.send(send_call(first, second, third, "г", buttons=(EXIT,), protect=True))
    assert [one.text for one in gulnar.received] == [first, f"{second}\n\n{third}", "г"]
    assert [one.labels for one in gulnar.received] == [[], [], ["Жабу"]]
    assert all(one.protected for one in gulnar.received)
    assert sent == ",".join(str(one.id) for one in gulnar.received)
    await channel.send(ChannelCall("delete", "501", external_id=sent))
    assert gulnar.received == []


@given(st.lists(st.text(st.sampled_from("aқ👋 \n"), min_size=1), max_size=9))
def test_telegram_split_of_a_long_message_loses_no_text(repeated: list[str]) -> None:
    # The texts are made long here, because Hypothesis warns of arguments with a long
    # representation.
    paragraphs = [each * 700 for each in repeated]
    texts = [text for text, _ in layout.parts(Message(tuple(paragraphs)))]
    assert all(len(text.encode("utf-16-le")) <= 2 * 4096 for text in texts)
    assert all(texts[1:])
    assert "".join("".join(texts).split()) == "".join("".join(paragraphs).split())


@pytest.mark.parametrize(
    ("paragraphs", "texts"),
    [
        (("а" * 4000, "б" * 96), ["а" * 4000, "б" * 96]),
        (("а" * 4000, "б" * 94), ["а" * 4000 + "\n\n" + "б" * 94]),
        (("а" * 3000 + "\n" + "б" * 3000,), ["а" * 3000, "б" * 3000]),
        (("а" * 3000 + " " + "б" * 3000,), ["а" * 3000, "б" * 3000]),
        (("👋" * 2049,), ["👋" * 2048, "👋"]),
    ],
)
def test_telegram_long_paragraph_is_split_at_lines_then_words(
    paragraphs: tuple[str, ...], texts: list[str]
) -> None:
    assert [text for text, _ in layout.parts(Message(paragraphs))] == texts


@pytest.mark.parametrize("row", ["", "7"])
@pytest.mark.requirement("S-88")
async def test_telegram_partly_sent_message_resumes_after_its_sent_parts(
    channel: Telegram, gulnar: User, telegram: Emulator, row: str
) -> None:
    telegram.fail(Slow(0), method="sendMessage")
    telegram.fail(Flooded(3), method="sendMessage")
    act = replace(send_call("а" * 4096, "б"), row=row)
    with pytest.raises(Throttled) as raised:
        await channel.send(act)
    assert (raised.value.sent, raised.value.parts) == (1, 2)
    assert raised.value.external_ids == (str(gulnar.last.id),)
    await channel.send(replace(act, sent=raised.value.sent))
    assert [one.text for one in gulnar.received] == ["а" * 4096, "б"]


async def test_telegram_file_has_two_minutes_to_be_uploaded(
    channel: Telegram, gulnar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, limits = JsonSession._post, dict[str, float]()

    async def note_limit(
        own: JsonSession, bot: Bot, method: TelegramMethod[Any], seconds: float
    ) -> tuple[int, bytes]:
        limits[method.__api_method__] = seconds
        return await post(own, bot, method, seconds)

    monkeypatch.setattr(JsonSession, "_post", note_limit)
    file = FileRef("1", "map.pdf", "application/pdf", 3)
    await channel.send(replace(send_call("a", file=file), contents=b"pdf"))
    assert gulnar.last.content["document"]["file_name"] == "map.pdf"
    assert limits == {"sendMessage": 15, "sendDocument": 120}


async def test_telegram_sent_part_is_not_deleted_when_the_rest_is_rejected(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    telegram.fail(Slow(0), method="sendMessage")
    telegram.fail(Rejected("message text is empty"), method="sendMessage")
    with pytest.raises(InvalidRequest) as raised:
        await channel.send(replace(send_call("а" * 4096, "б"), row="7"))
    assert raised.value.sent == 1
    assert [one.deleted for one in gulnar.chat] == [False]


@pytest.mark.requirement("S-88")
async def test_telegram_unknown_error_is_retryable_and_raises_an_alert(
    channel: Telegram, gulnar: User, telegram: Emulator, logged: Logged
) -> None:
    telegram.fail(Rejected("BOT_RESTRICTED_OF_2027"), method="sendMessage")
    with pytest.raises(UnknownRefusal) as raised:
        await channel.send(send_call("a"))
    assert raised.value.retry
    assert [line["code"] for line in logged] == ["E_TELEGRAM_UNKNOWN"]


@pytest.mark.requirement("S-88")
async def test_telegram_message_is_sent_into_its_topic(channel: Telegram, gulnar: User) -> None:
    thread = await gulnar.open_topic("Papers")
    sent = await channel.send(replace(send_call("а" * 4096, "б"), address=f"501/{thread}"))
    assert [one.thread for one in gulnar.received] == [thread, thread]
    await channel.send(ChannelCall("edit", f"501/{thread}", Message(("new",)), sent.split(",")[0]))
    await channel.send(ChannelCall("delete", f"501/{thread}", external_id=sent))
    assert gulnar.received == []


async def test_telegram_message_is_sent_without_topic_when_the_topic_was_deleted(
    channel: Telegram, gulnar: User, telegram: Emulator, logged: Logged
) -> None:
    thread = await gulnar.open_topic("Papers")
    gulnar.delete_topic(thread)
    await channel.send(replace(send_call("a"), address=f"501/{thread}"))
    assert (gulnar.last.text, gulnar.last.thread) == ("a", None)
    assert logged == []


async def test_telegram_edit_changes_text_and_buttons(channel: Telegram, gulnar: User) -> None:
    sent = await channel.send(send_call("old", buttons=options("a")))
    new = Message(("new",), options("b"))
    assert await channel.send(ChannelCall("edit", "501", new, sent)) == sent
    assert (gulnar.last.text, rows(gulnar)) == ("new", [["b"]])


async def test_telegram_edit_without_changes_succeeds(channel: Telegram, gulnar: User) -> None:
    act = send_call("same", buttons=options("a"))
    sent = await channel.send(act)
    assert await channel.send(ChannelCall("edit", "501", act.message, sent)) == sent


async def test_telegram_edit_of_a_deleted_message_raises_cannot_edit(
    channel: Telegram, gulnar: User
) -> None:
    sent = await channel.send(send_call("old"))
    await gulnar.delete(gulnar.last)
    with pytest.raises(CannotEdit):
        await channel.send(ChannelCall("edit", "501", Message(("new",)), sent))


async def test_telegram_edit_of_a_message_from_the_user_raises_cannot_edit(
    channel: Telegram, gulnar: User
) -> None:
    message = await gulnar.say("a")
    with pytest.raises(CannotEdit):
        await channel.send(ChannelCall("edit", "501", Message(("new",)), str(message.id)))


@pytest.mark.parametrize(
    "new",
    [
        Message(("new",), protect=True),
        Message(("new",), (SHARE,)),
        Message(("а" * 4096, "б")),
    ],
)
async def test_telegram_edit_with_unsupported_new_content_raises_cannot_edit(
    channel: Telegram, gulnar: User, new: Message
) -> None:
    sent = await channel.send(send_call("old"))
    with pytest.raises(CannotEdit):
        await channel.send(ChannelCall("edit", "501", new, sent))
    assert gulnar.last.text == "old"


async def test_telegram_delete_removes_messages_of_user_and_bot(
    channel: Telegram, gulnar: User
) -> None:
    user_message = await gulnar.say("AA 1234567")
    bot_message_id = await channel.send(send_call("a"))
    await channel.send(
        ChannelCall("delete", "501", external_id=f"{user_message.id},{bot_message_id},999999")
    )
    assert all(one.deleted for one in gulnar.chat)


async def test_telegram_delete_skips_too_old_messages(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    old = await channel.send(send_call("old"))
    telegram.advance(49 * 3600)
    new = [await channel.send(send_call(str(n))) for n in range(120)]
    await channel.send(
        ChannelCall("delete", "501", external_id=",".join([*new[:60], old, *new[60:]]))
    )
    assert [one.text for one in gulnar.received] == ["old"]


async def test_telegram_leave_group_is_idempotent(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    group = await gulnar.add_bot_to_group()
    [*_, arrival] = await received(channel, telegram)
    assert isinstance(arrival, GroupChat)
    leave = ChannelCall("leave", arrival.address)
    await channel.send(leave)
    assert group.standing == "left"
    await channel.send(leave)
    assert {*await received(channel, telegram)} == {Ignored("telegram")}


async def test_telegram_group_that_became_a_supergroup_names_its_successor(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    telegram.fail(Rejected("group chat was upgraded", -1001000), method="sendChatAction")
    assert await channel.successor("-77") == "-1001000"
    assert await channel.successor(str(gulnar.id)) == ""
    assert await channel.successor("-78") == ""
    telegram.fail(Broken(502), method="sendChatAction")
    with pytest.raises(Unreachable):
        await channel.successor("-77")


async def test_telegram_button_press_is_acknowledged_by_call_or_webhook_answer(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    await channel.send(send_call("?", buttons=options("a")))
    first, second = await gulnar.press("a"), await gulnar.press("a")
    await channel.acknowledge(first.id)
    assert (await gulnar.wait_for_answer(first)).answered
    call = channel.acknowledgement(second.id)
    await telegram.run(call.pop("method"), Body(dict(call), {}))
    assert second.answered


async def test_telegram_acknowledge_raises_nothing_when_the_call_fails(
    channel: Telegram, telegram: Emulator
) -> None:
    telegram.fail(Cut())
    await channel.acknowledge("0")


# Responses of Telegram to a call


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Flooded(7), Throttled),
        (Broken(502), Unreachable),
        (Broken(200), Unreachable),
        (Broken(400), Unreachable),
        (Broken(403), Unreachable),
        (Broken(302), Unreachable),
        (Cut(), Unreachable),
        (Silent(), Unreachable),
    ],
    ids=str,
)
@pytest.mark.usefixtures("short_timeouts")
@pytest.mark.requirement("S-12")
async def test_telegram_failed_or_malformed_response_raises_a_retryable_error(
    channel: Telegram,
    gulnar: User,
    telegram: Emulator,
    fault: Any,
    error: type[SendError],
) -> None:
    telegram.fail(fault)
    with pytest.raises(error) as raised:
        await channel.send(send_call("a"))
    assert raised.value.retry
    assert raised.value.delay == (7 if error is Throttled else None)


@pytest.mark.parametrize("gone", ["blocked", "deactivated"])
@pytest.mark.requirement("S-12")
async def test_telegram_send_raises_blocked_when_blocked_or_deactivated(
    channel: Telegram, gulnar: User, gone: str
) -> None:
    setattr(gulnar.person, gone, True)
    with pytest.raises(BlockedByUser):
        await channel.send(send_call("a"))


async def test_telegram_send_raises_blocked_for_an_unknown_chat(
    channel: Telegram, telegram: Emulator
) -> None:
    telegram.user(502)
    for address in ("502", "503"):
        with pytest.raises(BlockedByUser):
            await channel.send(ChannelCall("send", address, Message(("a",))))


async def test_telegram_empty_message_is_refused_and_logged(
    channel: Telegram, gulnar: User, logged: Logged
) -> None:
    for act in (send_call("\u200b"), ChannelCall("send", "501")):
        with pytest.raises(Refused):
            await channel.send(act)
    assert [line["code"] for line in logged] == ["E_TELEGRAM_REQUEST"]


@pytest.mark.parametrize("description", ["BUTTON_DATA_INVALID", "can't parse entities: x"])
@pytest.mark.requirement("S-88")
async def test_telegram_message_is_sent_without_buttons_when_they_are_refused(
    channel: Telegram, gulnar: User, telegram: Emulator, logged: Logged, description: str
) -> None:
    telegram.fail(Rejected(description), method="sendMessage")
    sent = await channel.send(send_call("a", buttons=options("b")))
    assert (gulnar.last.text, rows(gulnar), sent) == ("a", [], str(gulnar.last.id))
    assert [line["code"] for line in logged] == ["E_TELEGRAM_REQUEST"]


async def test_telegram_message_is_refused_when_it_fails_without_buttons_too(
    channel: Telegram, gulnar: User, telegram: Emulator, logged: Logged
) -> None:
    fault = Rejected("BUTTON_DATA_INVALID")
    telegram.fail(fault, method="sendMessage", times=2)
    with pytest.raises(InvalidRequest) as raised:
        await channel.send(send_call("a", buttons=options("b")))
    assert not raised.value.retry
    assert gulnar.received == []
    assert [line["code"] for line in logged] == ["E_TELEGRAM_REQUEST"] * 2


@pytest.mark.requirement("S-88")
async def test_telegram_send_to_a_migrated_group_uses_its_new_id_and_alerts(
    channel: Telegram, gulnar: User, telegram: Emulator, logged: Logged
) -> None:
    telegram.fail(Rejected("group chat was upgraded", 501), method="sendMessage")
    await channel.send(ChannelCall("send", "-77", Message(("a",))))
    assert gulnar.last.text == "a"
    assert [line["code"] for line in logged] == ["E_TELEGRAM_MIGRATED"]


@pytest.mark.requirement("S-88")
async def test_telegram_delete_call_contains_each_message_id_once(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    sent = await channel.send(send_call("a"))
    await channel.send(ChannelCall("delete", "501", external_id=f"{sent},{sent}"))
    [call] = telegram.journal.calls("deleteMessages")
    assert call.params["message_ids"] == [int(sent)]


@pytest.mark.requirement("S-88")
async def test_telegram_wrong_token_suspends_the_channel_and_alerts(
    http: aiohttp.ClientSession, telegram: Emulator, logged: Logged
) -> None:
    with pytest.raises(ChannelSuspended):
        await Telegram(http, "7000000001:wrong", telegram.url).send(send_call("a"))
    assert [line["code"] for line in logged] == ["E_TELEGRAM_TOKEN"]


@pytest.mark.parametrize("fault", [Broken(502), Cut(), Silent(), "nobody listens", "no address"])
@pytest.mark.usefixtures("short_timeouts")
@pytest.mark.requirement("S-42")
@pytest.mark.row(85)
async def test_telegram_token_appears_in_no_error_and_no_log(
    http: aiohttp.ClientSession, telegram: Emulator, logged: Logged, fault: Any
) -> None:
    nowhere = {"nobody listens": "http://127.0.0.1:9", "no address": "http://[::"}
    if fault not in nowhere:
        telegram.fail(fault)
    channel = Telegram(http, TOKEN, nowhere.get(fault, telegram.url))
    with pytest.raises(Unreachable) as raised:
        await channel.send(send_call("a"))
    seen = [raised.value, raised.value.__context__, raised.value.__cause__, channel, logged]
    texts = [*traceback.format_exception(raised.value), *map(repr, seen)]
    assert TOKEN.partition(":")[2] not in "".join(texts)


# Long polling


async def received(channel: Telegram, telegram: Emulator) -> list[IncomingUpdate]:
    """Poll all queued updates and confirm them, as a client with long polling does."""
    async with asyncio.timeout(60), aclosing(channel.batches()) as batches:
        batch = await anext(batches)
        pending = asyncio.ensure_future(anext(batches))
        await telegram.until_taken()
        pending.cancel()
        with suppress(asyncio.CancelledError):
            await pending
    return [arrival for body in batch for arrival in channel.parse(body)]


def text_of(body: bytes) -> str:
    text: str = json.loads(body)["message"]["text"]
    return text


async def test_telegram_polling_confirms_a_batch_with_the_next_request(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    await telegram.set_webhook("http://127.0.0.1:9/old")
    await gulnar.say("one")
    await gulnar.say("two")
    async with asyncio.timeout(60), aclosing(channel.batches()) as batches:
        first = await anext(batches)
        assert [text_of(body) for body in first] == ["one", "two"]
        assert telegram.journal.acknowledged() == set()
        await gulnar.say("three")
        assert [text_of(body) for body in await anext(batches)] == ["three"]
        assert telegram.journal.acknowledged() == {*telegram.journal.updates()[:2]}


async def test_telegram_polling_repeats_an_unconfirmed_batch(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    await gulnar.say("one")
    for _ in range(2):
        async with asyncio.timeout(60), aclosing(channel.batches()) as batches:
            assert [text_of(body) for body in await anext(batches)] == ["one"]


async def test_telegram_polling_confirms_updates_that_come_twice_or_shuffled(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    telegram.delivery_options.copies, telegram.delivery_options.shuffled = 2, True
    for n in range(5):
        await gulnar.say(str(n))
    assert len(await received(channel, telegram)) == 10
    assert telegram.journal.acknowledged() == {*telegram.journal.updates()}


@pytest.mark.usefixtures("short_timeouts")
async def test_telegram_polling_continues_after_errors_of_the_platform(
    channel: Telegram,
    gulnar: User,
    telegram: Emulator,
    logged: Logged,
) -> None:
    telegram.fail(Cut(False), method="deleteWebhook")
    telegram.fail(Broken(502), times=3, method="getUpdates")
    await gulnar.say("one")
    [arrival] = await received(channel, telegram)
    assert isinstance(arrival, Inbound)
    assert [line["event"] for line in logged] == ["poll.failed"] * 4


async def test_telegram_webhook_subscribes_only_to_handled_update_types(
    channel: Telegram, telegram: Emulator
) -> None:
    kinds = {"message", "edited_message", "callback_query", "my_chat_member"}
    await channel.set_webhook("http://127.0.0.1:9/webhook", "s" * 32)
    [call] = telegram.journal.calls("setWebhook")
    assert (call.status, call.params["secret_token"]) == (200, "s" * 32)
    assert telegram.world.updates.allowed == kinds


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (User.send_photo, "photo"),
        (User.send_document, "document"),
        (User.send_voice, "voice"),
        (User.send_sticker, "sticker"),
        (User.send_location, "location"),
        (User.send_venue, "location"),
        (User.send_poll, "poll"),
        (User.send_dice, "dice"),
        (partial(User.send, kind="video"), "video"),
        (partial(User.send, kind="video_note"), "voice"),
        (partial(User.send, kind="audio"), "voice"),
        (partial(User.send, kind="animation"), "animation"),
    ],
)
async def test_telegram_attachment_parses_with_its_kind(
    channel: Telegram,
    gulnar: User,
    telegram: Emulator,
    act: Callable[[User], Coroutine[Any, Any, Any]],
    kind: str,
) -> None:
    await act(gulnar)
    [arrival] = await received(channel, telegram)
    assert isinstance(arrival, Inbound)
    event = arrival.event
    is_file = kind in FILES or act is User.send_voice
    assert isinstance(event, events.Attached if is_file else events.Unreadable)
    assert event.kind == kind


async def test_telegram_sent_file_can_be_fetched(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    await gulnar.send_document()
    [arrival] = await received(channel, telegram)
    assert isinstance(arrival, Inbound)
    assert isinstance(arrival.event, events.Attached)
    data = b"".join([chunk async for chunk in channel.fetch(arrival.event.ref)])
    assert len(data) == arrival.event.size > 0


async def test_telegram_actions_of_an_emulated_user_parse_to_events(
    channel: Telegram, gulnar: User, telegram: Emulator
) -> None:
    await gulnar.start("from_page")
    await gulnar.say("Сәлем")
    await gulnar.send_contact(own=False)
    await gulnar.edit_last("Қош")
    await gulnar.block()
    await gulnar.unblock()
    start, hello, contact, edited, blocked, back = await received(channel, telegram)
    assert [one.event for one in (start, hello, contact, edited) if isinstance(one, Inbound)] == [
        events.Started("from_page", "kk"),
        events.Said("Сәлем"),
        events.Shared("+77010000000", False),
        events.Edited(),
    ]
    assert blocked == Blocked("telegram", "501", True)
    assert back == Blocked("telegram", "501", False)


# The bot's profile


async def test_telegram_bot_profile_is_not_sent_again_when_unchanged(
    channel: Telegram, telegram: Emulator
) -> None:
    words = Languages()
    assert await channel.set_profile(words) == 15
    profile = telegram.world.profile
    assert set(profile.descriptions) == {"", "kk", "ru", "uz", "zh"}
    assert profile.descriptions[""] == profile.descriptions["kk"]
    assert profile.short_descriptions["zh"] == words.render(telegram_profile.SHORT, "zh_Hans")
    menu = profile.commands["default", "ru"]
    assert menu[4] == {
        "command": "person",
        "description": words.render(telegram_profile.COMMANDS["person"], "ru"),
    }
    assert await channel.set_profile(words) == 0


async def test_telegram_bot_profile_update_sends_only_differences(
    channel: Telegram, telegram: Emulator
) -> None:
    words = Languages()
    await channel.set_profile(words)
    telegram.world.profile.descriptions["uz"] = "old"
    assert await channel.set_profile(words) == 1


@pytest.mark.parametrize(
    ("fault", "error"), [(Flooded(9), Throttled), (Broken(502), Unreachable), (Cut(), Unreachable)]
)
async def test_telegram_profile_error_hides_the_token(
    channel: Telegram, telegram: Emulator, fault: Any, error: type[SendError]
) -> None:
    telegram.fail(fault)
    with pytest.raises(error) as raised:
        await channel.set_profile(Languages())
    assert raised.value.__context__ is None
    assert TOKEN not in "".join(traceback.format_exception(raised.value))


def test_telegram_profile_lists_exactly_the_commands_that_kosh_handles() -> None:
    handled = {word.value for word in Reserved} - {"back", "cancel", "link", "skip"}
    assert set(telegram_profile.COMMANDS) == handled


@pytest.mark.parametrize("code", [code for code, _name in Languages().languages()])
def test_telegram_profile_texts_fit_the_limits_in_every_language(code: str) -> None:
    def longest(*texts: Text) -> int:
        return max(len(Languages().render(text, code)) for text in texts)

    assert longest(*telegram_profile.COMMANDS.values()) <= 256
    assert longest(telegram_profile.DESCRIPTION) <= 512
    assert longest(telegram_profile.SHORT) <= 120
