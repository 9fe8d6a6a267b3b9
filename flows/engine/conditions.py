"""Conditions on a form's answers as data, so that they can be evaluated, drawn and enumerated."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import assert_never

type Answers = Mapping[str, str | None]
"""Answers on the path: canonical strings by question name; None was skipped or forgotten."""


@dataclass(frozen=True, slots=True)
class Is:
    question: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    question: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


type Condition = Is | Answered | AllOf | AnyOf | Not

ALWAYS: Condition = AllOf(())


def all_of(*parts: Condition) -> Condition:
    return AllOf(parts)


def any_of(*parts: Condition) -> Condition:
    return AnyOf(parts)


def not_(part: Condition) -> Condition:
    return Not(part)


def holds(condition: Condition, answers: Answers) -> bool:
    """Return True if the answers satisfy the condition; a missing answer matches no value."""
    match condition:
        case AllOf(parts):
            return all(holds(part, answers) for part in parts)
        case Is(question, values):
            return answers.get(question) in values
        case Answered(question):
            return answers.get(question) is not None
        case AnyOf(parts):
            return any(holds(part, answers) for part in parts)
        case Not(part):
            return not holds(part, answers)
        case _:
            assert_never(condition)


def may_hold(condition: Condition, answers: Answers, unknown: Container[str]) -> bool:
    """Return True if the condition is true, or if answers to `unknown` could make it true."""
    return _outcomes(condition, answers, unknown)[0]


def _outcomes(condition: Condition, answers: Answers, unknown: Container[str]) -> tuple[bool, bool]:
    """Return whether the condition can be true, and whether it can be false.

    Both values are True if the result depends on the answers to the questions in `unknown`.
    """
    match condition:
        case AllOf(parts):
            found = [_outcomes(part, answers, unknown) for part in parts]
            return all(true for true, _false in found), any(false for _true, false in found)
        case AnyOf(parts):
            found = [_outcomes(part, answers, unknown) for part in parts]
            return any(true for true, _false in found), all(false for _true, false in found)
        case Not(part):
            true, false = _outcomes(part, answers, unknown)
            return false, true
        case _ if condition.question in unknown:
            return True, True
        case _:
            true = holds(condition, answers)
            return true, not true


def reads(condition: Condition) -> frozenset[str]:
    """Return the names of the questions whose answers the condition reads."""
    match condition:
        case Is(question) | Answered(question):
            return frozenset({question})
        case AllOf(parts) | AnyOf(parts):
            return frozenset[str]().union(*(reads(part) for part in parts))
        case Not(part):
            return reads(part)
        case _:
            assert_never(condition)


def describe(condition: Condition) -> str:
    """Return the condition in English words, for drawings and reports."""
    match condition:
        case Is(question, values):
            return f"{question} is {' or '.join(sorted(values))}"
        case Answered(question):
            return f"{question} answered"
        case AllOf(parts):
            return " and ".join(describe(part) for part in parts)
        case AnyOf(parts):
            return "(" + " or ".join(describe(part) for part in parts) + ")"
        case Not(part):
            return f"not ({describe(part)})"
        case _:
            assert_never(condition)
