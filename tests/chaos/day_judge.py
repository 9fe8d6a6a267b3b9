"""Judge a simulated day: rules check promises (docs/explanation/promises.md) in the day's ledger.

| rule | promise | what must be true |
|---|---|---|
| accepted | P1 | every update was acknowledged, and none expired |
| answered | P1, P4 | every act has its reply; before consent only a fault excuses a missing one |
| answers | P9 | the reply to a question is the one that was learned before the day |
| content | P8 | the published fact is the newest one, LAG_SECONDS after its publication |
| order | P3 | two texts to Kosh and three messages to an officer arrive in their order, once |
| registered | P2 | each submission is one entry of the registry, and there is no other |
| handoffs | P1, P11 | each request for an officer was closed exactly once, and the answer arrived |
| files | P1 | each file is at the case of its person |
| announced | P4 | an announcement reached its audience once, and no other person |
| waits | P4 | no reply took longer than MAX_WAIT_SECONDS |
| drained | P1, P4 | no queue holds unfinished, failed or quarantined work |
| format | P9 | the strict emulator found no mistake |
| enough | all | every kind of activity, a fault, an announcement and a publication happened |
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.day_people import SHARES, TYPED, WORDS
from tests.chaos.independent.ledger import Entry
from tests.editorial.served import NUMBERS

# Maximum seconds until a reply. It contains the 60 s of the lease after which another process sends
# the reply of a killed process, and the retries of that process.
MAX_WAIT_SECONDS = 90.0
LAG_SECONDS = 10.0
# A killed process may have lost a reply this long before its kill was noted. A kill of Valkey may
# have lost the sessions of all people without consent this long before.
MARGIN_SECONDS = 2.0
# Queues that are not counted as unfinished work, because a sweep repeats the work of a failed job.
REDONE = ("failed_jobs",)
FIRST_NUMBER = 90

type Rule = Callable[["DayRecord"], Iterator[str]]


@dataclass
class DayRecord:
    """The ledger of a day: entries by kind, and the reply expected to each act, by its label.

    A label names what a person did, for example which question they asked.
    """

    entries: list[Entry]
    by_kind: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    learned: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for entry in self.entries:
            if entry.get("learns"):
                self.learned[entry["label"]] = entry["text"]
            elif entry["kind"] == "learned":
                self.learned[entry["label"]] = "\n\n".join(entry["texts"])
            else:
                self.by_kind[entry["kind"]].append(entry)

    def people(self, kind: str) -> list[str]:
        """Return the name of the person in each entry of a kind; a name may occur several times."""
        return [entry["person"] for entry in self.by_kind[kind]]

    def has_fault(self, since: float, until: float) -> bool:
        """Return True if a fault may have lost a session or a reply between these times."""
        return any(since <= each["at"] + MARGIN_SECONDS and each["at"] <= until
                   for each in (*self.by_kind["fault"], *self.by_kind["fault over"]))  # fmt: skip


def accepted(record: DayRecord) -> Iterator[str]:
    """Yield the counts of updates that were not accepted."""
    found = record.by_kind["platform"][-1]
    for name in ("not acknowledged", "expired"):
        if found[name]:
            yield f"{found[name]} updates {name}"


def answered(record: DayRecord) -> Iterator[str]:
    """Yield the acts without a reply, and the people who gave up."""
    for act in record.by_kind["act"]:
        if act["waited"] is None and (
            act["known"] or not record.has_fault(act["asked"], act["at"])
        ):
            yield f"{act['person']}: no reply to {act['label']} at {act['asked']} s"
    for entry in record.by_kind["again"]:
        if entry["known"] or not record.has_fault(entry["since"], entry["at"]):
            yield f"{entry['person']}: {entry['why']} at {entry['at']} s"
    yield from (f"{e['person']} gave up {e.get('why', '')}" for e in record.by_kind["gave up"])


def answers(record: DayRecord) -> Iterator[str]:
    """Yield the replies that lack the text recorded for the same question before the simulated day.

    Questions about the fact that is published during the day are skipped; `content` checks them.
    """
    for act in record.by_kind["act"]:
        expected = record.learned.get(act["label"], "")
        asks = act["label"].startswith(("typed", "button")) and act["waited"] is not None
        if asks and not _published(act) and not (expected and expected in act["text"]):
            yield f"{act['person']}: {act['label']} was answered {act['text'][:80]!r}"


def _published(act: Entry) -> bool:
    """Return True if the act asks for the fact that is published during the day."""
    label = str(act["label"])
    return label.startswith("button visa") or (
        label.startswith("typed 0") and not label.endswith("zh_Hans")
    )


def content(record: DayRecord) -> Iterator[str]:
    """Yield the replies with a version of the fact that was not the newest published one."""
    published = [(0.0, FIRST_NUMBER)] + [
        (e["at"], e["number"]) for e in record.by_kind["published"]
    ]
    for act in record.by_kind["act"]:
        if not _published(act) or act["waited"] is None:
            continue
        shown = {int(number) for number in NUMBERS.findall(act["text"])} or {FIRST_NUMBER}
        oldest = max(at for at, _number in published if at <= max(0, act["asked"] - LAG_SECONDS))
        valid = {number for at, number in published if oldest <= at <= act["at"]}
        if not shown <= valid:
            yield f"{act['person']}: {shown} at {act['asked']} s instead of {valid}"


def order(record: DayRecord) -> Iterator[str]:
    """Yield the people whose messages were answered, or reached an officer, in a wrong order."""
    for pair in record.by_kind["pair"]:
        texts = "\n\n".join(pair["texts"])
        lines = [record.learned.get(f"pair {line}", "") for line in TYPED[pair["language"]][1:]]
        places = [texts.find(line) for line in lines]
        if not -1 < places[0] < places[1] or not all(lines):
            yield f"{pair['person']}: two questions were answered at the places {places}"
    for case in record.by_kind["closed"]:
        if case["words"] != list(range(1, WORDS + 1)):
            yield f"{case['person']}: an officer read the messages {case['words']}"


def registered(record: DayRecord) -> Iterator[str]:
    """Yield the people with more or fewer registrations than submissions."""
    sent = Counter(set(record.people("submitted")))
    found: Counter[str] = Counter(record.by_kind["registry"][-1]["surnames"])
    for name in sent.keys() | found.keys():
        if sent[name] != found[name]:
            yield f"{name}: {found[name]} registrations, expected {sent[name]}"


def handoffs(record: DayRecord) -> Iterator[str]:
    """Yield the people whose request for an officer was not closed once, or not answered."""
    requesters, closed = set(record.people("asked")), Counter(record.people("closed"))
    notified = {each["person"] for each in record.by_kind["news"] if each["label"] == "officer"}
    for name in requesters | closed.keys():
        if (name in requesters, closed[name], name in notified) != (True, 1, True):
            yield f"{name}: closed {closed[name]} times, answered: {name in notified}"


def files(record: DayRecord) -> Iterator[str]:
    """Yield the people whose file is not at their case."""
    sent = Counter(record.people("sent file"))
    found = {each["person"]: each["papers"] for each in record.by_kind["closed"]}
    for name in sent.keys() | {name for name, papers in found.items() if papers}:
        if found.get(name, 0) != sent[name]:
            yield f"{name}: {found.get(name, 0)} files, expected {sent[name]}"


def announced(record: DayRecord) -> Iterator[str]:
    """Yield the chats that an announcement did not reach once, or that should not have got it."""
    received = {int(chat): count for chat, count in record.by_kind["heard"][-1]["chats"].items()}
    for sent in record.by_kind["announced"]:
        later = {e["chat"] for e in record.by_kind["subscribed"] if e["at"] >= sent["since"]}
        meant = set(sent["earlier"]) | {e["chat"] for e in record.by_kind["subscribed"]} - later
        missing = [chat for chat in meant if chat not in received]
        if len(missing) > sent["in doubt"]:
            yield f"{len(missing)} of {len(meant)} people were not reached, {missing[:3]}"
        for chat, count in received.items():
            if chat not in meant | later or count > 1:
                yield f"chat {chat} was reached {count} times"


def waits(record: DayRecord) -> Iterator[str]:
    """Yield the acts whose reply took longer than MAX_WAIT_SECONDS."""
    for act in record.by_kind["act"]:
        if (act["waited"] or 0.0) > MAX_WAIT_SECONDS:
            yield f"{act['person']}: {act['label']} took {act['waited']:.0f} s"


def drained(record: DayRecord) -> Iterator[str]:
    """Yield the queues with unfinished, failed or quarantined work."""
    for name, count in record.by_kind["queues"][-1]["counts"].items():
        if count and name not in REDONE:
            yield f"{count} in {name}"


def strict(record: DayRecord) -> Iterator[str]:
    """Yield the calls that the strict emulator rejected as mistakes."""
    yield from record.by_kind["platform"][-1]["mistakes"]


def enough(record: DayRecord) -> Iterator[str]:
    """Yield each required kind of event that did not happen: without it, the day proves nothing."""
    counts = Counter(each["activity"] for each in record.by_kind["came"])
    needed = {kind: counts[kind] for kind in SHARES}
    needed |= {
        kind: len(record.by_kind[kind]) for kind in ("fault", "announced", "published", "pair")
    }
    yield from (f"a day without {name} proves nothing" for name, n in needed.items() if not n)


RULES: dict[str, Rule] = {
    "accepted": accepted, "answered": answered, "answers": answers, "content": content,
    "order": order, "registered": registered, "handoffs": handoffs, "files": files,
    "announced": announced, "waits": waits, "drained": drained, "format": strict,
    "enough": enough,
}  # fmt: skip


def judge(entries: list[Entry]) -> dict[str, list[str]]:
    """Return the findings of each rule; a day is GREEN if there are none."""
    record = DayRecord(entries)
    return {name: list(rule(record)) for name, rule in RULES.items()}


def figures(entries: list[Entry]) -> dict[str, Any]:
    """Return the counts and times of a simulated day for its report."""
    record = DayRecord(entries)
    acts = record.by_kind["act"]
    done = [each for each in acts if each["waited"] is not None]
    calm = [e["waited"] for e in done if not record.has_fault(e["asked"] - 10, e["at"])]
    seconds = max(e["at"] for e in acts) - min(e["asked"] for e in acts) if acts else 0.0
    minutes = Counter(int(each["at"] // 60) for each in done)
    platform, used = record.by_kind["platform"][-1], record.by_kind["usage"][-1]
    return {
        "people": len(record.by_kind["came"]),
        "by activity": dict(Counter(each["activity"] for each in record.by_kind["came"])),
        "updates": platform["updates"],
        "calls of the Bot API": platform["calls"],
        "acts with a reply": len(done),
        "seconds": round(seconds),
        "updates a second": round(platform["updates"] / max(seconds, 1), 1),
        "updates a second in the busiest minute": round(
            max(minutes.values(), default=0) / 60 * platform["updates"] / max(len(done), 1), 1),
        "wait p50, s": _part(e["waited"] for e in done)(0.5),
        "wait p99, s": _part(e["waited"] for e in done)(0.99),
        "wait p99 away from faults, s": _part(calm)(0.99),
        "wait, longest, s": _part(e["waited"] for e in done)(1.0),
        "began again after a fault": len(record.by_kind["again"]),
        "registrations": len(record.by_kind["submitted"]),
        "handoffs closed": len(record.by_kind["closed"]),
        "files": len(record.by_kind["sent file"]),
        "questions answered": sum(e["label"].startswith(("typed", "button")) for e in done),
        "reached by the announcement": sum(record.by_kind["heard"][-1]["chats"].values()),
        "publications": len(record.by_kind["published"]),
        "faults": [each["fault"] for each in record.by_kind["fault"]],
        "CPU seconds": used["cpu"],
        "most memory, MB": used["memory"],
    }  # fmt: skip


def _part(values: Iterable[float]) -> Callable[[float], float]:
    found = sorted(values) or [0.0]
    return lambda share: round(found[min(len(found) - 1, int(len(found) * share))], 3)
