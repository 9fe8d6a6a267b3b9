"""The model's bound of the highest probability, its share of known pieces, and short messages."""

import pytest

from bot.understanding.model import highest_chance
from bot.understanding.recognizer import Recognizer


def test_highest_chance_is_exact_for_two_likely_classes() -> None:
    assert highest_chance([0.0, 0.0, -900.0, 3.0]) == pytest.approx(0.5)
    assert highest_chance([5.0, -900.0, 0.0]) == pytest.approx(1.0)


def test_familiarity_is_the_share_of_known_pieces() -> None:
    recognizer = Recognizer.load()
    assert recognizer.recognize("где получить паспорт").familiarity == 1.0
    assert 0.0 <= recognizer.recognize("щыьъ паспорт жцхщ").familiarity < 1.0
    assert recognizer.model.familiarity([]) == 0.0


@pytest.mark.parametrize(("line", "is_short"), [("виз", True), ("виза", False), ("签", True)])
def test_message_of_at_most_three_letters_is_short(line: str, is_short: bool) -> None:
    assert Recognizer.load().recognize(line).is_short is is_short
