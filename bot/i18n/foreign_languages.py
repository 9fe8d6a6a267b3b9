"""Sentences for people whose first message is in a language that the assistant does not offer.

The sentences are shown above the choice of a language. After the choice, the assistant continues in
the chosen language. The project wrote the sentences; a speaker has not checked them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.i18n import foreign_guess


@dataclass(frozen=True, slots=True)
class Foreign:
    """Sentences to show to people who write in one language that the assistant does not offer.

    `answers` tells in which languages the assistant answers, and `danger` how to ask for an officer
    in danger. `names` maps the codes of offered languages, without scripts, to their names in the
    form that the sentence `answers` needs. `between` and `last` are the separators of these names.
    """

    answers: str
    danger: str
    names: Mapping[str, str]
    between: str
    last: str

    def lines(self, offered: Sequence[tuple[str, str]], *, is_danger: bool) -> tuple[str, ...]:
        """Return the sentences to show; `offered` has each offered language's code and own name."""
        own_names = {code.partition("_")[0]: name for code, name in offered}
        *names, last = (self.names.get(code, name) for code, name in own_names.items())
        languages = self.last.join((self.between.join(names), last)) if names else last
        answers = self.answers.format(languages=languages)
        return (self.danger, answers) if is_danger else (answers,)


# Kosh understands the word in quotation marks (officer) before and after a language is chosen.
FOREIGN: Mapping[str, Foreign] = {
    # check: a native speaker must check this
    "en": Foreign(
        "This assistant answers in {languages}. Please choose a language below. After that you can"
        " also ask to talk to a person.",
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
    # check: a native speaker must check this
    "de": Foreign(
        "Dieser Assistent antwortet auf {languages}. Bitte wählen Sie unten eine Sprache. Danach"
        " können Sie auch mit einem Menschen sprechen.",
        "Wenn jemand in Gefahr ist, schreiben Sie hier bitte keine Namen. Schreiben Sie „person“:"
        " Dringende Fragen werden zuerst gelesen.",
        {"kk": "Kasachisch", "ru": "Russisch", "zh": "Chinesisch", "uz": "Usbekisch"},
        between=", ",
        last=" und ",
    ),
    # check: a native speaker must check this
    "mn": Foreign(
        "Энэ туслах {languages} хэлээр хариулна. Доороос хэлээ сонгоно уу. Дараа нь та мөн"
        " ажилтантай ярьж болно.",
        "Хэн нэгэн аюулд орсон бол энд хүний нэр битгий бичээрэй. Латин үсгээр “person” гэж"
        " бичээрэй: яаралтай асуултыг түрүүлж уншдаг.",
        {"kk": "казах", "ru": "орос", "zh": "хятад", "uz": "узбек"},
        between=", ",
        last=", ",
    ),
    # check: a native speaker must check this
    "fa": Foreign(
        "این دستیار به {languages} پاسخ می‌دهد. لطفاً در پایین یک زبان را انتخاب کنید. پس از آن"
        " می‌توانید با یک کارمند هم صحبت کنید.",
        "اگر کسی در خطر است، لطفاً اینجا نام کسی را ننویسید. با حروف لاتین بنویسید «person»:"
        " پرسش‌های فوری اول خوانده می‌شوند.",
        {"kk": "قزاقی", "ru": "روسی", "zh": "چینی", "uz": "ازبکی"},
        between="، ",
        last=" و ",
    ),
}


def language(typed: str, offered: Sequence[tuple[str, str]]) -> str | None:
    """Return the language of a text if it is certain and is not offered, else None."""
    code = foreign_guess.guess(typed)
    return None if code in dict(offered) else code


def lines(typed: str, offered: Sequence[tuple[str, str]], *, is_danger: bool) -> tuple[str, ...]:
    """Return the sentences to show to the writer of a text, in the language of the text.

    Return () if the text may be in an offered language. `is_danger` adds how to reach an officer.
    """
    code = language(typed, offered)
    return FOREIGN[code].lines(offered, is_danger=is_danger) if code else ()
