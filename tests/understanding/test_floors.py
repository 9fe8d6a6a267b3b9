"""Minimum accuracy of the shipped model on unseen lines, and limits on its memory and work."""

import random
import tracemalloc
import zipfile
from collections.abc import Sequence

import pytest

from bot.understanding import evaluation, features
from bot.understanding.costs import LONG, MAX_LENGTH
from bot.understanding.evaluation import ALL, COLUMNS, Figures
from bot.understanding.model import FILE, Model
from bot.understanding.recognizer import Recognizer
from tests.understanding.test_recognizer import NOISE_LINES, noise

# Minimum and maximum percentages for each written form (language and script). The keys are the
# report's columns, which bot/understanding/evaluation.py explains. The report has one decimal
# place.
AT_LEAST = {"in 3": 95.0, "straight": 60.0, "danger": 98.0}
AT_MOST = {"wrong": 2.0, "alarms": 3.0, "outside": 8.0, "near": 12.0}
# The percentages for lines that resemble no training phrase. They are less strict in three columns:
# right within three intents ("in 3"), wrong answers ("wrong") and false alarms ("alarms").
UNLIKE_AT_LEAST = {"in 3": 90.0, "straight": 60.0, "danger": 98.0}
UNLIKE_AT_MOST = {"wrong": 3.0, "alarms": 4.0, "outside": 8.0, "near": 12.0}
MAX_MEMORY = 60_000_000
# Maximum size of the unpacked model file in bytes. Unpacking this much takes less than half a
# second.
MAX_UNPACKED = 60_000_000
# Maximum number of features that the recogniser evaluates for a message. On the machine of
# docs/measurements/2026-11-28-turn.md, 1,500 features take 1 ms. A message without links and dates
# has at most 8,500: with one, the search for danger reads the words again without it.
MAX_FEATURES = 12_000


@pytest.fixture(name="figures", scope="module")
def _figures() -> tuple[Figures, Figures]:
    results = evaluation.of_lines(evaluation.held_lines(), Recognizer.load())
    unlike = evaluation.unlike_phrases(results)
    return evaluation.figures(results), evaluation.figures(unlike)


def _failures(
    found: Figures, at_least: dict[str, float], at_most: dict[str, float]
) -> list[tuple[str, str, float]]:
    failures = []
    for form, row in found.items():
        for name, figure in zip(COLUMNS, row, strict=True):
            assert figure is not None or name not in at_least | at_most
            if figure is None or form == ALL:
                continue
            shown = round(figure, 1)
            if shown < at_least.get(name, 0) or shown > at_most.get(name, shown):
                failures.append((form, name, shown))
    return failures


def test_recognizer_reaches_its_minimum_accuracy_on_unseen_lines(
    figures: tuple[Figures, Figures],
) -> None:
    assert _failures(figures[0], AT_LEAST, AT_MOST) == []


def test_recognizer_reaches_its_minimum_accuracy_on_dissimilar_lines(
    figures: tuple[Figures, Figures],
) -> None:
    assert _failures(figures[1], UNLIKE_AT_LEAST, UNLIKE_AT_MOST) == []


def test_accuracy_check_reports_a_figure_below_its_minimum(
    figures: tuple[Figures, Figures],
) -> None:
    row = list(figures[0]["ru"])
    row[COLUMNS.index("danger")] = 97.9
    row[COLUMNS.index("alarms")] = 3.1
    failures = _failures({"ru": row}, AT_LEAST, AT_MOST)
    assert failures == [("ru", "danger", 97.9), ("ru", "alarms", 3.1)]


def test_recognizer_model_loads_within_its_memory_limit() -> None:
    tracemalloc.start()
    try:
        model = Model.load()
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert model.classes
    assert peak_bytes <= MAX_MEMORY


def test_recognizer_model_file_when_unpacked_is_within_its_size_limit() -> None:
    with zipfile.ZipFile(FILE) as archive:
        assert sum(each.file_size for each in archive.infolist()) <= MAX_UNPACKED


@pytest.mark.release
def test_recognizer_work_is_bounded_for_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the evaluated features, because times depend on the machine's load."""
    work: list[int] = []
    extract_features = features.extract

    def counted(words: Sequence[str]) -> features.Features:
        found = extract_features(words)
        work[-1] += len(found.buckets)
        return found

    monkeypatch.setattr(features, "extract", counted)
    recognizer = Recognizer.load()
    held = [each.phrase.text for each in evaluation.held_lines()[::20]]
    for line in (*noise(NOISE_LINES), *held, *_longest()):
        work.append(0)
        recognizer.recognize(line)
    assert 1000 < max(work) <= MAX_FEATURES


def _longest() -> list[str]:
    """Return lines of maximum length: some of one repeated word, some of many different words."""
    rng = random.Random(21)
    alphabets = ("абвгдежзийклмнопрст", "abcdefghijklmnopq", "的我是有护照签证办理")
    words = (
        "".join("".join(rng.choices(letters, k=6)) + rng.choice(" ,.?") for _ in range(600))
        for letters in alphabets
    )
    repeated = (each * (MAX_LENGTH // len(each)) for each in LONG)
    lines = [each for every in words for each in (every, f"t.me/a {every}", f"2026 {every}")]
    return [*(each[:MAX_LENGTH] for each in lines), *repeated]
