"""The WhatsApp channel: parsing of webhooks, layout of messages, and Meta's responses."""

import json
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from bot.channels import (
    BlockedByUser,
    BroadcastsStopped,
    ChannelCall,
    ChannelSuspended,
    DeliveryReport,
    DoesNotFit,
    HandleChanged,
    Ignored,
    Inbound,
    IncomingUpdate,
    Message,
    NoTemplate,
    OptedOut,
    Refused,
    RenderedButton,
    SendError,
    Template,
    TemporarilyRestricted,
    Throttled,
    UnknownRefusal,
    Unparseable,
    Unreachable,
    Unreadable,
    WindowClosed,
)
from bot.channels.whatsapp import account_events, client, layout, statuses, updates
from bot.channels.whatsapp.client import WhatsApp
from bot.channels.whatsapp.errors import FAULTS, fault
from bot.channels.whatsapp.updates import arrivals
from bot.i18n import Languages
from bot.outbox import rendering
from bot.runtime import Runtime
from flows.engine import events
from flows.engine.text import verbatim
from tests.emulators import whatsapp as wa
from tests.emulators.whatsapp.errors import ERRORS
from tests.flows.chat import chat_at

ROOT = Path(__file__).parents[2]

WORDS = Languages()
NOW = 1_800_000_000
PHONE, USER_ID = "77010000001", "KZ.13491208655302741918"
NUMBER_ID = wa.NUMBER_ID


def parse(*values: dict[str, Any], number_id: str = NUMBER_ID) -> tuple[IncomingUpdate, ...]:
    changes = [{"field": "messages", "value": metadata(number_id) | each} for each in values]
    return arrivals(body([{"id": "1", "changes": changes}]), NUMBER_ID, NOW)


def metadata(number_id: str = NUMBER_ID) -> dict[str, Any]:
    phone_number = {"display_phone_number": "77170000000", "phone_number_id": number_id}
    return {"messaging_product": "whatsapp", "metadata": phone_number}


def body(entries: object) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def message(**contents: Any) -> dict[str, Any]:
    head = {"from": PHONE, "from_user_id": USER_ID, "id": "wamid.A", "timestamp": str(NOW - 5)}
    return head | contents


def text(words: str = "Сәлем", **more: Any) -> dict[str, Any]:
    return message(type="text", text={"body": words}, **more)


def one(raw: dict[str, Any], **more: Any) -> IncomingUpdate:
    [arrival] = parse({"messages": [raw], **more})
    return arrival


def event_of(**contents: Any) -> events.Event:
    arrival = one(message(**contents))
    assert isinstance(arrival, Inbound)
    return arrival.event


# Webhook bodies from WhatsApp


def test_whatsapp_text_parses_with_its_sender_and_time() -> None:
    event = events.Said("Сәлем")
    assert one(text()) == Inbound(
        "whatsapp", "wamid.A", USER_ID, USER_ID, event, "wamid.A", "", (PHONE,), NOW - 5
    )


@pytest.mark.parametrize(
    ("ids", "contact", "handle", "aliases"),
    [
        ({"from": PHONE}, {"wa_id": PHONE}, PHONE, ()),
        ({"from": PHONE}, {}, PHONE, ()),
        ({"from": f"+{PHONE}"}, {}, PHONE, ()),
        ({"from": PHONE}, {"wa_id": PHONE, "user_id": USER_ID}, USER_ID, (PHONE,)),
        ({"from_user_id": USER_ID}, {"user_id": USER_ID}, USER_ID, ()),
        ({"from_user_id": USER_ID}, {"wa_id": PHONE, "user_id": USER_ID}, USER_ID, (PHONE,)),
        ({"from": USER_ID}, {"wa_id": USER_ID, "user_id": USER_ID}, USER_ID, ()),
        ({}, {"user_id": USER_ID}, USER_ID, ()),
        ({"from": PHONE}, {"wa_id": "77019999999", "user_id": "KZ.9"}, PHONE, ()),
        (
            {"from_user_id": USER_ID, "from_parent_user_id": "KZ.ENT.7"},
            {},
            USER_ID,
            ("KZ.ENT.7",),
        ),
    ],
)
def test_whatsapp_sender_is_identified_by_user_id_or_phone_or_both(
    ids: dict[str, str], contact: dict[str, str], handle: str, aliases: tuple[str, ...]
) -> None:
    raw = {"id": "wamid.A", "timestamp": NOW, "type": "text", "text": {"body": "a"}} | ids
    arrival = one(raw, contacts=[{"profile": {"name": "Testova"}, **contact}] if contact else None)
    assert isinstance(arrival, Inbound)
    assert (arrival.handle, arrival.address, arrival.aliases) == (handle, handle, aliases)


def test_whatsapp_batch_of_two_senders_keeps_their_names_apart() -> None:
    other = {"from": "77010000002", "id": "wamid.B", "timestamp": NOW}
    found = parse(
        {
            "contacts": [
                {"wa_id": "77010000002", "user_id": "KZ.2"},
                {"wa_id": PHONE, "user_id": USER_ID},
            ],
            "messages": [
                text(),
                other | {"type": "text", "text": {"body": "b"}},
            ],
        }
    )
    assert [each.handle for each in found if isinstance(each, Inbound)] == [USER_ID, "KZ.2"]


REPLY = {"id": "12:yes", "title": "Иә"}


@pytest.mark.parametrize(
    ("contents", "event"),
    [
        (
            {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": REPLY}},
            events.Pressed("12:yes"),
        ),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": REPLY}},
            events.Pressed("12:yes"),
        ),
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "12:@", "title": "x"}}},
            events.Shared(f"+{PHONE}", True),
        ),
        (
            {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {}}},
            events.Unreadable("other"),
        ),
        (
            {"type": "button", "button": {"payload": "!status", "text": "Open"}},
            events.Pressed("!status"),
        ),
        ({"type": "button", "button": {"payload": "Тоқта", "text": "Тоқта"}}, events.Said("Тоқта")),
        ({"type": "button", "button": {"text": "Stop"}}, events.Said("Stop")),
        (
            {"type": "image", "image": {"id": "99", "mime_type": "image/jpeg", "caption": "x"}},
            events.Attached("photo", "99", 0, "x"),
        ),
        (
            {"type": "document", "document": {"id": "98", "filename": "p.pdf", "file_size": 7}},
            events.Attached("document", "98", 7),
        ),
        ({"type": "audio", "audio": {"id": "1", "voice": True}}, events.Attached("voice", "1")),
        ({"type": "video", "video": {"id": "1"}}, events.Unreadable("video")),
        ({"type": "video", "video": {"caption": "help"}}, events.Unreadable("video", "help")),
        ({"type": "sticker", "sticker": {"id": "1"}}, events.Unreadable("sticker")),
        ({"type": "location", "location": {"latitude": 51.1}}, events.Unreadable("location")),
        (
            {"type": "contacts", "contacts": [{"phones": [{"phone": f"+{PHONE}"}]}]},
            events.Shared(f"+{PHONE}", True),
        ),
        (
            {"type": "contacts", "contacts": [{"phones": [{"wa_id": "77019999999"}]}]},
            events.Shared("+77019999999", False),
        ),
        ({"type": "contacts", "contacts": [{}]}, events.Unreadable("contact")),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, events.Unreadable("other")),
        (
            {"type": "unsupported", "unsupported": {"type": "poll_creation"}},
            events.Unreadable("other"),
        ),
        ({"type": "unsupported", "unsupported": {"type": None}}, events.Unreadable("other")),
        ({"type": "unsupported", "unsupported": {"type": "button"}}, events.Unreadable("other")),
        ({"type": "unsupported", "unsupported": {"type": "edit"}}, events.Edited()),
        ({"type": "forged", "forged": {"caption": "help"}}, events.Unreadable("other", "help")),
        ({"type": "request_welcome"}, events.Started()),
        ({"type": "edit", "edit": {}}, events.Edited()),
    ],
)
def test_whatsapp_message_of_each_type_parses_to_its_event(
    contents: dict[str, Any], event: events.Event
) -> None:
    assert event_of(**contents) == event


@pytest.mark.parametrize(
    ("contents", "event"),
    [
        (
            {"type": "button", "button": {"payload": "!status", "text": None}},
            events.Pressed("!status"),
        ),
        ({"type": "button", "button": {"payload": None, "text": None}}, events.Said("")),
        ({"type": "contacts", "contacts": [{"phones": None}]}, events.Unreadable("contact")),
        ({"type": "image", "image": {"id": "9", "caption": None}}, events.Attached("photo", "9")),
        ({"type": "video", "video": {"caption": None}}, events.Unreadable("video")),
        ({"type": "interactive", "interactive": {"nfm_reply": None}}, events.Unreadable("other")),
        ({"type": "request_welcome", "context": None, "group_id": None}, events.Started()),
    ],
)
@pytest.mark.requirement("S-88")
def test_whatsapp_optional_fields_may_be_null(
    contents: dict[str, Any], event: events.Event
) -> None:
    assert event_of(**contents) == event


def _structs(module: Any) -> list[type[msgspec.Struct]]:
    found = [each for each in vars(module).values() if isinstance(each, type)]
    own = [each for each in found if each.__module__ == module.__name__]
    return [each for each in own if issubclass(each, msgspec.Struct)]


@pytest.mark.parametrize("module", [account_events, client, statuses, updates])
def test_whatsapp_fields_that_may_be_absent_may_also_be_null(module: Any) -> None:
    refused = []
    for struct in _structs(module):
        for each in msgspec.structs.fields(struct):
            try:
                assert each.required or msgspec.convert(None, each.type) is None
            except msgspec.ValidationError:
                refused.append(f"{struct.__name__}.{each.name}")
    assert refused == []


@pytest.mark.parametrize(
    "contents",
    [
        *({"type": kind} for kind in ("reaction", "revoke", "ephemeral", "forged_in_2031")),
        *(
            {"type": "unsupported", "unsupported": {"type": kind}}
            for kind in ("pin", "keep_in_chat", "poll_update", "reaction", "forged", ["pin"])
        ),
    ],
)
def test_whatsapp_message_without_user_content_is_ignored(contents: dict[str, Any]) -> None:
    assert parse({"messages": [text() | contents]}) == (Ignored("whatsapp"),)


@pytest.mark.parametrize(
    ("written", "event"),
    [
        ('{"flow_token": "t", "city": "Алматы", "many": 3}', events.Said("Алматы")),
        ('{"flow_token": "t"}', events.Unreadable("other")),
        ("no json", events.Unreadable("other")),
        (None, events.Unreadable("other")),
    ],
)
@pytest.mark.requirement("S-88")
def test_whatsapp_flow_reply_is_parsed_as_text(written: str | None, event: events.Event) -> None:
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": written}}
    assert event_of(type="interactive", interactive=reply) == event


def parse_change(field: str, **value: Any) -> tuple[IncomingUpdate, ...]:
    changes = [{"field": field, "value": metadata() | value}]
    return arrivals(body([{"id": "1", "changes": changes}]), NUMBER_ID, NOW)


@pytest.mark.requirement("S-88")
def test_whatsapp_incoming_call_gets_one_text_reply() -> None:
    call = {"id": "wacid.A", "from": PHONE, "timestamp": str(NOW), "event": "connect"}
    [arrival] = parse_change("calls", calls=[call])
    assert isinstance(arrival, Inbound)
    assert (arrival.handle, arrival.event) == (PHONE, events.Unreadable("call"))
    assert parse_change("calls", calls=[call | {"event": "terminate"}]) == (Ignored("whatsapp"),)


@pytest.mark.requirement("S-88")
def test_whatsapp_marketing_opt_out_stops_broadcasts() -> None:
    preference = {"wa_id": PHONE, "category": "marketing_messages", "value": "stop"}
    assert parse_change(
        "user_preferences", user_preferences=[preference, preference | {"value": "resume"}]
    ) == (BroadcastsStopped("whatsapp", (PHONE,)),)
    assert parse_change("user_preferences", user_preferences=["x"]) == (Ignored("whatsapp"),)


@pytest.mark.parametrize(("written", "at"), [(NOW, NOW), (str(NOW), NOW), ("soon", 0), (None, 0)])
@pytest.mark.requirement("S-88")
def test_whatsapp_marketing_opt_out_has_the_time_of_the_platform(
    written: str | int | None, at: int
) -> None:
    preference = {"wa_id": PHONE, "category": "marketing_messages", "value": "stop"}
    assert parse_change(
        "user_preferences", user_preferences=[preference | {"timestamp": written}]
    ) == (BroadcastsStopped("whatsapp", (PHONE,), at),)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("message_template_status_update", {"event": "PAUSED"}, "E_WHATSAPP_TEMPLATE"),
        ("message_template_status_update", {"event": "APPROVED"}, ""),
        ("template_category_update", {"new_category": "MARKETING"}, "E_WHATSAPP_TEMPLATE"),
        ("template_category_update", {"correct_category": "MARKETING"}, "E_WHATSAPP_TEMPLATE"),
        ("template_category_update", {"new_category": "UTILITY"}, ""),
        ("account_update", {"event": "DISABLED_UPDATE"}, "E_WHATSAPP_RESTRICTED"),
        ("phone_number_name_update", {"decision": "REJECTED"}, "E_WHATSAPP_NUMBER"),
    ],
)
@pytest.mark.requirement("S-88")
def test_whatsapp_account_event_raises_an_alert_when_it_reports_a_fault(
    field: str, value: dict[str, str], code: str
) -> None:
    with capture_logs() as logged:
        assert parse_change(field, **value) == (Ignored("whatsapp"),)
    assert [line["code"] for line in logged] == ([code] if code else [])


@pytest.mark.requirement("S-88")
def test_whatsapp_language_list_button_is_written_in_all_languages() -> None:
    buttons = presses(*"abcd")
    [content] = layout.parts(Message(("?",), buttons), WORDS)
    assert content["interactive"]["action"]["button"] == layout.CHOOSE_LANGUAGE


def test_whatsapp_guide_subscribes_to_every_webhook_field_that_kosh_reads() -> None:
    guide = (ROOT / "docs" / "how-to" / "connect-channels.md").read_text()
    fields = {*updates.FIELDS, *account_events.FIELDS}
    assert {each for each in fields if f"`{each}`" not in guide} == set()


@pytest.mark.parametrize("kind", ["reaction", "revoke"])
def test_whatsapp_reactions_and_revoked_messages_are_ignored(kind: str) -> None:
    assert one(message(type=kind, **{kind: {"emoji": "👍"}})) == Ignored("whatsapp")


def test_whatsapp_group_message_is_ignored() -> None:
    assert one(text(group_id="g")) == Ignored("whatsapp")


def test_whatsapp_number_change_is_reported_for_each_old_id() -> None:
    system = {
        "type": "user_changed_number",
        "wa_id": "77010000002",
        "user_id": "KZ.2",
        "previous_user_id": USER_ID,
    }
    found = parse({"messages": [message(type="system", system=system)]})
    assert [
        (each.handle, each.to, each.address) for each in found if isinstance(each, HandleChanged)
    ] == [
        (USER_ID, "KZ.2", "KZ.2"),
        (PHONE, "77010000002", "KZ.2"),
    ]


def test_whatsapp_user_id_change_without_a_phone_is_reported() -> None:
    system = {"type": "user_changed_user_id", "user_id": "KZ.2", "previous_user_id": USER_ID}
    raw = {"id": "wamid.S", "timestamp": NOW, "type": "system", "system": system}
    assert one(raw) == HandleChanged("whatsapp", "wamid.S/0", USER_ID, "KZ.2", "KZ.2")


@pytest.mark.row(33)
def test_whatsapp_batch_marks_only_bad_elements_as_unparseable() -> None:
    poisoned: list[object] = [
        {"id": "wamid.bad", "type": "text", "from": PHONE, "timestamp": NOW},
        {"id": 5, "type": "text"},
        "nonsense",
        {"id": "wamid.nobody", "type": "text", "text": {"body": "a"}, "timestamp": NOW},
        {"id": "wamid.when", "type": "text", "from": PHONE, "timestamp": "soon"},
        text(id="a\u0000b"),
    ]
    first = {
        "field": "messages",
        "value": metadata() | {"messages": [text(id="wamid.1"), *poisoned]},
    }
    broken = [{"field": "messages", "value": None}, 7]
    second = {"field": "messages", "value": metadata() | {"messages": [text(id="wamid.2")]}}
    statuses = {"field": "messages", "value": metadata() | {"statuses": [status(), {"id": 1}]}}
    found = arrivals(
        body([{"changes": [first, *broken, second]}, "x", {"changes": [statuses]}]), NUMBER_ID, NOW
    )
    assert [each.external_id for each in found if isinstance(each, Inbound)] == [
        "wamid.1",
        "wamid.2",
    ]
    assert sum(isinstance(each, DeliveryReport) for each in found) == 1
    spoiled = [each for each in found if isinstance(each, Unparseable)]
    assert len(spoiled) == len(poisoned) + len(broken) + 2
    assert {each.code for each in spoiled} == {"E_SHAPE", "E_NUMBER"}
    assert {each.external_id for each in spoiled} > {"wamid.bad", "wamid.nobody", "wamid.when"}
    assert not any("nonsense" in each.external_id for each in spoiled)


def test_whatsapp_update_for_another_business_number_is_ignored() -> None:
    assert parse({"messages": [text()]}, number_id="42") == (Ignored("whatsapp"),)


@pytest.mark.parametrize("field", ["account_update", "message_template_status_update"])
def test_whatsapp_webhook_fields_that_kosh_does_not_handle_are_ignored(field: str) -> None:
    entries = [{"changes": [{"field": field, "value": {"event": "VERIFIED"}}]}]
    assert arrivals(body(entries), NUMBER_ID, NOW) == (Ignored("whatsapp"),)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "E_EMPTY"),
        (b"[]", "E_SHAPE"),
        (b"{}", "E_SHAPE"),
        (b'{"entry": {}}', "E_SHAPE"),
        (b'{"entry": [}', "E_JSON"),
        (b"[" * 100_000, "E_DEPTH"),
        (b'{"entry": [], "entry": []}', "E_DUPKEY"),
    ],
)
def test_whatsapp_unreadable_body_raises_its_error_code(raw: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as failed:
        arrivals(raw, NUMBER_ID, NOW)
    assert failed.value.code == code


def test_whatsapp_message_older_than_the_dedupe_window_is_unparseable() -> None:
    late = one(text(timestamp=str(NOW - 6 * 86400)))
    assert isinstance(late, Inbound)
    stale = one(text(timestamp=str(NOW - 9 * 86400)))
    assert isinstance(stale, Unparseable)
    assert (stale.external_id, stale.code) == ("wamid.A", "E_STALE")


def status(state: str = "delivered", **more: Any) -> dict[str, Any]:
    fields = {"id": "wamid.S", "status": state, "timestamp": str(NOW), "recipient_id": PHONE}
    return fields | {"biz_opaque_callback_data": "77.1"} | more


@pytest.mark.row(34)
def test_whatsapp_status_parses_as_a_delivery_report_with_its_price() -> None:
    price = {"billable": True, "category": "utility", "pricing_model": "PMP"}
    [receipt] = parse({"statuses": [status(pricing=price)]})
    assert receipt == DeliveryReport("whatsapp", "delivered", NOW, "", "77.1", "utility")
    [free] = parse({"statuses": [status(pricing=price | {"billable": False})]})
    assert free == DeliveryReport("whatsapp", "delivered", NOW, "", "77.1", "")


def test_whatsapp_status_of_one_part_is_matched_to_its_part() -> None:
    [receipt] = parse({"statuses": [status(biz_opaque_callback_data="77.1/2/3")]})
    assert isinstance(receipt, DeliveryReport)
    assert (receipt.row, receipt.part, receipt.parts) == ("77.1", 2, 3)


@pytest.mark.parametrize(
    "row", ["", "7 OR 1=1", "-7", "9" * 40, "7.", "7.1.1", "7.1/2", "7.1/0/2", "Ә"]
)
def test_whatsapp_status_with_foreign_callback_data_has_no_outbox_row(row: str) -> None:
    [receipt] = parse({"statuses": [status(biz_opaque_callback_data=row)]})
    assert isinstance(receipt, DeliveryReport)
    assert receipt.row == ""


@pytest.mark.parametrize(
    ("code", "internal_code"),
    [(131047, "E_SEND_WINDOW"), (131026, "E_SEND_BLOCKED"), (131056, "E_SEND_THROTTLED")],
)
def test_whatsapp_failed_status_is_mapped_to_an_internal_error_code(
    code: int, internal_code: str
) -> None:
    [receipt] = parse({"statuses": [status("failed", errors=[{"code": code, "title": "x"}])]})
    assert isinstance(receipt, DeliveryReport)
    assert (receipt.state, receipt.code) == ("failed", internal_code)


def test_whatsapp_account_error_raises_an_alert() -> None:
    with capture_logs() as logged:
        parse({"errors": [{"code": 131031, "title": "Locked"}]})
    assert [line["code"] for line in logged] == ["E_WHATSAPP_RESTRICTED"]


# Error codes of Meta and Kosh's errors for them


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        ((131047,), WindowClosed),
        ((131056, 130429, 4, 80007, 131048, 131064), Throttled),
        ((368, 131031, 131042, 190, 0, 10, 200, 299, 131005), ChannelSuspended),
        ((33, 131037, 131045, 131063, 132008, 133000, 133010), ChannelSuspended),
        ((131026,), BlockedByUser),
        ((131049,), TemporarilyRestricted),
        ((131050,), OptedOut),
        ((132000, 132001, 132005, 132007, 132012, 132015, 132016), NoTemplate),
        ((131051, 131052, 131053, 131062, 131030, 131008, 131009, 100, 130497, 139200), Refused),
        ((131000, 131016, 2), Unreachable),
    ],
)
@pytest.mark.requirement("S-88")
def test_whatsapp_error_codes_map_to_their_error_class(
    codes: tuple[int, ...], kind: type[SendError]
) -> None:
    assert {fault(code).error for code in codes} == {kind}


def test_whatsapp_pair_rate_error_delays_only_its_chat_by_six_seconds() -> None:
    assert (FAULTS[131056].delay, FAULTS[131056].wide) == (6, False)
    assert all(FAULTS[code].wide for code in (130429, 4, 80007, 131048, 131064))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, UnknownRefusal),
        (401, ChannelSuspended),
        (403, ChannelSuspended),
        (429, Throttled),
        (500, Unreachable),
        (503, Unreachable),
    ],
)
def test_whatsapp_unknown_error_code_is_classified_by_http_status(
    status: int, kind: type[SendError]
) -> None:
    assert fault(999_999, status).error is kind


@pytest.mark.requirement("S-88")
def test_whatsapp_account_errors_and_unknown_codes_have_an_alert() -> None:
    assert fault(133010).alarm == "E_WHATSAPP_NUMBER"
    assert fault(999_999).alarm == "E_WHATSAPP_UNKNOWN"
    assert not any(each.alarm == "" for each in FAULTS.values() if each.error is ChannelSuspended)


# Layout of messages


def presses(*labels: str, kind: str = "option") -> tuple[RenderedButton, ...]:
    return tuple(RenderedButton(f"1:{number}", label, kind) for number, label in enumerate(labels))


def layout_parts(paragraphs: tuple[str, ...], *buttons: RenderedButton) -> list[dict[str, Any]]:
    return layout.parts(Message(paragraphs, buttons, "ru", (3, 9)), WORDS)


def test_whatsapp_layout_uses_buttons_up_to_three_and_a_list_up_to_ten() -> None:
    [few] = layout_parts(("A",), *presses("Да", "Нет", "Назад"))
    assert [each["reply"]["title"] for each in few["interactive"]["action"]["buttons"]] == [
        "Да",
        "Нет",
        "Назад",
    ]
    assert few["interactive"]["body"]["text"] == "A\n\n3/9"
    [many] = layout_parts(("A",), *presses(*"abcdefghij"))
    assert [each["title"] for each in many["interactive"]["action"]["sections"][0]["rows"]] == [
        *"abcdefghij"
    ]
    assert many["interactive"]["action"]["button"] == "Выбрать"


def test_whatsapp_list_text_names_commands_that_have_no_row() -> None:
    more = RenderedButton("1:>", "Ещё", "control")
    back, help_ = (
        RenderedButton("1:<", "Назад", "control"),
        RenderedButton("!help", "Помощь", "control"),
    )
    exit_ = RenderedButton("!exit", "Закрыть и очистить", "exit")
    [part] = layout_parts(("A",), *presses(*"abcdefgh"), more, back, help_, exit_)
    rows = [each["title"] for each in part["interactive"]["action"]["sections"][0]["rows"]]
    assert rows == [*"abcdefgh", "Ещё", "Назад"]
    text = part["interactive"]["body"]["text"]
    assert text.endswith("Можно также написать: Помощь · Закрыть и очистить")


def test_whatsapp_long_row_label_continues_in_its_description() -> None:
    [part] = layout_parts(("A",), *presses("Северные Марианские острова и ещё", "b", "c", "d"))
    row = part["interactive"]["action"]["sections"][0]["rows"][0]
    assert (row["title"], row["description"]) == ("Северные Марианские", "острова и ещё")


def test_whatsapp_long_text_gets_numbered_answers_instead_of_buttons() -> None:
    [part] = layout_parts(
        ("б" * 1500,),
        *presses("Отправить", "Изменить"),
        RenderedButton("!help", "Помощь", "control"),
    )
    assert part["type"] == "text"
    assert "1. Отправить\n2. Изменить\n\nМожно также написать: Помощь" in part["text"]["body"]


def test_whatsapp_long_text_keeps_its_buttons_when_numbers_are_answers() -> None:
    says = chat_at("family", applying="family").presses("add", "child").last_messages
    long = replace(says[-1], paragraphs=((verbatim("б" * 1500),), *says[-1].paragraphs))
    message = rendering.rendered(cast(Runtime, SimpleNamespace(languages=WORDS)), long)
    before, last = layout.parts(message, WORDS)
    assert before["text"]["body"].startswith("б" * 1000)
    assert last["interactive"]["action"]["sections"][0]["rows"][0]["title"] == "0–13 лет"


def test_whatsapp_list_follows_its_long_text_in_a_second_message() -> None:
    more = RenderedButton("1:>", "Ещё", "control")
    before, last = layout_parts(("б" * 1500, "Какая страна?"), *presses(*"abcdefgh"), more)
    assert before["text"]["body"] == "б" * 1500
    assert last["interactive"]["body"]["text"] == "Какая страна?\n\n3/9"


def test_whatsapp_long_text_is_split_without_losing_words() -> None:
    words = "сөз " * 2000
    found = layout_parts((words,))
    assert all(len(each["text"]["body"]) <= 4096 for each in found)
    joined = " ".join(each["text"]["body"] for each in found)
    assert joined.split() == [*words.split(), "3/9"]


@pytest.mark.parametrize(
    "press",
    [
        RenderedButton("1:" + "x" * 300, "a", "option"),
        RenderedButton("1:ә", "a", "option"),
        RenderedButton("1:a", "", "option"),
    ],
)
def test_whatsapp_layout_raises_does_not_fit_for_oversized_buttons(press: RenderedButton) -> None:
    with pytest.raises(DoesNotFit):
        layout_parts(("A",), press, *presses(*"bcd"))


def test_whatsapp_link_button_is_alone_and_other_labels_can_be_typed() -> None:
    link = RenderedButton("https://kosh.example/p/x", "Открыть страницу", "page")
    [part] = layout_parts(("A",), link, RenderedButton("!exit", "Закрыть и очистить", "exit"))
    parameters = part["interactive"]["action"]["parameters"]
    assert parameters == {"display_text": "Открыть страницу", "url": "https://kosh.example/p/x"}
    assert part["interactive"]["body"]["text"].endswith("Закрыть и очистить")


@pytest.mark.parametrize(
    ("language", "codes"),
    [
        ("kk", ["status/kk", "status/ru"]),
        ("kk_Arab", ["status_arab/kk", "status/kk", "status/ru"]),
        ("zh_Hans", ["status/zh_CN", "status/ru"]),
        ("uz_Cyrl", ["status_cyrl/uz", "status/uz", "status/ru"]),
        ("ru", ["status/ru"]),
        ("", ["status/ru"]),
    ],
)
def test_whatsapp_template_languages_fall_back_in_a_fixed_order(
    language: str, codes: list[str]
) -> None:
    found = layout.templates(Template("status"), language)
    templates = [each["template"] for each in found]
    assert [f"{each['name']}/{each['language']['code']}" for each in templates] == codes


# Calls to WhatsApp's emulator


@pytest.fixture
async def emulator() -> AsyncIterator[wa.Emulator]:
    async with wa.Emulator(limits=False, window_at_once=True) as emulator:
        yield emulator


@pytest.fixture
async def channel(emulator: wa.Emulator) -> AsyncIterator[WhatsApp]:
    async with aiohttp.ClientSession() as http:
        yield opened(http, emulator)


def opened(http: aiohttp.ClientSession, emulator: wa.Emulator, **more: str) -> WhatsApp:
    options = {"api": f"{emulator.url}/v26.0", "auth_header": "Authorization: Bearer"} | more
    return WhatsApp(
        http,
        WORDS,
        token=emulator.token,
        number_id=NUMBER_ID,
        api=options["api"],
        auth_header=options["auth_header"],
    )


MESSAGE = Message(("Сәлеметсіз бе",), presses("Иә", "Жоқ"), "kk")


async def test_whatsapp_message_carries_its_outbox_row_as_callback_data(
    emulator: wa.Emulator, channel: WhatsApp
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    wamid = await channel.send(ChannelCall("send", user.user_id, MESSAGE, row="77"))
    assert user.last.id == wamid
    assert (user.last.text, user.last.labels) == ("Сәлеметсіз бе", ["Иә", "Жоқ"])
    assert emulator.journal.sent(user.user_id)[0]["biz_opaque_callback_data"] == "77"
    assert await channel.send(ChannelCall("send", PHONE, MESSAGE))
    assert emulator.journal.mistakes() == []


@pytest.mark.requirement("S-88")
async def test_whatsapp_partial_send_resumes_after_the_sent_parts(
    emulator: wa.Emulator, channel: WhatsApp
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    act = ChannelCall(
        "send", user.user_id, Message(("Бірінші " * 500, "Екінші " * 90), (), "kk"), row="7.1"
    )
    emulator.fail(wa.Refused(131056), after=1)
    with pytest.raises(Throttled) as failed:
        await channel.send(act)
    assert failed.value.sent == 1
    await channel.send(replace(act, row="7.2", sent=1))
    first, second = emulator.journal.sent(user.user_id)
    assert first["biz_opaque_callback_data"] == "7.1/1/2"
    assert second["biz_opaque_callback_data"] == "7.2/2/2"
    assert "Екінші" in second["text"]["body"]


async def test_whatsapp_channel_supports_the_api_of_a_solution_provider() -> None:
    async with (
        wa.Emulator(dialect="provider", limits=False) as emulator,
        aiohttp.ClientSession() as http,
    ):
        channel = opened(http, emulator, api=emulator.url, auth_header="D360-API-KEY")
        user = emulator.user(PHONE)
        sent = await user.send_photo(b"\xff\xd8\xff" + bytes(2000))
        await channel.send(ChannelCall("send", user.user_id, MESSAGE))
        await channel.acknowledge(sent.id, typing=True)
        chunks = [chunk async for chunk in channel.fetch(sent.content["image"]["id"])]
        assert b"".join(chunks) == b"\xff\xd8\xff" + bytes(2000)
        assert user.last.text == "Сәлеметсіз бе"
        assert emulator.journal.mistakes() == []


async def test_whatsapp_acknowledge_marks_read_and_shows_typing(
    emulator: wa.Emulator, channel: WhatsApp
) -> None:
    user = emulator.user(PHONE)
    message = await user.say("Сәлем")
    await channel.acknowledge(message.id, typing=True)
    assert user.typing
    assert user.chat[0].status == "read"
    await channel.acknowledge("wamid.nobody", typing=True)


@pytest.mark.parametrize("code", sorted(set(FAULTS) & set(ERRORS)))
async def test_whatsapp_error_code_raises_its_exception_without_personal_data(
    emulator: wa.Emulator, channel: WhatsApp, code: int
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    emulator.fail(wa.Refused(code))
    with capture_logs() as logged, pytest.raises(SendError) as failed:
        await channel.send(ChannelCall("send", user.user_id, MESSAGE, row="77"))
    assert isinstance(failed.value, FAULTS[code].error)
    error_text = "".join(traceback.format_exception(failed.value)) + repr(logged)
    assert not any(
        secret in error_text for secret in (PHONE, user.user_id, emulator.token, "Сәлем")
    )


@pytest.mark.parametrize(
    ("code", "header", "delay", "wide"),
    [
        (130429, "90", 90, True),
        (131056, "90", 90, False),
        (131056, "soon", 6, False),
        (130429, "Fri, 01 Jan 2100 00:00:00 GMT", 3600, True),
        (130429, "Wed, 01 Jan 2020 00:00:00 GMT", 2, True),
    ],
)
async def test_whatsapp_retry_after_header_delays_what_the_code_limits(
    emulator: wa.Emulator, channel: WhatsApp, code: int, header: str, delay: float, wide: bool
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    emulator.fail(wa.Refused(code, retry_after=header))
    with pytest.raises(Throttled) as failed:
        await channel.send(ChannelCall("send", user.user_id, MESSAGE))
    assert (failed.value.delay, failed.value.wide) == (delay, wide)


@pytest.mark.parametrize("fault", [wa.Broken(502), wa.Cut()])
async def test_whatsapp_failed_or_lost_response_raises_unreachable(
    emulator: wa.Emulator, channel: WhatsApp, fault: Any
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    emulator.fail(fault)
    with pytest.raises(Unreachable) as failed:
        await channel.send(ChannelCall("send", user.user_id, MESSAGE))
    assert emulator.token not in "".join(traceback.format_exception(failed.value))


async def test_whatsapp_send_after_24_hours_without_a_message_needs_a_template(
    emulator: wa.Emulator, channel: WhatsApp
) -> None:
    user = emulator.user(PHONE)
    await user.say("Сәлем")
    emulator.advance(25 * 3600)
    with pytest.raises(WindowClosed):
        await channel.send(ChannelCall("send", user.user_id, MESSAGE))
    with pytest.raises(WindowClosed):
        await channel.send(ChannelCall("send", user.user_id, MESSAGE, closed=True))
    named = Message(("A",), (), "kk_Arab", template=Template("status", ("KS-1",), ("!status",)))
    with pytest.raises(NoTemplate):
        await channel.send(ChannelCall("send", user.user_id, named, closed=True))
    template = wa.Template("status", "kk", "Жаңалық бар: {{1}}", buttons=("Ашу",))
    emulator.add_templates(template)
    await channel.send(ChannelCall("send", user.user_id, named, closed=True))
    assert user.last.text == "Жаңалық бар: KS-1"
    assert user.last.buttons[0].data == "!status"


@pytest.mark.parametrize("kind", ["edit", "delete", "leave"])
async def test_whatsapp_edit_delete_and_leave_calls_are_rejected(
    channel: WhatsApp, kind: Any
) -> None:
    with pytest.raises(Refused):
        await channel.send(ChannelCall(kind, PHONE, MESSAGE, external_id="wamid.A"))


async def test_whatsapp_file_is_streamed_from_a_newly_requested_address(
    emulator: wa.Emulator, channel: WhatsApp
) -> None:
    user = emulator.user(PHONE)
    data = bytes(range(256)) * 1000
    ref = (await user.send_document(data)).content["document"]["id"]
    emulator.world.links.clear()
    chunks = [chunk async for chunk in channel.fetch(ref)]
    assert b"".join(chunks) == data
    assert len(chunks) > 1


async def test_whatsapp_expired_file_address_is_requested_once_more(
    emulator: wa.Emulator, channel: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = emulator.user(PHONE)
    ref = (await user.send_photo()).content["image"]["id"]
    requested = []
    located = channel._file_url

    async def expired(name: str) -> str:
        url = await located(name)
        requested.append(url)
        if len(requested) == 1:
            emulator.world.links.clear()
        return url

    monkeypatch.setattr(channel, "_file_url", expired)
    assert b"".join([chunk async for chunk in channel.fetch(ref)]).startswith(b"\xff\xd8")
    assert len(requested) == 2


@pytest.mark.parametrize("ref", ["12345", "../messages", "a b", ""])
async def test_whatsapp_missing_file_is_refused(channel: WhatsApp, ref: str) -> None:
    with pytest.raises(Refused), capture_logs() as logged:
        async for _chunk in channel.fetch(ref):
            pass
    assert logged == []


@pytest.mark.requirement("S-50")
async def test_whatsapp_token_is_sent_to_no_other_host(
    channel: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def elsewhere(_ref: str) -> str:
        return "http://127.0.0.1:9/file"

    monkeypatch.setattr(channel, "_file_url", elsewhere)
    with pytest.raises(Refused):
        async for _chunk in channel.fetch("1"):
            pass


async def test_whatsapp_oversized_file_is_refused_during_the_download(
    emulator: wa.Emulator, channel: WhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = emulator.user(PHONE)
    huge = (await user.send_document(size=101 << 20)).content["document"]["id"]
    with pytest.raises(DoesNotFit):
        async for _chunk in channel.fetch(huge):
            pass
    monkeypatch.setattr("bot.channels.whatsapp.client.MAX_FILE", 100_000)
    grown = (await user.send_document(bytes(300_000), size=1)).content["document"]["id"]
    with pytest.raises(DoesNotFit):
        async for _chunk in channel.fetch(grown):
            pass


def test_whatsapp_parse_accepts_a_message_of_the_current_time(channel: WhatsApp) -> None:
    raw = text(timestamp=str(int(time.time())))
    entries = [{"changes": [{"field": "messages", "value": metadata() | {"messages": [raw]}}]}]
    [arrival] = channel.parse(body(entries))
    assert isinstance(arrival, Inbound)
