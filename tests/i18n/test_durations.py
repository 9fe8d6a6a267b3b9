"""Typed durations: "5 years" and "half a year" are read in every language; other texts are not."""

import pytest

from bot.i18n import durations

DAYS = {
    "5 лет": 1800, "2 года": 720, "ещё 3 месяца": 90, "еще полгода": 180, "год": 360,
    "через месяц": 30, "через два года": 720, "две недели": 14, "20 дней": 20, "бес жыл": 1800,
    "3 ай": 90, "үш айдан кейін": 90, "жарты жыл": 180, "بەس جىل": 1800, "ءۇش اي": 90,
    "5 yil": 1800, "yarim yil": 180, "олти ой": 180, "五年": 1800, "三个月": 90, "半年": 180,
    "还有两年": 720, "3个月后": 90,
}  # fmt: skip
OTHERS = (
    *("", "5", "ай", "ой", "он ай", "2030", "2030 год", "到2030年", "2030年", "больше года"),
    *("почти год", "не год", "1-2 года", "1 год 2 месяца", "год назад", "через год или два"),
    *("两三年", "1个半月", "100 лет", "каждый год"),
)


@pytest.mark.parametrize(("typed", "days"), DAYS.items())
def test_duration_is_read_in_every_language(typed: str, days: int) -> None:
    assert durations.read_days(typed) == days


@pytest.mark.parametrize("typed", OTHERS)
def test_text_that_is_no_duration_names_none(typed: str) -> None:
    assert durations.read_days(typed) is None
