"""Lists of words in several languages: the first line is Kazakh, and the second line is Uzbek.

Both are written in one script in the list, and each also counts in the language's other script.
Spaces separate the words of a line, or ", " its phrases.
"""

from functools import cache

from bot.i18n import kazakh_arabic, normalization, uzbek_cyrillic


def in_all_scripts(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines together with the Kazakh and the Uzbek line in their other scripts."""
    kazakh, uzbek, *_others = lines
    arabic = kazakh_arabic.to_arabic(kazakh).replace("،", ",")
    return (*lines, arabic, uzbek_cyrillic.to_cyrillic(uzbek))


@cache
def folded_words(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the words of the lines in all scripts, as `normalization.fold` spells them."""
    return frozenset(
        normalization.fold(word) for line in in_all_scripts(lines) for word in line.split()
    )


@cache
def bare_words(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the words of the lines in all scripts, as `normalization.bare` spells them."""
    return frozenset(
        normalization.bare(word) for line in in_all_scripts(lines) for word in line.split()
    )
