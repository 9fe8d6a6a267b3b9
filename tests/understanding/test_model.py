"""The recogniser's model: probabilities of intents, known pieces of text, properties of a line."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.understanding import phrases, skeleton
from bot.understanding import recognizer as recognizer_module
from bot.understanding.engine_adapter import EngineRecognizer
from bot.understanding.model import Model, ModelError, chances, highest_chance
from bot.understanding.recognizer import Recognizer
from flows.engine.recognition import Danger
from flows.knowledge.intents import BY_ID, Kind


def test_highest_probability_bound_is_exact_for_two_likely_intents() -> None:
    assert highest_chance([0.0, 0.0, -900.0, 3.0]) == pytest.approx(0.5)
    assert highest_chance([5.0, -900.0, 0.0]) == pytest.approx(1.0)


def test_familiarity_is_the_share_of_text_pieces_in_training_phrases() -> None:
    recognizer = Recognizer.load()
    assert recognizer.recognize("где получить паспорт").familiarity == 1.0
    assert 0.0 <= recognizer.recognize("щыьъ паспорт жцхщ").familiarity < 1.0
    assert recognizer.model.familiarity([]) == 0.0


@pytest.mark.parametrize(
    ("line", "is_short"), [("виз", True), ("виза", False), ("签", True), ("签证", False)]
)
def test_message_of_at_most_three_letters_is_short(line: str, is_short: bool) -> None:
    assert Recognizer.load().recognize(line).is_short is is_short


def test_model_file_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, meta=np.array([None], dtype=object))
    with pytest.raises(ModelError, match="Object arrays cannot be loaded"):
        Model.load(path)


@pytest.mark.parametrize(("line", "has_ease"), [("ви", False), ("виз", True), ("виза", True)])
def test_letter_pair_probability_is_defined_from_three_letters_on(
    line: str, has_ease: bool
) -> None:
    assert (Model.load().ease([line]) > -math.inf) is has_ease


@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9])
def test_danger_probability_of_two_equal_estimates_is_the_estimate(chance: float) -> None:
    row = np.log(np.array([[1 - chance, chance, chance / (1 - chance)]], np.float32))
    assert chances(row[0], slice(1, 2))[1] == pytest.approx(chance)


def test_sentence_with_a_question_mark_is_marked_as_a_question() -> None:
    found = Recognizer.load().recognize("Где пенсия? Дайте паспорт.")
    assert [part.asks for part in found.parts] == [True, False]


@pytest.mark.parametrize(
    ("line", "is_wrong"),
    [("2+2 nechi", False), ("3x4 mi yoki 3.5x4.5", False), ("vjq gfcgjhn 2", True)],
)
def test_wrong_keyboard_layout_is_detected_in_lines_with_numbers(line: str, is_wrong: bool) -> None:
    assert Recognizer.load().recognize(line).wrong_layout is is_wrong


@pytest.mark.parametrize("line", ["қайтып кетсем не болады", "маған бас тартты, енді не істеймін"])
def test_danger_check_of_a_clear_question_computes_no_probabilities(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[Sequence[float]] = []

    def counted(odds: Sequence[float], danger: slice) -> tuple[list[float], float]:
        computed.append(odds)
        return chances(odds, danger)

    monkeypatch.setattr(recognizer_module, "chances", counted)
    message = EngineRecognizer.load().read(line, "kk")
    assert Model.load().has_danger_word(message.words)
    assert message.danger is Danger.NONE
    assert not computed


def test_danger_words_occur_in_every_training_phrase_about_danger() -> None:
    model, written = Model.load(), phrases.read_all()
    dangers = [each.text for each in written if BY_ID[each.intent].kind is Kind.DANGER]
    lacking = [text for text in dangers if not model.has_danger_word(skeleton.fold(text).words)]
    assert lacking == []


def test_probabilities_of_very_different_odds_do_not_overflow() -> None:
    assert chances([800.0, -800.0, 0.0], slice(1, 2))[0] == [1.0, 0.0]
