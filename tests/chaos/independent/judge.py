"""Judge a run from outside: rules check promises (docs/explanation/promises.md) in its evidence.

| rule | promise | what must be true |
|---|---|---|
| answered | P1, P4 | each act of a person after consent has its reply |
| order | P3 | the replies of a person have the order of the acts |
| doubled | P4 | a reply comes twice only around a broken process, connection or answer |
| accepted | P1 | every update is acknowledged once the faults are over |
| registered | P2 | each submission is exactly one entry, with the answers as typed |
| receipt | P2 | the number in the chat is the number in the registry |
| people | P6, P7 | the product knows those who consented and did not delete, and no others |
| traces | P7 | no names, words, accounts or ids of deleted people in plain text |
| withdrawn | P7 | the registry has no answers of a person who deleted their data |
| drained | P1, P4 | no queue holds unfinished, failed or quarantined work |
| deployed | P1 | a process that is asked to end does so in time |
| format | P9 | the strict emulator of Telegram found no mistake |
| enough | all | people registered and deleted their data while faults happened |
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.independent.evidence import Evidence
from tests.chaos.independent.ledger import Entry

NEWS = "Есть новость"
NUMBER = re.compile(r"KS-\d{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
REPLIES = ("sendMessage", "editMessageText")
LOST = ("502-after", "cut-after")
# Faults after which P4 allows a second copy: a process dies, or its connection breaks.
BREAKING = ("kill web", "kill worker", "kill postgres", "stop postgres")
# A process that was killed may have sent a reply this long before the kill was noted.
MARGIN_SECONDS = 1.0
# Queues that are not counted: a sweep repeats the work of a failed job, which is counted as
# unfinished work in another queue.
REDONE = ("failed_jobs",)

type Rule = Callable[["EvidenceByPerson"], Iterator[str]]


@dataclass
class Person:
    """The acts and the replies of one person."""

    life: Entry
    known: bool = False
    erased: bool = False
    acts: list[Entry] = field(default_factory=list)
    replies: list[Entry] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name by which a finding mentions the person."""
        return f"person {self.life['life']}"

    def plain(self, text: str) -> str:
        """Return a text with placeholders for the person's names and for registration numbers."""
        text = text.replace(self.life["surname"], "{surname}")
        return NUMBER.sub("{number}", text.replace(self.life["given"], "{given}"))


@dataclass
class ReplyComparison:
    """The comparison of the replies that a person got with the expected ones."""

    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    # Pairs of equal replies: the first copy and the second copy.
    doubled: list[tuple[Entry, Entry]] = field(default_factory=list)


@dataclass
class EvidenceByPerson:
    """The evidence of a run, grouped by person: each person's acts and the replies to them."""

    evidence: Evidence
    people: list[Person] = field(default_factory=list)
    walks: dict[int, ReplyComparison] = field(default_factory=dict)

    def __post_init__(self) -> None:
        by_life, by_chat = dict[int, Person](), dict[int, Person]()
        for entry in self.evidence.ledger:
            match entry["kind"]:
                case "born":
                    person = by_life[entry["life"]] = by_chat[entry["chat"]] = Person(entry)
                case "known":
                    by_life[entry["life"]].known = True
                case "act" if entry["known"]:
                    by_life[entry["life"]].acts.append(entry)
                case "call" if entry["chat"] in by_chat and _is_reply(entry):
                    by_chat[entry["chat"]].replies.append(entry)
                case "erased":
                    by_life[entry["life"]].erased = True
        self.people = [person for person in by_life.values() if person.known]
        for person in self.people:
            self.walks[person.life["life"]] = walk(person, self.evidence.replies)

    def of(self, kind: str) -> list[Entry]:
        """Return the ledger's entries of one kind."""
        return [entry for entry in self.evidence.ledger if entry["kind"] == kind]


def _is_reply(entry: Entry) -> bool:
    done = entry["status"] == 200 and entry["method"] in REPLIES
    return done and NEWS not in entry["text"]


def walk(person: Person, replies: dict[str, list[str]]) -> ReplyComparison:
    """Compare the replies after consent with the expected ones, which the acts determine."""
    found = ReplyComparison()
    expected = [(act["label"], text) for act in person.acts for text in replies[act["label"]]]
    since = person.acts[0]["n"] if person.acts else 0
    place, equal = 0, [each for each in person.replies if each["n"] < since][-1:]
    for reply in (each for each in person.replies if each["n"] > since):
        text = person.plain(reply["text"])
        if place < len(expected) and _same(expected[place], text):
            place = place + 1
            equal = [*equal, reply] if equal and text == person.plain(equal[0]["text"]) else [reply]
        elif person.erased and reply["n"] > person.acts[-1]["n"]:
            # After a person's deletion, a late copy of their update counts as a new person's, who
            # has not consented, so no promise covers the reply.
            continue
        elif equal and text == person.plain(equal[0]["text"]):
            # Two acts may have equal replies. Therefore any of the equal replies may be the first
            # copy.
            first = next((each for each in equal if each["fault"] in LOST), equal[0])
            found.doubled.append((first, reply))
            equal = [*(each for each in equal if each is not first), reply]
        else:
            found.unexpected.append(text[:60])
    found.missing = [label for label, _text in expected[place:]]
    return found


def _same(expected: tuple[str, str], text: str) -> bool:
    """Return True if `text` is the expected reply.

    The reply to `status` changes with time, so any text with a registration number is accepted.
    """
    label, wanted = expected
    return text == wanted or (label == "status" and "{number}" in text)


def answered(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the acts of people with consent that got no reply."""
    for person in by_person.people:
        if missing := by_person.walks[person.life["life"]].missing:
            yield f"{person.name}: no reply to {', '.join(missing)}"


def order(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the replies that do not follow from the person's acts, or came in a wrong order."""
    for person in by_person.people:
        if unexpected := by_person.walks[person.life["life"]].unexpected:
            yield f"{person.name}: unexpected or out of order: {unexpected}"


def doubled(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the replies that came twice although no fault explains the second copy."""
    breaks = [e["at"] for e in by_person.of("fault") if e["fault"] in BREAKING]
    for person in by_person.people:
        for first, second in by_person.walks[person.life["life"]].doubled:
            excused = first["fault"] in LOST or any(
                first["at"] - MARGIN_SECONDS <= at <= second["at"] for at in breaks
            )
            if not excused:
                yield f"{person.name}: twice at {first['at']} and {second['at']} s without a fault"


def accepted(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the acts of people with an update that the product never acknowledged."""
    good = {e["update"] for e in by_person.of("post") if e["status"] == 200 and not e["lost"]}
    for person in by_person.people:
        for act in person.acts:
            if late := [each for each in act["updates"] if each not in good]:
                yield f"{person.name}: {act['label']} was never acknowledged ({late})"


def submitted(by_person: EvidenceByPerson) -> dict[str, list[Entry]]:
    """Return the registry's entries by surname, which is read from the recorded submissions."""
    surname = dict[str, str]()
    for entry in by_person.of("registry"):
        if entry["method"] == "POST" and entry["path"] == "/v1/pre-registrations":
            surname[entry["key"]] = json.loads(entry["body"])["surname"]
    found = defaultdict[str, list[Entry]](list)
    for entry in by_person.evidence.registered:
        found[surname.get(entry["key"], "nobody's")].append(entry)
    return found


def registered(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield registrations that are missing, repeated, altered, or without a submission."""
    entries = submitted(by_person)
    for person in by_person.people:
        own_entries = entries.pop(person.life["surname"], [])
        sent = any(act["label"] == "review" for act in person.acts)
        if len(own_entries) != int(sent):
            yield f"{person.name}: {len(own_entries)} registrations, expected {int(sent)}"
        for body in (each["body"] for each in own_entries if each["body"]):
            typed = (person.life["surname"], person.life["given"], 1990)
            if (body["surname"], body["given_name"], body["birth_year"]) != typed:
                yield f"{person.name}: the registry has other answers than were typed"
    for surname, left in entries.items():
        yield f"{len(left)} registrations of {surname}, who did not submit"


def receipt(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the people whose chat shows a number that is not that of their registration."""
    entries = submitted(by_person)
    for person in by_person.people:
        shown = {number for reply in person.replies for number in NUMBER.findall(reply["text"])}
        real = {each["number"] for each in entries[person.life["surname"]]}
        if not shown <= real:
            yield f"{person.name}: the chat shows {shown}, the registry has {real}"


def people(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield a message if the database has another number of people than expected.

    Expected are the people who consented and did not delete their data.
    """
    expected = sum(not person.erased for person in by_person.people)
    if len(by_person.evidence.people) != expected:
        yield f"{len(by_person.evidence.people)} people in the database, expected {expected}"


def traces(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the places of texts that must not be in plain text anywhere."""
    for place, what in by_person.evidence.traces:
        yield f"{what} in {place}"


def withdrawn(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the people who deleted their data, but whose answers the registry still has."""
    entries = submitted(by_person)
    for person in by_person.people:
        for entry in entries[person.life["surname"]] if person.erased else ():
            if entry["body"] is not None or entry["state"] != "WITHDRAWN":
                yield f"{person.name}: deleted here, {entry['state']} at the registry"


def drained(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the queues with unfinished, failed or quarantined work."""
    for name, count in by_person.evidence.queues.items():
        if count and name not in REDONE:
            yield f"{count} in {name}"


def deployed(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the processes that did not end in time, or with an error."""
    for entry in by_person.of("deployed"):
        if entry["status"] != 0:
            yield f"{entry['process']} ended with {entry['status']} at {entry['at']} s"


def strict(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield the calls that the strict emulator rejected as mistakes."""
    yield from by_person.evidence.mistakes


def enough(by_person: EvidenceByPerson) -> Iterator[str]:
    """Yield each required kind of event that did not happen: without it, the run proves nothing."""
    begun = next((entry["n"] for entry in by_person.of("faults begin")), -1)
    during = [person for person in by_person.people if person.life["n"] > begun]
    for name, count in {
        "faults": len(by_person.of("fault")),
        "registrations": sum(any(a["label"] == "review" for a in each.acts) for each in during),
        "deletions": sum(each.erased for each in during),
    }.items():
        if not count:
            yield f"a run without {name} proves nothing"


RULES: dict[str, Rule] = {
    "answered": answered,
    "order": order,
    "doubled": doubled,
    "accepted": accepted,
    "registered": registered,
    "receipt": receipt,
    "people": people,
    "traces": traces,
    "withdrawn": withdrawn,
    "drained": drained,
    "deployed": deployed,
    "format": strict,
    "enough": enough,
}


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """Return the findings of each rule; a run is GREEN if there are none."""
    by_person = EvidenceByPerson(evidence)
    return {name: list(rule(by_person)) for name, rule in RULES.items()}


def figures(evidence: Evidence) -> dict[str, Any]:
    """Return the counts for the report: people, updates, faults, replies and registrations."""
    by_person = EvidenceByPerson(evidence)
    faults = defaultdict[str, int](int)
    for entry in by_person.of("fault"):
        faults[entry["fault"]] += 1
    posts = by_person.of("post")
    calls = [*by_person.of("call"), *by_person.of("registry")]
    return {
        "faults": sum(faults.values()),
        "by kind": dict(sorted(faults.items())),
        "bad answers": sum(bool(entry["fault"]) for entry in calls),
        "updates": len({entry["update"] for entry in posts}),
        "deliveries": len(posts),
        "people": len(by_person.people),
        "deleted": sum(person.erased for person in by_person.people),
        "registrations": len(evidence.registered),
        "replies": sum(len(person.replies) for person in by_person.people),
        "doubled": sum(len(each.doubled) for each in by_person.walks.values()),
    }
