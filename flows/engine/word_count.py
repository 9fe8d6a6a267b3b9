"""Counts the words of typed text, also in Chinese, which has no spaces between words."""

import re

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
HAN_PER_WORD = 2


def count_words(text: str) -> float:
    """Return the number of words in a text; two Chinese characters count as one word."""
    apart, han = HAN.subn(" ", text)
    words = sum(any(map(str.isalnum, word)) for word in apart.split())
    return words + han / HAN_PER_WORD
