"""Measures the recognizer on test messages by separate authors, and on cross-validation folds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.understanding.decision import Certainty, DangerLevel, Decision, decide
from bot.understanding.model import of_kind
from bot.understanding.phrases import LANGUAGES, Phrase, in_scripts, key, read_all
from bot.understanding.recognition import Candidate, Recognition
from bot.understanding.recognizer import MAX_ALTERNATIVES, Recognizer
from flows.knowledge.intents import BY_ID, Kind

if TYPE_CHECKING:
    from bot.understanding.training import HeldOutScores

TESTS = Path(__file__).parents[2] / "tests" / "understanding"
# Word in the third column of a test message that is out of scope but resembles one in scope.
NEAR_MISS = "near"
ALL = "all"
TWO_QUESTIONS = TESTS / "two_questions.tsv"
COLUMNS = (
    "lines", "first", "in 3", "wrong", "straight", "extra", "danger", "alarms", "outside", "near",
)  # fmt: skip
HEAD = "{:<9}{:>7}" + "{:>9}" * (len(COLUMNS) - 1)

type Figures = dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A test message, which is never used in training.

    An answer to one of the `acceptable` intents counts as right, too.
    """

    phrase: Phrase
    acceptable: frozenset[str]
    near_miss: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A test message, whose right intent is known, with the recognizer's result for it."""

    line: HeldLine
    ranked: tuple[str, ...]
    decision: Decision

    @property
    def answered(self) -> tuple[str, ...]:
        """Return the intents that Kosh would answer at once; empty if unsure or out of scope."""
        if self.decision.certainty is not Certainty.SURE:
            return ()
        options = (each.intent for each in self.decision.options)
        return tuple(each for each in options if BY_ID[each].kind is not Kind.NONE)


def held_lines() -> list[HeldLine]:
    """Return the repository's test messages, each also in the other script of its language."""
    return [
        HeldLine(phrase, line.acceptable, line.near_miss)
        for language in LANGUAGES
        for line in _read(TESTS / f"{language}.tsv", language)
        for phrase in in_scripts(line.phrase)
    ]


def of_lines(lines: Iterable[HeldLine], recognizer: Recognizer) -> list[Result]:
    """Return the recognizer's results for the test messages, in the same order."""
    results = []
    for line in lines:
        found = recognizer.recognize(line.phrase.text)
        ranked = tuple(each.intent for each in found.ranked)
        results.append(Result(line, ranked, decide(found)))
    return results


def unlike_phrases(results: Iterable[Result]) -> list[Result]:
    """Return the results of the test messages that equal no training phrase after normalization."""
    written = {key(phrase.text) for phrase in read_all()}
    return [result for result in results if key(result.line.phrase.text) not in written]


def of_folds(held: "HeldOutScores") -> list[Result]:
    """Return a result for each phrase, by a model trained without it (cross-validation)."""
    none = of_kind(held.classes, Kind.NONE)
    dangers = of_kind(held.classes, Kind.DANGER)
    orders = np.argsort(-held.probabilities, axis=1, kind="stable")[:, : MAX_ALTERNATIVES + 1]
    results = []
    for phrase, found, order, danger in zip(
        held.samples.phrases, held.probabilities, orders, held.danger, strict=True
    ):
        best, *others = (Candidate(held.classes[at], float(found[at])) for at in order)
        recognition = Recognition(
            intent=best.intent,
            confidence=best.confidence,
            alternatives=tuple(others),
            danger=danger,
            danger_intent=held.classes[dangers][int(np.argmax(found[dangers]))],
            none_mass=float(found[none].sum()),
            familiarity=1.0,
            is_short=False,
            blank=False,
            wrong_layout=False,
            question_lead=best.confidence - float(found[dangers].sum()),
        )
        ranked = tuple(each.intent for each in recognition.ranked)
        results.append(Result(HeldLine(phrase, frozenset(), False), ranked, decide(recognition)))
    return results


def figures(results: Sequence[Result]) -> Figures:
    """Return for each language the number of test messages and nine percentages.

    A percentage is None if there is no test message for it. The percentages are, in this order, of
    messages in scope: the right intent is the likeliest; it is among the best three; the answer is
    wrong; the answer is right; a second intent is answered too. Messages about danger, and harmless
    messages in scope: danger is found. Messages out of scope, and near misses (similar to messages
    in scope): a topic is answered.
    """
    languages = sorted({result.line.phrase.language for result in results})
    own = {
        language: [each for each in results if language in (each.line.phrase.language, ALL)]
        for language in (*languages, ALL)
    }
    return {language: [len(each), *_shares(each)] for language, each in own.items()}


def table(found: Figures) -> str:
    """Return the percentages of `figures` as a text table."""
    rows = [HEAD.format("", *COLUMNS)]
    for language in sorted(found, key=lambda each: (each == ALL, each)):
        lines, *shares = found[language]
        written = (f"{each:.1f}" if each is not None else "-" for each in shares)
        rows.append(HEAD.format(language, f"{lines:.0f}", *written))
    return "\n".join(rows)


def two_questions(recognizer: Recognizer) -> str:
    """Return a text table: the percentage of two-question messages that get 2, 1 or 0 answers."""
    lines = [f"{'':<9}{'lines':>7}{'both':>9}{'one':>9}{'neither':>9}"]
    found: dict[str, list[int]] = {}
    for language, intents, text in asked_twice():
        options = decide(recognizer.recognize(text))
        answered = {each.intent for each in options.options if options.certainty is Certainty.SURE}
        found.setdefault(language, []).append(len(answered & intents))
    for language, each in found.items():
        shares = (100 * each.count(number) / len(each) for number in (2, 1, 0))
        lines.append(f"{language:<9}{len(each):>7}" + "".join(f"{share:>9.1f}" for share in shares))
    return "\n".join(lines)


def _shares(results: Sequence[Result]) -> Iterator[float | None]:
    inside = [each for each in results if _kind(each) is not Kind.NONE]
    danger = [each for each in results if _kind(each) is Kind.DANGER]
    harmless = [each for each in inside if not _may_be_danger(each)]
    outside = [each for each in results if _kind(each) is Kind.NONE]
    yield _share(_is_right(each.ranked[0], each) for each in inside)
    yield _share(any(_is_right(one, each) for one in each.ranked[:3]) for each in inside)
    yield _share(_answered_wrongly(each) for each in inside)
    yield _share(_answered_rightly(each) for each in inside)
    yield _share(len(each.answered) > 1 for each in inside)
    yield _share(each.decision.danger is not DangerLevel.NONE for each in danger)
    yield _share(each.decision.danger is not DangerLevel.NONE for each in harmless)
    yield _share(_answered_wrongly(each) for each in outside if not each.line.near_miss)
    yield _share(_answered_wrongly(each) for each in outside if each.line.near_miss)


def _kind(result: Result) -> Kind:
    return BY_ID[result.line.phrase.intent].kind


def _may_be_danger(result: Result) -> bool:
    intents = {result.line.phrase.intent, *result.line.acceptable}
    return any(BY_ID[intent].kind is Kind.DANGER for intent in intents)


def _answered_rightly(result: Result) -> bool:
    return any(_is_right(each, result) for each in result.answered)


def _answered_wrongly(result: Result) -> bool:
    return bool(result.answered) and not _answered_rightly(result)


def _is_right(intent: str, result: Result) -> bool:
    return intent == result.line.phrase.intent or intent in result.line.acceptable


def _share(held: Iterable[bool]) -> float | None:
    each = list(held)
    return 100 * sum(each) / len(each) if each else None


def _read(path: Path, language: str) -> Iterator[HeldLine]:
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        intent, text, *more = line.split("\t")
        if intent not in BY_ID:
            continue  # The head of the table.
        marks = frozenset(more[0].replace(" ", "").split(",")) if more else frozenset()
        yield HeldLine(Phrase(language, intent, text), marks & BY_ID.keys(), NEAR_MISS in marks)


def asked_twice() -> Iterator[tuple[str, frozenset[str], str]]:
    """Yield language, intents and text of the messages that ask two questions, in each script."""
    for line in TWO_QUESTIONS.read_text("utf-8").splitlines()[1:]:
        language, intents, text = line.split("\t")
        for phrase in in_scripts(Phrase(language, intents, text)):
            yield phrase.language, frozenset(intents.split(",")), phrase.text
