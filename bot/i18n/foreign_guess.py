"""Recognizes a text in a language that the assistant does not offer, only with certainty.

People who write in an offered language must never be addressed in another one. Therefore the
evidence that is required here is stronger than that of `language_guess`.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from bot.i18n import language_guess

# A text in several scripts may partly be in an offered language.
SCRIPTS = (
    re.compile("[a-z]"),
    language_guess.CYRILLIC,
    language_guess.ARABIC,
    language_guess.HAN,
    language_guess.KANA,
)
# Languages that `language_guess` knows although they are not offered.
LEARNED = ("en", "tr")
# Minimum lead over the next language, in tenths of log-odds. The largest lead of an English or
# Turkish guess for a test line in an offered language is 38 (the greeting "hello").
LEAD = 40
# Frequent words that no offered language has in the same spelling. A text is certainly in a
# language if it has at least MIN_WORDS of its words, which are at least MIN_SHARE of all its words.
MIN_WORDS, MIN_SHARE = 2, 0.5
FREQUENT: Mapping[str, str] = {
    "en": "i they we my your us the it is are am was be have has do does did will would want need"
    " to from in of for and not please help how what where when who which about here there very"
    " much thank thanks good morning evening day hello don't dont know live get take like",
    "tr": "merhaba günaydın selamlar lütfen lutfen teşekkürler tesekkurler nerede nereden nereye"
    " nasıl nasil kadar için icin istiyorum istiyoruz bana benim değil degil gerekli gerekiyor"
    " geçerli gecerli miyim mıyım musun misiniz evet hayır yardım yardim olarak olmak almak yapmak"
    " kazakistan kazakistana sürer surer alınır alinir biliyor hakkında",
}
# Words that are certain although they are the whole message.
ALONE: Mapping[str, str] = {"merhaba": "tr", "günaydın": "tr", "imdat": "tr"}


def guess(typed: str) -> str | None:
    """Return the code of the language of a text if it is certainly not offered, else None."""
    text = unicodedata.normalize("NFKC", typed[: language_guess.MAX_CHARACTERS]).casefold()
    # The lower case of the Turkish capital letter İ has a separate dot.
    text = text.replace("i\u0307", "i")
    if sum(script.search(text) is not None for script in SCRIPTS) != 1:
        return None
    words = language_guess.WORD.findall(text)
    if len(words) == 1 and words[0] in ALONE:
        return ALONE[words[0]]
    if (found := _by_words(words)) is not None:
        return found
    form, lead = language_guess.leading(typed)
    return form if form in LEARNED and lead >= LEAD else None


def _by_words(words: list[str]) -> str | None:
    """Return the language whose frequent words a text has; None if no language is certain."""
    counts = {code: len(frequent.intersection(words)) for code, frequent in _frequent().items()}
    code = max(counts, key=lambda each: counts[each])
    is_certain = counts[code] >= max(MIN_WORDS, MIN_SHARE * len(set(words)))
    return code if is_certain and list(counts.values()).count(counts[code]) == 1 else None


@cache
def _frequent() -> Mapping[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in FREQUENT.items()}
