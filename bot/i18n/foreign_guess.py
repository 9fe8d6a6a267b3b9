"""Recognizes texts that are certainly in a language that the assistant does not offer.

The assistant must never address people who write in an offered language in a language that it does
not offer. Therefore this module requires stronger evidence than `language_guess`.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from bot.i18n import language_guess

# No language is recognized in a text with letters of several SCRIPTS, because a part of the text
# may be in an offered language.
SCRIPTS = (
    re.compile("[a-z]"),
    language_guess.CYRILLIC,
    language_guess.ARABIC,
    language_guess.HAN,
    language_guess.KANA,
)
# Letters of Arabic keyboards that people type in place of the Persian ones.
PERSIAN = str.maketrans("يك", "یک")
# Languages that `language_guess` recognizes although the assistant does not offer them.
LEARNED = ("en", "tr")
# Minimum lead over the next language, in tenths of log-odds. The largest lead of an English or
# Turkish guess for a test line in an offered language is 38 (the greeting "hello").
LEAD = 40
# Frequent words of each language that no offered language has in the same spelling. A text is
# certainly in a language if it has at least MIN_WORDS of these words, and if their share of the
# words in the text is at least that in MIN_SHARES. Nouns that Kazakhs abroad may borrow from the
# language are left out.
MIN_WORDS = 2
MIN_SHARES: Mapping[str, float] = {"en": 0.5, "tr": 0.5, "de": 0.33, "mn": 0.25, "fa": 0.25}
FREQUENT: Mapping[str, str] = {
    "en": "i they we my your us the it is are am was be have has do does did will would want need"
    " to from in of for and not please help how what where when who which about here there very"
    " much thank thanks good morning evening day hello don't dont know live get take like",
    "tr": "merhaba günaydın selamlar lütfen lutfen teşekkürler tesekkurler nerede nereden nereye"
    " nasıl nasil kadar için icin istiyorum istiyoruz bana benim değil degil gerekli gerekiyor"
    " geçerli gecerli miyim mıyım musun misiniz evet hayır yardım yardim olarak olmak almak yapmak"
    " kazakistan kazakistana sürer surer alınır alinir biliyor hakkında",
    "de": "ich und nicht wie kann möchte moechte habe haben mein meine meinen meiner meinem der die"
    " das dem ein eine einen einem einer ist sind für mit nach bitte danke hallo guten tag morgen"
    " abend was wer welche brauche brauchen bekomme bekommen werden werde wird wurde auch auf aus"
    " hilfe wir uns sie mich ihr oder aber wenn keine muss soll darf können koennen zum zur im über"
    " wann warum hat vielen dank sehr gibt es zurück mehr wohne lebe seit jemand leider hier diese"
    " dass lange",
    "mn": "байна вэ бэ уу үү юу юү сайн би бид миний минь надад намайг манай маань биднийг бидний"
    " таны хэрэгтэй ямар яаж хэрхэн хаана хэзээ хэд хэдэн хэн юм болох болно байгаа байсан байх"
    " байдаг хүсэж хүсч руу рүү гэж гэсэн энэ тэр авах өгөх өгнө дээр хийх нь одоо талаар чадах"
    " чадахгүй мэдэх мэдэхгүй ойлгохгүй шаардлагатай байж хэлээр надаас танаас хэр амьдардаг хүн",
    "fa": "این آن را برای است هستم هستیم هست می نمی کنم کنیم کنید کند کنند چه چگونه چطور کجا کجاست"
    " چیست آیا شما خود یک در خواهم خواهیم میخواهم میخوام دارم دارد داریم دارید ندارم لطفا لطفاً"
    " باید شود شوم شده شدم بود کرده کرد ممنون متشکرم خیلی چقدر مرا خواهند توانم تواند نیست نیستم"
    " چیکار بدهید اند پس برادرم پدرم مادرم شوهرم همسرم",
}
# One of these Mongolian and Persian words is sufficient to recognize the language, because no
# offered language has a similar word.
SUFFICIENT = "минь намайг миний надад байна вэ үү биднийг маань است نمی هستم نیستم باید کجاست خواهم"
# Words that are enough to recognize the language if the whole message is one of them.
ALONE: Mapping[str, str] = {
    "imdat": "tr", "hilfe": "de", "туслаарай": "mn", "туслаач": "mn",
    "کمک": "fa",
}  # fmt: skip
# Greetings, each with its language, which counts only if the greeting is the whole message: people
# also greet in one language and continue in another. "" means that people of all languages write
# this greeting.
GREETINGS: Mapping[str, str] = {
    "hello": "", "hi": "", "salem": "", "salam": "", "salom": "", "selam": "", "سلام": "",
    "merhaba": "tr", "günaydın": "tr", "hallo": "de", "guten tag": "de", "guten morgen": "de",
    "сайн байна уу": "", "сайн уу": "",
}  # fmt: skip
# For each language: letters that it does not have, but an offered language has. A text with one of
# these letters is not in the language.
LACKING: Mapping[str, str] = {
    "de": "çğışñ", "en": "çğışñ", "fa": "ءۆۇۋڭە", "mn": "әғқңұіһўҳ", "tr": "äñqwx",
}  # fmt: skip


def guess(typed: str) -> str | None:
    """Return the code of the language of a text if it is certainly not offered, else None."""
    text = unicodedata.normalize("NFKC", typed[: language_guess.MAX_CHARACTERS]).casefold()
    # The lower case of the Turkish capital letter İ has a separate dot.
    text = text.replace("i\u0307", "i").translate(PERSIAN)
    if sum(script.search(text) is not None for script in SCRIPTS) != 1:
        return None
    sentence = " ".join(language_guess.WORD.findall(text))
    greeting = next((each for each in GREETINGS if f"{sentence} ".startswith(f"{each} ")), "")
    rest = sentence.removeprefix(greeting).strip()
    if not rest:
        return GREETINGS.get(greeting) or None
    found = ALONE.get(rest) or _by_words(rest.split(" ")) or _by_letters(rest)
    return None if found is None or set(LACKING[found]) & set(text) else found


def _by_words(words: list[str]) -> str | None:
    """Return the language to which the text's frequent words belong; None if it is uncertain."""
    counts = {
        code: len(frequent.intersection(words)) for code, frequent in _frequent_words().items()
    }
    code = max(counts, key=lambda each: counts[each])
    is_enough = counts[code] >= MIN_WORDS or not _sufficient_words().isdisjoint(words)
    is_certain = is_enough and counts[code] >= MIN_SHARES[code] * len(set(words))
    return code if is_certain and list(counts.values()).count(counts[code]) == 1 else None


def _by_letters(text: str) -> str | None:
    form, lead = language_guess.likeliest_form(text)
    return form if form in LEARNED and lead >= LEAD else None


@cache
def _frequent_words() -> Mapping[str, frozenset[str]]:
    return {code: frozenset(words.split()) for code, words in FREQUENT.items()}


@cache
def _sufficient_words() -> frozenset[str]:
    return frozenset(SUFFICIENT.split())
