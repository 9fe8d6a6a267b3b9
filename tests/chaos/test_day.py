"""Tests of the simulated day's judge: GREEN for a good day, RED for each broken promise."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.day import DAY_HOURS, Plan, arrivals
from tests.chaos.day_judge import RULES, figures, judge
from tests.chaos.day_people import SHARES, TYPED

type Ledger = list[dict[str, Any]]
HELPED, FORMED = "TESTOVAAAAA", "TESTOVAAAAB"
FIRST, SECOND = TYPED["ru"][1:]


def _act(label: str, text: str, **more: Any) -> dict[str, Any]:
    return {"kind": "act", "person": FORMED, "chat": 2, "label": label, "text": text, "at": 20.1,
            "asked": 20.0, "waited": 0.1, "known": True, "learns": False} | more  # fmt: skip


def _day() -> Ledger:
    """Return the ledger of a day on which no promise is broken."""
    entries: Ledger = [
        _act("button money ru", "Free.", learns=True),
        {"kind": "learned", "label": f"pair {FIRST}", "texts": ["Apply."]},
        {"kind": "learned", "label": f"pair {SECOND}", "texts": ["One."]},
        *({"kind": "came", "person": kind, "activity": kind} for kind in SHARES),
        _act("button money ru", "Free."),
        _act("typed 0 first ru", "Граждане Турции: до 201 дней.", asked=200.0, at=200.1),
        {"kind": "published", "number": 201, "at": 100.0},
        {"kind": "fault", "fault": "kill web", "at": 300.0},
        {"kind": "pair", "person": FORMED, "language": "ru", "texts": ["Apply.", "One."]},
        {"kind": "submitted", "person": FORMED},
        {"kind": "asked", "person": HELPED},
        {"kind": "news", "person": HELPED, "label": "officer"},
        {"kind": "sent file", "person": HELPED},
        {"kind": "closed", "person": HELPED, "words": [1, 2, 3], "papers": 1},
        {"kind": "subscribed", "chat": 3, "at": 50.0},
        {"kind": "announced", "since": 60.0, "earlier": [4], "in doubt": 0},
        {"kind": "registry", "surnames": {FORMED: 1}},
        {"kind": "heard", "chats": {"3": 1, "4": 1}},
        {"kind": "queues", "counts": {"messages": 0, "failed_jobs": 1}},
        {"kind": "platform", "updates": 9, "calls": 9, "expired": 0, "not acknowledged": 0,
         "mistakes": []},
        {"kind": "usage", "cpu": {"web1": 1}, "memory": {"web1": 1}},
    ]  # fmt: skip
    return [{"at": 20.1} | entry for entry in entries]


def _last(day: Ledger, kind: str) -> dict[str, Any]:
    return [entry for entry in day if entry["kind"] == kind][-1]


def _change_last(kind: str, name: str, value: object) -> Callable[[Ledger], None]:
    return lambda day: _last(day, kind).__setitem__(name, value)


def _drop(kind: str) -> Callable[[Ledger], None]:
    return lambda day: day.remove(_last(day, kind))


def _add(**entry: Any) -> Callable[[Ledger], None]:
    return lambda day: day.append({"at": 30.0, "person": FORMED} | entry)


BROKEN: tuple[tuple[str, Callable[[Ledger], None]], ...] = (
    ("accepted", _change_last("platform", "not acknowledged", 1)),
    ("accepted", _change_last("platform", "expired", 1)),
    ("answered", _change_last("act", "waited", None)),
    ("answered", _add(kind="again", since=20.0, known=False, why="no reply")),
    ("answered", _add(kind="again", since=290.0, at=301.0, known=True, why="no reply")),
    ("answered", _add(kind="gave up")),
    ("answers", lambda day: day.append(_act("button money ru", "Menu."))),
    ("answers", lambda day: day.append(_act("typed 1 first ru", "Never learned."))),
    ("content", _change_last("act", "text", "Граждане Турции: до 999 дней.")),
    ("content", _change_last("act", "text", "Граждане Турции: до 90 дней.")),
    ("content", _change_last("published", "at", 250.0)),
    ("order", _change_last("pair", "texts", ["One.", "Apply."])),
    ("order", _change_last("pair", "texts", ["Apply."])),
    ("order", _change_last("closed", "words", [2, 1, 3])),
    ("order", _change_last("closed", "words", [1, 2, 2, 3])),
    ("registered", _change_last("registry", "surnames", {})),
    ("registered", _change_last("registry", "surnames", {FORMED: 2})),
    ("registered", _change_last("registry", "surnames", {FORMED: 1, HELPED: 1})),
    ("handoffs", _drop("closed")),
    ("handoffs", _drop("news")),
    ("handoffs", _add(kind="closed", person=HELPED, words=[1, 2, 3], papers=1)),
    ("files", _change_last("closed", "papers", 0)),
    ("files", _change_last("closed", "papers", 2)),
    ("announced", _change_last("heard", "chats", {"3": 1})),
    ("announced", _change_last("heard", "chats", {"3": 1, "4": 2})),
    ("announced", _change_last("heard", "chats", {"3": 1, "4": 1, "9": 1})),
    ("waits", _change_last("act", "waited", 91.0)),
    ("drained", _change_last("queues", "counts", {"messages": 1})),
    ("format", _change_last("platform", "mistakes", ["EMULATOR: a mistake"])),
    ("enough", _drop("fault")),
    ("enough", _drop("came")),
)  # fmt: skip


def test_simulated_day_report_passes_when_no_promise_is_broken() -> None:
    assert {name: found for name, found in judge(_day()).items() if found} == {}


@pytest.mark.parametrize(("rule", "damage"), BROKEN)
def test_simulated_day_report_fails_for_each_broken_promise(
    rule: str, damage: Callable[[Ledger], None]
) -> None:
    day = copy.deepcopy(_day())
    damage(day)
    assert judge(day)[rule] != []


def test_simulated_day_report_has_a_test_for_each_rule() -> None:
    assert {rule for rule, _damage in BROKEN} == RULES.keys()


def test_simulated_day_accepts_that_people_restart_a_chat_near_a_fault() -> None:
    day = [*_day(), {"kind": "again", "person": FORMED, "since": 290.0, "at": 301.0,
                     "known": False, "why": "no button"}]  # fmt: skip
    assert judge(day)["answered"] == []


def test_simulated_day_has_a_quiet_night_and_a_busy_evening(tmp_path: Path) -> None:
    plan = Plan(5_000, 1, DAY_HOURS, tmp_path)
    hours = [int(moment) for moment, _kind, _language in arrivals(plan)]
    assert hours.count(20) < len(hours) / 40
    assert hours.count(13) > len(hours) / 20
    kinds = [kind for _moment, kind, _language in arrivals(plan)]
    assert set(kinds) == set(SHARES)
    assert arrivals(plan) == arrivals(plan)


def test_simulated_day_figures_count_people_and_updates() -> None:
    found = figures(_day())
    assert (found["people"], found["updates"]) == (len(SHARES), 9)
    assert found["wait, longest, s"] == 0.1
