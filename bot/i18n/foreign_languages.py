"""Sentences for people whose first message is in a language that the assistant does not offer.

They are shown above the choice of a language and are no translation of the assistant: it continues
in the chosen language. Source of the sentences: we wrote them; a speaker has not checked them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.i18n import foreign_guess


@dataclass(frozen=True, slots=True)
class Foreign:
    """The sentences in one language.

    `answers` tells in which languages the assistant answers, and `danger` how to ask for an officer
    in danger. `names` has the offered languages, without their scripts, as `answers` needs them.
    """

    answers: str
    danger: str
    names: Mapping[str, str]
    between: str
    last: str

    def lines(self, offered: Sequence[tuple[str, str]], *, is_danger: bool) -> tuple[str, ...]:
        """Return the sentences to show; `offered` has codes and own names of languages."""
        spoken = {code.partition("_")[0]: name for code, name in offered}
        *names, last = (self.names.get(code, name) for code, name in spoken.items())
        listed = self.last.join((self.between.join(names), last)) if names else last
        answers = self.answers.format(languages=listed)
        return (self.danger, answers) if is_danger else (answers,)


# The word in quotation marks is understood before and after the choice of a language.
FOREIGN: Mapping[str, Foreign] = {
    # check: a native speaker must check this
    "en": Foreign(
        "This assistant answers in {languages}. Please choose a language below. After that you can"
        " also ask for a person.",
        "If somebody is in danger, please do not write names here. Write “person”: urgent questions"
        " are read first.",
        {"kk": "Kazakh", "ru": "Russian", "zh": "Chinese", "uz": "Uzbek"},
        between=", ",
        last=" and ",
    ),
    # check: a native speaker must check this
    "tr": Foreign(
        "Bu asistan {languages} yanıt verir. Lütfen aşağıdan bir dil seçin. Sonra bir görevliyle de"
        " görüşebilirsiniz.",
        "Birisi tehlikedeyse lütfen buraya isim yazmayın. “person” yazın: acil sorular önce"
        " okunur.",
        {"kk": "Kazakça", "ru": "Rusça", "zh": "Çince", "uz": "Özbekçe"},
        between=", ",
        last=" ve ",
    ),
}


def lines(typed: str, offered: Sequence[tuple[str, str]], *, is_danger: bool) -> tuple[str, ...]:
    """Return the sentences in the language of a text; () if this language may be an offered one."""
    code = foreign_guess.guess(typed)
    if code is None or code in dict(offered):
        return ()
    return FOREIGN[code].lines(offered, is_danger=is_danger)
