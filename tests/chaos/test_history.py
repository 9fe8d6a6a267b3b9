"""Tests of the checks in `history`: a broken promise is reported by the count for this promise."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.chaos.command import EVIDENCE, judged_again
from tests.chaos.history import judged
from tests.chaos.ledger import Ledger, Registration, Row
from tests.chaos.people import InventedPerson
from tests.chaos.platform import Arrival, Call, Delivery, Entry
from tests.chaos.processes import Fault
from tests.chaos.report import FINDINGS_ZERO, Report
from tests.chaos.scenario import Evidence

PERSON = InventedPerson(0)
OTHER_PERSON = InventedPerson(1)
RECEIPT = "KS-2026-TEST-TEST"


def _keyboard(*sent: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": each, "callback_data": each}] for each in sent]}


def _text_arrival(update_id: int, text: str) -> list[Entry]:
    message = {"from": {"id": PERSON.chat}, "text": text}
    return [Arrival(update_id, {"update_id": update_id, "message": message}, 0), _taken(update_id)]


def _pressed(update_id: int, data: str, *offered: str, message_id: int = 1) -> list[Entry]:
    query = {"from": {"id": PERSON.chat}, "data": data}
    query["message"] = {"message_id": message_id, "reply_markup": _keyboard(data, *offered)}
    update = {"update_id": update_id, "callback_query": query}
    return [Arrival(update_id, update, 0), _taken(update_id)]


def _taken(update_id: int, at: float | None = None) -> Delivery:
    return Delivery(update_id, 1, 200, 10 * update_id if at is None else at)


def _replied(message: int, text: str, *buttons: str, at: float = 0) -> Call:
    params = {"chat_id": PERSON.chat, "text": text, "reply_markup": _keyboard(*buttons)}
    return Call("sendMessage", params, at, 200, message)


def _entry(number: str = RECEIPT, state: str = "ACCEPTED") -> dict[str, Any]:
    body = {"surname": PERSON.canary, "birth_year": PERSON.birth_year}
    return {"number": number, "state": state, "body": body, "writes": [{}]}


def _row(row_id: int, message: int, state: str = "sent") -> Row:
    return Row(row_id, "send", state, (message,), stale=False)


@dataclass
class History:
    """A person's history: a consent delivered twice, a submission, two messages to officers."""

    people: list[InventedPerson]
    entries: list[Entry]
    faults: list[Fault]
    ledger: Ledger

    def report(self) -> Report:
        return judged(self.people, self.entries, self.faults, self.ledger)

    @property
    def words(self) -> list[str]:
        return self.ledger.words[PERSON.chat]

    @property
    def rows(self) -> list[Row]:
        return self.ledger.rows[PERSON.chat]


REPLIES = [
    _replied(11, f"Review: {PERSON.canary}", "5:submit", at=1),
    _replied(12, "Your question?", "6:-", at=2),
    _replied(13, "It goes to an officer.", "!menu", at=3),
]


def _true() -> History:
    entries = [
        *_pressed(1, "4:yes", "4:refuse"),
        _taken(1),
        REPLIES[0],
        *_pressed(2, "5:submit"),
        REPLIES[1],
        *_text_arrival(3, PERSON.word(0)),
        REPLIES[2],
        *_text_arrival(4, PERSON.word(1)),
    ]
    ledger = Ledger(
        words={PERSON.chat: [PERSON.word(0), PERSON.word(1)]},
        rows={PERSON.chat: [_row(1, 11), _row(2, 12), _row(3, 13)]},
        registrations=[Registration(PERSON.chat, "accepted", RECEIPT)],
        entries=[_entry()],
    )
    return History([PERSON], entries, [], ledger)


def test_chaos_report_is_the_same_when_recomputed_from_its_file(tmp_path: Path) -> None:
    history = _true()
    _lose(history)
    seen = Evidence(history.people, history.entries, history.faults, history.ledger, 1.0, 0.0)
    (tmp_path / EVIDENCE).write_bytes(msgspec.json.encode(seen))
    assert vars(judged_again(tmp_path)) == vars(history.report())


def test_chaos_history_without_faults_reports_no_violation() -> None:
    report = _true().report()
    assert report.red() == []
    assert (report.acknowledged, report.redelivered) == (4, 1)
    assert (report.replies, report.registered) == (3, 1)


def _lose(history: History) -> None:
    history.words.pop()


def _double(history: History) -> None:
    history.words.append(PERSON.word(1))


def _swap(history: History) -> None:
    history.words.reverse()


def _leave_unanswered(history: History) -> None:
    history.rows.pop()
    history.entries.remove(REPLIES[2])


def _answer_twice(history: History) -> None:
    history.rows.append(_row(4, 14))
    history.entries.append(_replied(14, "It goes to an officer.", "!menu"))


def _end_early(history: History) -> None:
    history.people.append(OTHER_PERSON)


def _say_again(history: History) -> None:
    history.entries.insert(history.entries.index(REPLIES[1]), replaced(REPLIES[1], sent=99, at=1.5))


def _swap_replies(history: History) -> None:
    history.rows[:2] = [_row(1, 12), _row(2, 11)]


def _leave_pending(history: History) -> None:
    history.rows[2] = _row(3, 13, "pending")


def _only_pretend(history: History) -> None:
    history.entries.remove(REPLIES[2])


def _send_without_cause(history: History) -> None:
    history.entries.append(_replied(99, "Who wrote this?"))


def _send_to_other_person(history: History) -> None:
    at = history.entries.index(REPLIES[0])
    history.entries[at] = replaced(REPLIES[0], text=f"Review: {OTHER_PERSON.canary}")


def _register_twice(history: History) -> None:
    history.ledger.entries.append(_entry("KS-2026-TEST-MORE"))


def _register_nobody(history: History) -> None:
    history.ledger.entries.clear()


def _leave_undecided(history: History) -> None:
    history.ledger.entries[0] = _entry(state="RECEIVED")


def _found(name: str) -> Callable[[History], None]:
    def breaks(history: History) -> None:
        history.ledger = replace(history.ledger, findings={name: 1})

    return breaks


def _say_again_while_told_to_end(history: History) -> None:
    _say_again(history)
    history.faults.append(Fault("F2", "web 1", 1.4, 1.7, doubts=0))


def replaced(call: Call, text: str = "", sent: int | None = None, at: float | None = None) -> Call:
    """Return a copy of a call with some fields changed."""
    params = call.params | ({"text": text} if text else {})
    return Call(call.method, params, at or call.at, call.status, sent or call.sent)


@pytest.mark.parametrize(
    ("breaks", "name"),
    [
        (_lose, "lost"),
        (_double, "doubled"),
        (_swap, "out_of_order"),
        (_leave_unanswered, "unanswered"),
        (_answer_twice, "answered_twice"),
        (_end_early, "unfinished"),
        (_say_again, "replies_doubled_without_a_crash"),
        (_say_again, "replies_doubled"),
        (_swap_replies, "replies_out_of_order"),
        (_leave_pending, "replies_never_sent"),
        (_only_pretend, "replies_never_sent"),
        (_send_without_cause, "replies_without_a_row"),
        (_send_to_other_person, "foreign_names"),
        (_register_twice, "second_registrations"),
        (_register_nobody, "missing_registrations"),
        (_leave_undecided, "wrong_registrations"),
        (_say_again_while_told_to_end, "replies_doubled_without_a_crash"),
        *((_found(name), name) for name in FINDINGS_ZERO),
    ],
)
@pytest.mark.requirement("S-80")
def test_chaos_history_reports_each_violation(breaks: Callable[[History], None], name: str) -> None:
    history = _true()
    breaks(history)
    assert name in history.report().red()


def test_chaos_history_accepts_answers_to_updates_handled_after_consent() -> None:
    history = _true()
    junk, taken = _text_arrival(9, "?")
    history.entries.insert(0, junk)
    history.entries.insert(history.entries.index(REPLIES[0]) + 1, taken)
    history.entries.insert(history.entries.index(REPLIES[1]), _replied(19, "Again?", "5:-", at=1.5))
    history.rows[1:1] = [_row(2, 19)]
    history.rows[2:] = [_row(3, 12), _row(4, 13)]
    assert history.report().red() == []
    history.entries.remove(taken)
    history.entries.insert(1, taken)
    assert history.report().red() == ["answered_twice"]


def test_chaos_history_accepts_a_delayed_reply_from_before_consent() -> None:
    history = _true()
    carried = _replied(10, "May we keep your words?", "4:yes", "4:refuse", at=0.5)
    history.entries.insert(history.entries.index(REPLIES[0]), carried)
    history.rows.insert(0, _row(0, 10))
    assert history.report().red() == []
    history.entries.remove(carried)
    history.entries.insert(history.entries.index(REPLIES[1]), replaced(carried, at=1.5))
    history.rows[:2] = [_row(0, 11), _row(1, 10)]
    assert history.report().red() == ["answered_twice"]


def test_chaos_history_ignores_a_consent_lost_in_a_cache_flush() -> None:
    history = _true()
    history.entries[:0] = _pressed(8, "4:yes", "4:refuse", message_id=9)
    assert history.report().red() == []


def test_chaos_history_accepts_a_duplicate_reply_after_a_crash() -> None:
    history = _true()
    _say_again(history)
    history.faults.append(Fault("F1", "web 1", 1.7, 1.7))
    report = history.report()
    assert report.red() == []
    assert report.replies_doubled == 1
    assert report.replies_doubled_by_lost_responses == 0


def test_chaos_history_counts_duplicates_after_lost_responses_separately() -> None:
    history = _true()
    _say_again(history)
    history.faults.append(Fault("F11", "cut", 0.0, 9.0))
    report = history.report()
    assert report.red() == []
    assert report.replies_doubled_by_lost_responses == 1


def test_chaos_history_accepts_a_dropped_reply_whose_outcome_is_unknown() -> None:
    history = _true()
    history.rows[1] = Row(2, "send", "dropped", (), stale=True)
    assert history.report().red() == []


@pytest.mark.parametrize(("seconds", "wrong"), [(0.5, []), (5.0, ["unanswered"])])
def test_chaos_history_accepts_one_reply_to_updates_of_the_same_second(
    seconds: float, wrong: list[str]
) -> None:
    history = _true()
    arrival, _delivery = _text_arrival(9, "?")
    history.entries += [arrival, _taken(9, 20 + seconds)]
    assert history.report().red() == wrong


@pytest.mark.parametrize(("seconds", "wrong"), [(0.5, []), (5.0, ["replies_never_sent"])])
def test_chaos_history_accepts_a_missing_reply_only_within_a_burst(
    seconds: float, wrong: list[str]
) -> None:
    history = _true()
    arrival, _delivery = _text_arrival(9, "?")
    history.entries += [arrival, _taken(9, 20 + seconds)]
    history.rows.append(Row(4, "send", "dropped", (), stale=False))
    report = history.report()
    assert report.red() == wrong
    assert report.dropped == (not wrong)
