"""Checks of the promises P1 to P4 (docs/explanation/promises.md) on the history of a run.

The checks use only what is visible from outside. Each person's events form a separate sequence, so
every check is one pass over that person's events. A word means a text message to an officer. The
outbox is Kosh's table of replies to send.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from bot.i18n import Languages
from flows.engine import screens
from tests.chaos.bursts import count_close
from tests.chaos.ledger import Ledger, Row
from tests.chaos.people import LANGUAGE, WORD, InventedPerson
from tests.chaos.platform import SENDS, Arrival, Call, Delivery, Entry, keys, sender
from tests.chaos.processes import Fault
from tests.chaos.report import Report

CANARY = re.compile("TESTOVA[A-Z]{4}")
NOTICE = "!status"
# File name of a voice message in a case, and the text for a person whose voice message cannot be
# opened.
RECORDING = "voice.ogg"
UNOPENED = Languages((LANGUAGE,)).render(screens.RECORDING_BROKEN, LANGUAGE).partition(",")[0]
# Seconds after a kill during which the platform may still execute a call of the killed process.
CARRIED_OUT_LATE = 1.0
# The fault in which the Bot API executes a call but its answer is lost: the client repeats the
# call.
ANSWER_LOST = "F11"
# Faults that are shutdowns and deployments. Processes reject updates during these, and the platform
# delivers them again; the report counts how many.
SHUTDOWNS = ("F2", "F18", "F25")


@dataclass
class PersonRecord:
    """The platform's record of one person; each entry has its index in the journal."""

    person: InventedPerson
    arrivals: list[tuple[int, Arrival]] = field(default_factory=list)
    calls: list[tuple[int, Call]] = field(default_factory=list)
    close: int = 0
    """Number of updates that may share the answer to an earlier one (see `bursts`)."""


def judged(
    people: Iterable[InventedPerson],
    entries: Sequence[Entry],
    faults: Sequence[Fault],
    ledger: Ledger,
) -> Report:
    """Check the promises in the history of a run, person by person, and return the report."""
    report = Report(
        faults=Counter(fault.kind for fault in faults),
        faults_with_unknown_outcome=sum(fault.doubts for fault in faults),
        findings=dict(ledger.findings),
    )
    taken = _count_updates(report, entries, faults)
    for record in _person_records(people, entries):
        before = report.wrong()
        own = ledger.rows.get(record.person.chat, [])
        words = ledger.words.get(record.person.chat, [])
        record.close = _close(record, taken, entries)
        _judge_words(report, record, taken, words)
        sent = _judge_replies(report, record, own, faults)
        _judge_answers(report, record, taken, own, sent, relayed=len(words[1:]))
        _judge_anonymous(report, record)
        report.submitted += _submitted(record, taken)
        _judge_registration(report, record, taken, ledger)
        report.note(record.person.chat, before)
    _judge_registry(report, ledger)
    return report


type Taken = dict[int, int]
"""Index in the journal of the first 2xx response to each accepted update, by update id."""


def _count_updates(report: Report, entries: Sequence[Entry], faults: Sequence[Fault]) -> Taken:
    """Count a person's updates and their deliveries; return the accepted updates."""
    deliveries = [each for each in entries if isinstance(each, Delivery)]
    taken: Taken = {}
    for place, each in enumerate(entries):
        if isinstance(each, Delivery) and each.acknowledged:
            taken.setdefault(each.update_id, place)
    attempts = Counter((each.update_id, each.attempt) for each in deliveries)
    report.sent = sum(isinstance(each, Arrival) for each in entries)
    report.acknowledged = len(taken)
    ends = [(each.at, each.until) for each in faults if each.kind in SHUTDOWNS]
    report.deferred_by_shutdowns = sum(
        not each.acknowledged and any(start < each.at < over for start, over in ends)
        for each in deliveries
    )
    report.expired = sum(each.attempt < 0 for each in deliveries)
    report.redelivered = len({update for (update, _try), times in attempts.items() if times > 1})
    return taken


def _person_records(
    people: Iterable[InventedPerson], entries: Sequence[Entry]
) -> list[PersonRecord]:
    records = {person.chat: PersonRecord(person) for person in people}
    for place, entry in enumerate(entries):
        match entry:
            case Arrival(update=update):
                records[sender(update)].arrivals.append((place, entry))
            case Call(method, params) if method in SENDS:
                records[params["chat_id"]].calls.append((place, entry))
            case _:
                pass
    return list(records.values())


# Promises P1 and P3: no accepted update is lost or applied twice, and order is kept.


def _judge_words(report: Report, record: PersonRecord, taken: Taken, found: list[str]) -> None:
    """Check that each message to an officer is stored once in a case, in the order of sending."""
    texts = [(each, text) for _place, each in record.arrivals if (text := _word(each))]
    required = Counter(text for each, text in texts if each.update_id in taken)
    allowed = Counter(text for _each, text in texts)
    allowed[RECORDING] = sum(
        "voice" in each.update.get("message", {}) for _, each in record.arrivals
    )
    stored = Counter(found)
    report.lost += (required - stored).total()
    report.doubled += (stored - allowed).total()
    numbers = [int(match[1]) for text in found if (match := WORD.fullmatch(text))]
    report.out_of_order += sum(later < earlier for earlier, later in pairwise(numbers))
    report.unfinished += not texts


def _word(arrival: Arrival) -> str:
    text = arrival.update.get("message", {}).get("text", "")
    return text if WORD.fullmatch(text) else ""


def _judge_answers(
    report: Report,
    record: PersonRecord,
    taken: Taken,
    rows: list[Row],
    sent: list[tuple[int, Call]],
    relayed: int,
) -> None:
    """Check that every update since consent has one answer, or was forwarded to an officer.

    The first message to an officer opens the case and is answered; later ones are forwarded without
    an answer. An update sent just before consent may be accepted just after it, because the
    platform delivers button presses and messages in different queues, and repeats each until it is
    accepted.
    """
    consent, updates = _known(record, sent[0][0] if sent else None)
    late = [
        each for place, each in record.arrivals if place < consent < taken.get(each.update_id, 0)
    ]
    notices = sum(_is_extra(call) for _place, call in sent) + _count_carried(sent)
    answers = [row for row in rows if row.act != "delete"]
    dropped = sum(row.state == "dropped" for row in answers)
    effects = len(answers) - dropped - notices + relayed
    accepted = sum(each.update_id in taken for each in updates)
    report.unanswered += max(0, accepted - effects - dropped - record.close)
    report.answered_twice += max(0, effects - len(updates) - len(late))


def _is_extra(call: Call) -> bool:
    """Return True for a message that is not the answer to an update.

    Other messages are the registry's notice, the officers' hours (without a button), topics offered
    above a question, and the notice that a recording could not be opened.
    """
    shown = _keys(call)
    is_topic = any(each.startswith("?") for each in shown)
    return not shown or NOTICE in shown or is_topic or call.params["text"].startswith(UNOPENED)


def _count_carried(sent: list[tuple[int, Call]]) -> int:
    """Return the number of answers from before consent that the outbox sent after it.

    The platform did not confirm these answers, so consent moved them to the outbox. The answers are
    the first messages after consent and have the buttons of the consent question.
    """
    return sum(1 for _ in takewhile(lambda each: "refuse" in _keys(each[1]), sent))


def _close(record: PersonRecord, taken: Taken, entries: Sequence[Entry]) -> int:
    arrived = [each for _place, each in record.arrivals if each.update_id in taken]
    return count_close((entries[taken[each.update_id]].at, bool(_word(each))) for each in arrived)


def _known(record: PersonRecord, first_reply: int | None) -> tuple[int, list[Arrival]]:
    """Return the journal's index of the consent, and the person's updates since then.

    The consent is the last one before the first reply. Return 0 and no updates if there is none.
    """
    if first_reply is None:
        return 0, []
    consents = [
        arrival
        for place, arrival in record.arrivals
        if place < first_reply and "refuse" in _offered(arrival) and _pressed(arrival) == "yes"
    ]
    if not consents:
        return 0, []
    given = _press(consents[-1])
    since = next(place for place, arrival in record.arrivals if _press(arrival) == given)
    return since, [arrival for place, arrival in record.arrivals if place >= since]


def _data(arrival: Arrival) -> str:
    return str(arrival.update.get("callback_query", {}).get("data", ""))


def _press(arrival: Arrival) -> tuple[int, str]:
    """Return message id and payload of the pressed button.

    The payload alone is ambiguous, since the question numbers in it restart with Valkey.
    """
    message = arrival.update.get("callback_query", {}).get("message", {})
    return message.get("message_id", 0), _data(arrival)


def _pressed(arrival: Arrival) -> str:
    return _data(arrival).partition(":")[2]


def _offered(arrival: Arrival) -> dict[str, str]:
    return keys(arrival.update.get("callback_query", {}).get("message", {}).get("reply_markup"))


# Promise P4: every reply is delivered, in order, and twice only across a crash.


def _judge_replies(
    report: Report, record: PersonRecord, rows: list[Row], faults: Sequence[Fault]
) -> list[tuple[int, Call]]:
    """Match the bot's calls with rows of the outbox; return the calls that have a row, in order."""
    matches = _matches(record, rows)
    dropped = _judge_states(report, record, rows, {row.id for row in matches.values()})
    order = [matches[place].id for place, _call in record.calls if place in matches]
    report.replies += len(order)
    report.replies_out_of_order += sum(later < earlier for earlier, later in pairwise(order))
    _judge_doubles(report, record, matches, faults, dropped)
    return [(place, call) for place, call in record.calls if place in matches]


def _judge_states(report: Report, record: PersonRecord, rows: list[Row], seen: set[int]) -> int:
    """Count rows of the outbox that were never sent; return how many a takeover dropped.

    A row must have the state `sent` and be seen on the platform, unless it was dropped: because an
    officer took the conversation over, or because the person sent another text message.
    """
    dropped = sum(row.state == "dropped" and row.stale for row in rows)
    taken_back = sum(row.state == "dropped" and not row.stale for row in rows)
    taken_back = min(taken_back, record.close)
    arrived = [
        row for row in rows if row.state == "sent" and (row.act == "delete" or row.id in seen)
    ]
    report.dropped += dropped + taken_back
    report.replies_never_sent += len(rows) - dropped - taken_back - len(arrived)
    return dropped


def _matches(record: PersonRecord, rows: list[Row]) -> dict[int, Row]:
    """Return, by a call's index, the row of the outbox that the call carried out.

    Calls are matched from the end, since a message may have been edited several times.
    """
    rows_by_message = {
        message: row for row in rows if row.act == "send" for message in row.messages
    }
    edits = defaultdict[int, list[Row]](list)
    for row in rows:
        for message in row.messages if row.act == "edit" else ():
            edits[message].append(row)
    matches = {}
    for place, call in reversed(_carried_out(record)):
        edited = edits[call.params.get("message_id", 0)]
        if call.sent in rows_by_message:
            matches[place] = rows_by_message[call.sent]
        elif edited:
            matches[place] = edited.pop()
    return matches


def _carried_out(record: PersonRecord) -> list[tuple[int, Call]]:
    return [(place, call) for place, call in record.calls if call.status == 200]


def _judge_doubles(
    report: Report,
    record: PersonRecord,
    matches: dict[int, Row],
    faults: Sequence[Fault],
    dropped: int,
) -> None:
    """Count the messages that came twice, and those without a row in the outbox.

    A message without a row counts as an earlier attempt of the next equal message. Otherwise its
    row may have been dropped, because a crash hid the outcome until an officer took over.
    """
    doubts: list[Call] = []
    rowless = 0
    for place, call in _since_consent(record, matches):
        doubts.append(call)
        if place in matches:
            tries = [each for each in doubts if _payload(each) == _payload(call)]
            report.replies_doubled += len(tries) - 1
            rowless += len(doubts) - len(tries)
            report.replies_doubled_by_lost_responses += sum(
                _unanswered(faults, earlier) for earlier in tries[:-1]
            )
            report.replies_doubled_without_a_crash += sum(
                not _in_doubt(faults, earlier, later) for earlier, later in pairwise(tries)
            )
            doubts = []
    report.replies_without_a_row += max(0, rowless + len(doubts) - dropped)


def _since_consent(record: PersonRecord, matches: dict[int, Row]) -> list[tuple[int, Call]]:
    """Return a person's messages since consent: P4 promises nothing about earlier messages."""
    calls = _carried_out(record)
    first = next((call for place, call in calls if place in matches), None)
    begins = (
        at for at, (_, call) in enumerate(calls) if first and _payload(call) == _payload(first)
    )
    return calls[next(begins, len(calls)) :]


def _in_doubt(faults: Sequence[Fault], earlier: Call, later: Call) -> bool:
    return any(
        fault.doubts and earlier.at - CARRIED_OUT_LATE < fault.until and fault.at < later.at
        for fault in faults
    )


def _unanswered(faults: Sequence[Fault], call: Call) -> bool:
    return any(
        fault.kind == ANSWER_LOST and fault.doubts and fault.at <= call.at <= fault.until
        for fault in faults
    )


def _payload(call: Call) -> tuple[str, Any]:
    return call.params["text"], call.params.get("reply_markup")


def _keys(call: Call) -> dict[str, str]:
    return keys(call.params.get("reply_markup"))


def _judge_anonymous(report: Report, record: PersonRecord) -> None:
    """Check that no message contains the name of another person."""
    for _place, call in record.calls:
        report.foreign_names += bool(
            set(CANARY.findall(call.params["text"])) - {record.person.canary}
        )


# Promise P2: one submission is one registration.


def _submitted(record: PersonRecord, taken: Taken) -> bool:
    return any(
        _pressed(each) == "submit" and each.update_id in taken for _place, each in record.arrivals
    )


def _judge_registration(report: Report, record: PersonRecord, taken: Taken, ledger: Ledger) -> None:
    """Check that the registry has one correct registration if the person submitted, else none."""
    person = record.person
    own_entries = [
        each for each in ledger.entries if (each["body"] or {}).get("surname") == person.canary
    ]
    wanted = int(_submitted(record, taken))
    report.second_registrations += max(0, len(own_entries) - wanted)
    report.missing_registrations += max(0, wanted - len(own_entries))
    for entry in own_entries:
        wrong = entry["state"] != "ACCEPTED" or entry["body"]["birth_year"] != person.birth_year
        report.wrong_registrations += wrong or len(entry["writes"]) != 1
    known = [(each.number, each.state) for each in ledger.registrations if each.chat == person.chat]
    report.wrong_registrations += known != [(each["number"], "accepted") for each in own_entries]


def _judge_registry(report: Report, ledger: Ledger) -> None:
    """Check that the registry and Kosh have the same registrations."""
    report.registered = len(ledger.entries)
    numbers = Counter(each.number for each in ledger.registrations)
    report.second_registrations += len(ledger.entries) - len({e["number"] for e in ledger.entries})
    report.wrong_registrations += numbers != Counter(e["number"] for e in ledger.entries)
