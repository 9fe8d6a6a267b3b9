"""Tests of the independent chaos test's judge: GREEN for a good run, RED for a broken promise."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.independent.evidence import Evidence
from tests.chaos.independent.judge import RULES, judge

SURNAME, GIVEN, NUMBER = "ZZTESTOVA", "QQGULNAR", "KS-2026-AAAA-BBBB"
REPLIES = {
    "surname": ["Given name?"],
    "review": ["Stored."],
    "status": ["Accepted: {number}"],
    "erase": ["Deleted."],
}


def _entries() -> list[dict[str, Any]]:
    """Return the ledger of one person who registers and then deletes their data."""
    entries: list[dict[str, Any]] = [
        {"kind": "born", "life": 1, "chat": 7, "surname": SURNAME, "given": GIVEN},
        {"kind": "known", "life": 1, "chat": 7},
    ]
    texts = ("Given name?", "Stored.", f"Accepted: {NUMBER}", "Deleted.")
    for update, (label, text) in enumerate(zip(REPLIES, texts, strict=True)):
        entries += [
            {"kind": "act", "life": 1, "label": label, "known": True, "updates": [update]},
            {"kind": "post", "update": update, "status": 200, "lost": False},
            {"kind": "call", "chat": 7, "method": "sendMessage", "text": text, "status": 200,
             "fault": ""},
        ]  # fmt: skip
    body = {"surname": SURNAME}
    entries += [
        {"kind": "registry", "method": "POST", "path": "/v1/pre-registrations", "key": "k1",
         "body": json.dumps(body), "fault": ""},
        {"kind": "erased", "life": 1, "chat": 7},
        {"kind": "deployed", "process": "web1", "status": 0},
        {"kind": "fault", "fault": "kill valkey"},
    ]  # fmt: skip
    return [{"n": n, "at": float(n * 10), **entry} for n, entry in enumerate(entries)]


def _good() -> Evidence:
    entry = {"number": NUMBER, "key": "k1", "state": "WITHDRAWN", "body": None}
    return Evidence(_entries(), copy.deepcopy(REPLIES), [entry], {"messages": 0})


def _calls(evidence: Evidence) -> list[dict[str, Any]]:
    return [entry for entry in evidence.ledger if entry["kind"] == "call"]


def _drop_reply(evidence: Evidence) -> None:
    evidence.ledger.remove(_calls(evidence)[1])


def _swap_replies(evidence: Evidence) -> None:
    first, second = _calls(evidence)[:2]
    first["text"], second["text"] = second["text"], first["text"]


def _double_reply(evidence: Evidence) -> None:
    reply = _calls(evidence)[1]
    evidence.ledger.insert(evidence.ledger.index(reply) + 1, {**reply, "at": reply["at"] + 1})


def _refuse_update(evidence: Evidence) -> None:
    next(each for each in evidence.ledger if each["kind"] == "post")["status"] = 503


def _lose_registration(evidence: Evidence) -> None:
    evidence.registered.clear()


def _double_registration(evidence: Evidence) -> None:
    evidence.registered.append(evidence.registered[0] | {"number": "KS-2026-CCCC-DDDD"})


def _invent_registration(evidence: Evidence) -> None:
    evidence.registered.append({"number": "KS", "key": "k9", "state": "RECEIVED", "body": None})


def _alter_answers(evidence: Evidence) -> None:
    body = {"surname": GIVEN, "given_name": GIVEN, "birth_year": 1990}
    evidence.registered[0]["body"] = body


def _show_other_number(evidence: Evidence) -> None:
    _calls(evidence)[2]["text"] = "Accepted: KS-2026-XXXX-YYYY"


def _keep_person(evidence: Evidence) -> None:
    evidence.people.add("00000000-0000-0000-0000-000000000001")


def _leave_trace(evidence: Evidence) -> None:
    evidence.traces.append(("web1.log", SURNAME))


def _leave_work(evidence: Evidence) -> None:
    evidence.queues["messages"] = 1


def _end_late(evidence: Evidence) -> None:
    next(each for each in evidence.ledger if each["kind"] == "deployed")["status"] = None


def _call_wrongly(evidence: Evidence) -> None:
    evidence.mistakes.append("sendMessage: EMULATOR: null given")


def _inject_nothing(evidence: Evidence) -> None:
    evidence.ledger.pop()


BROKEN: list[tuple[str, Callable[[Evidence], None]]] = [
    ("answered", _drop_reply),
    ("order", _swap_replies),
    ("doubled", _double_reply),
    ("accepted", _refuse_update),
    ("registered", _lose_registration),
    ("registered", _double_registration),
    ("registered", _invent_registration),
    ("registered", _alter_answers),
    ("receipt", _show_other_number),
    ("people", _keep_person),
    ("traces", _leave_trace),
    ("withdrawn", _alter_answers),
    ("drained", _leave_work),
    ("deployed", _end_late),
    ("format", _call_wrongly),
    ("enough", _inject_nothing),
]


def test_chaos_report_is_empty_for_a_run_without_violations() -> None:
    assert judge(_good()) == {name: [] for name in RULES}


@pytest.mark.parametrize(
    ("rule", "damage"), BROKEN, ids=lambda each: getattr(each, "__name__", each)
)
def test_chaos_report_lists_each_broken_promise(
    rule: str, damage: Callable[[Evidence], None]
) -> None:
    evidence = _good()
    damage(evidence)
    assert judge(evidence)[rule]


def test_chaos_report_has_a_test_for_each_rule() -> None:
    assert {rule for rule, _damage in BROKEN} == RULES.keys()


@pytest.mark.parametrize("kind", ["kill web", "kill worker", "kill postgres"])
def test_chaos_report_allows_a_second_reply_near_a_process_kill(kind: str) -> None:
    evidence = _good()
    _double_reply(evidence)
    at = _calls(evidence)[1]["at"] + 0.5
    evidence.ledger.append({"kind": "fault", "n": 99, "at": at, "fault": kind})
    assert judge(evidence)["doubled"] == []


def test_chaos_report_allows_a_second_reply_when_a_response_was_lost() -> None:
    evidence = _good()
    _double_reply(evidence)
    _calls(evidence)[1]["fault"] = "cut-after"
    assert judge(evidence)["doubled"] == []


def test_chaos_report_allows_no_second_reply_near_a_cache_kill() -> None:
    evidence = _good()
    _double_reply(evidence)
    at = _calls(evidence)[1]["at"] + 0.5
    evidence.ledger.append({"kind": "fault", "n": 99, "at": at, "fault": "kill valkey"})
    assert judge(evidence)["doubled"]
