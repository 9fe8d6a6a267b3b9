"""Guesses the written form of a first message from its letters and most frequent words."""

import re
import unicodedata

HAN = re.compile("[\u3400-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")
ARABIC = re.compile("[\u0620-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
WORD = re.compile(r"[^\W\d_]+(?:[ʻʼ'’‘`][^\W\d_]+)*")
APOSTROPHES = {ord(mark): "'" for mark in "ʻʼ’‘`"}
# Cyrillic letters that only one of the three languages uses.
UZBEK_LETTERS, KAZAKH_LETTERS, RUSSIAN_LETTERS = set("ўҳ"), set("әңүұөһі"), set("ёщъэ")
# Letters of Kazakh and Uzbek that Russian lacks; with ы the text is Kazakh, since Uzbek has no ы.
TURKIC_LETTERS = set("қғ")
LETTER_WEIGHT = 4
# Shorter words may have such an ending by chance.
MIN_BENT = 4

# The most frequent words as people type them, in Kazakh also without its special letters.
CYRILLIC_WORDS = {
    "kk": "мен маған маган мені менің менин сіз сиз бар жоқ жок қалай калай қайда кайда қанша канша"
    " керек ма ме ба бе па пе қандай кандай құжат кужат бола болады сәлем салем рахмет рақмет үшін"
    " ушин және жане көшу кошу көшкім елге қазақстан казакстан қазақстанға казакстанга казак қазақ"
    " балам отбасы келеді алуға алу деген бере алам",
    "ru": "и в на не как что мне мой моя я у для по с это ли можно нужно где сколько здравствуйте"
    " привет спасибо хочу какие какой если есть кто когда мы нас вы из до за или документы"
    " казахстан казахстане меня мои нет чтобы получить",
    "uz_Cyrl": "мен менга мени менинг керак қандай кандай қаерда каерда қанча канча салом рахмат"
    " учун билан бор йўқ мумкин борми керакми қозоғистон козогистон қозоғистонга ҳужжат хужжат"
    " олиш бўлади буладими қилиб ва нима",
}
LATIN_WORDS = {
    "uz": "men menga meni mening kerak qanday qayerda qancha salom assalomu rahmat uchun bilan bor"
    " yo'q yoq mumkin bormi kerakmi qozog'iston qozogiston qozog'istonga hujjat olish bo'ladi va"
    " nima qanaqa necha oila bolalar ko'chib bo'lsa haqida pul alaykum",
    "kk": "magan qalai qalay kalai kalay qaida kaida qansha kansha kerek salem rahmet qazaqstan"
    " kazakstan qujat kujat bolady bolama ushin jane zhane otbasy koshu jok joq",
    "ru": "kak chto mne moi ya dlya mozhno nuzhno gde skolko zdravstvuyte privet spasibo hochu"
    " kakie esli est dokumenty kazahstan v na ne u",
}
# The most frequent word endings, for messages without any of the words above.
CYRILLIC_ENDINGS = {
    "ru": ("ть", "ия", "ие", "ов", "ый", "ая", "ого", "ции", "ние", "ой", "ую", "ей", "ами"),
    "kk": ("ды", "ді", "ға", "ге", "дан", "ден", "лар", "лер", "мын", "мін", "дык", "ып", "еді"),
    "uz_Cyrl": ("нинг", "дим", "миз", "япман", "сам", "лар", "син", "ган", "шди", "гини", "мни"),
}
LATIN_ENDINGS = {
    "uz": ("ning", "dan", "lar", "siz", "miz", "man", "adi", "dimi", "moqchi", "ish", "sam", "gan"),
    "kk": ("dyn", "din", "ady", "edi", "lyk", "dyk", "pyn", "myn"),
    "ru": ("at", "it", "et", "ov", "iya", "nie", "ogo", "aya"),
}


def guess(typed: str) -> str | None:
    """Return the code of the written form of a text; None if nothing identifies it."""
    text = unicodedata.normalize("NFKC", typed).casefold()
    if HAN.search(text) and not KANA.search(text):
        return "zh_Hans"
    if ARABIC.search(text):
        return "kk_Arab"
    words = [word.translate(APOSTROPHES) for word in WORD.findall(text)]
    if any("\u0400" <= letter <= "\u04ff" for letter in text):
        letters = set(text)
        scores = _scores(words, CYRILLIC_WORDS, CYRILLIC_ENDINGS)
        scores["uz_Cyrl"] += LETTER_WEIGHT * len(letters & UZBEK_LETTERS)
        scores["kk"] += LETTER_WEIGHT * len(letters & KAZAKH_LETTERS)
        scores["ru"] += LETTER_WEIGHT * len(letters & RUSSIAN_LETTERS)
        if letters & TURKIC_LETTERS:
            scores["kk"] += 1 + ("ы" in letters)
            scores["ru"] = 0
        return _best(scores)
    return _best(_scores(words, LATIN_WORDS, LATIN_ENDINGS))


def _scores(
    words: list[str], known: dict[str, str], endings: dict[str, tuple[str, ...]]
) -> dict[str, int]:
    """Return a score for each language: 2 for each frequent word, 1 for each frequent ending."""
    return {
        code: sum(
            2 if word in line.split() else word.endswith(endings[code]) and len(word) > MIN_BENT
            for word in words
        )
        for code, line in known.items()
    }


def _best(scores: dict[str, int]) -> str | None:
    best, second, *_others = sorted(scores.items(), key=lambda score: -score[1])
    return best[0] if best[1] > second[1] else None
