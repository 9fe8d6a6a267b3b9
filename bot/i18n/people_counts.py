"""Reads a typed number of people, such as "5" or "5 people", in every language and script."""

import re

from bot.i18n import normalization, number_words
from bot.i18n.ages import NOT_EXACT
from bot.i18n.parsers import HAN_NUMBER, read_number
from bot.i18n.word_lists import folded_words
from flows.engine.language_protocol import Refusal

# Words that may occur beside the number of people. Words for children only are left out, and words
# that change the number, such as "almost". The first line is Kazakh, the second one is Uzbek; each
# also matches in its other script.
BESIDE = (
    "адам адамбыз кісі кісіміз жан біз барлығы барлығымыз",
    "kishi kishimiz odam odammiz nafar ta biz jami hammamiz",
    "человек человека чел нас всего вместе со мной",
    "个人 人 口 口人 位 名 我们 我们有 家里有 共 全家 家里 总共",
    "people persons person we are together",
)
# Chinese words with a numeral that is no number of people: "in all", "the whole family".
HAN_WHOLE = re.compile("一共|一家")
PART = re.compile(r"[0-9]+|[^\W\d_]+")
BETWEEN = re.compile(r"[\s.,]*")


def read_people(typed: str, minimum: int, limit: int) -> int | Refusal:
    """Return the number of people, from `minimum` to `limit`, that a text names, or a refusal."""
    return read_number(_figures(typed) or typed, minimum, limit)


def _figures(typed: str) -> str:
    """Return the only number in a text, or "" if the text has other words, numbers or signs."""
    if NOT_EXACT.search(typed):
        return ""
    text = HAN_WHOLE.sub("", normalization.fold(typed).replace("两", "二"))
    text = HAN_NUMBER.sub(lambda found: f" {read_number(found[0], 0, 99)} ", text)
    text = number_words.with_digits(text)
    parts = PART.findall(text) if BETWEEN.fullmatch(PART.sub("", text)) else []
    figures = [part for part in parts if part[0].isdecimal()]
    is_known = all(part in folded_words(BESIDE) for part in parts if part not in figures)
    return figures[0] if is_known and len(figures) == 1 else ""
