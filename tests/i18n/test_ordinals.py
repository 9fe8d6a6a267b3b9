"""Typed positions of options: "the second one" is read in every language; other texts are not."""

import pytest

from bot.i18n import ordinals

POSITIONS = {
    "первый": 1, "Второе.": 2, "третья": 3, "четвертый": 4, "последний": 4, "самый последний": 4,
    "второй вариант": 2, "2-й": 2, "номер 2": 2, "вариант 3": 3, "бірінші": 1, "екіншісі": 2,
    "екіншісін таңдаймын": 2, "ушинши": 3, "ең соңғысы": 4, "2-ші": 2, "birinchisi": 1,
    "ikkinchisini tanlayman": 2, "oxirgisi": 4, "иккинчиси": 2, "охиргиси": 4, "ەكىنشىسى": 2,
    "第一个": 1, "第二": 2, "第2个": 2, "选2": 2, "我选第三个": 3, "选二": 2, "最后一个": 4,
    "最後": 4, "the second one": 2, "last": 4,
}  # fmt: skip
OTHERS = (
    *("", "2", "два", "二", "两个", "первый ребёнок", "вторая жена", "не первый", "нет, второй"),
    *("второй или третий", "десятый", "第十个", "5-й", "0-й", "13-й", "бірінші әйелім", "он"),
)


@pytest.mark.parametrize(("typed", "position"), POSITIONS.items())
def test_position_among_options_is_read_in_every_language(typed: str, position: int) -> None:
    assert ordinals.read_position(typed, 4) == position


@pytest.mark.parametrize("typed", OTHERS)
def test_text_that_is_no_position_names_none(typed: str) -> None:
    assert ordinals.read_position(typed, 4) is None
