"""The number that the web chat asks for, to recognise a program that sends many messages."""

import re
from html import unescape

from bot.runtime import Runtime
from bot.web import chat_budget


def captcha_numbers(rt: Runtime, language: str) -> dict[str, int]:
    """Return each text with which the web chat can ask for a number, and the right number."""
    render, found = rt.languages.render, {}
    for tens in range(2, 10):
        for ones in range(1, 10):
            number = tens * 10 + ones
            (line,) = chat_budget._question(number, wrong=False)[1:]
            found[render(line, language)] = number
    return found


def captcha_number(rt: Runtime, page: str, language: str = "ru") -> int:
    """Return the number for which the page asks."""
    lines = {unescape(each) for each in re.findall(r"<p[^>]*>([^<]*)</p>", page)}
    (number,) = {n for text, n in captcha_numbers(rt, language).items() if text in lines}
    return number
