"""Random names in five scripts: each as typed, and as it must be stored."""

import random
import unicodedata
from collections.abc import Callable, Iterator

type Pair = tuple[str, str]
"""A typed name, and the name that must be stored."""

KAZAKH = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
UZBEK_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшъьэюяўқғҳ"
# Kazakh letters in Arabic script from several keyboards, and the sign hamza. Kosh stores all their
# spellings as typed.
ARABIC = "ابۆگعدەجزيكقلمنڭوپرستۋۇفحھچىشءٴکیهةئ"
LATIN = "abdefhijklmnpqrstuvxyzöğşçáéíúńǵýäüñ"
HAN = [
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B738),
    (0x2B740, 0x2B81D),
    (0x2B820, 0x2CEA1),
    (0x2CEB0, 0x2EBE0),
    (0x2EBF0, 0x2EE5D),
    (0x30000, 0x3134A),
    (0x31350, 0x323AF),
    (0xF900, 0xFA6D),
    (0xFA70, 0xFAD9),
    (0x3007, 0x3007),
]
APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′＇"
DOTS = "·・･•‧∙⋅．.⸱\u0387"
HYPHENS = "-‐‑‒–—−"
INVISIBLE = ("\u2068", "\u2069", "\u200f", "\u200b", "\ufeff", "\u00ad")


def names(script: str, count: int, seed: int) -> Iterator[Pair]:
    """Yield `count` pairs of a typed and a stored name in a script, a key of SCRIPTS.

    The same seed gives the same names.
    """
    rng = random.Random(f"{script}-{seed}")
    for _number in range(count):
        yield _name(SCRIPTS[script], rng)


def _name(word: Callable[[random.Random], Pair], rng: random.Random) -> Pair:
    """Return a name of one to three words made by `word`.

    Some names are hyphenated, in Unicode's decomposed form, or contain an invisible character.
    """
    typed, stored = word(rng)
    for _more in range(rng.choice((0, 0, 1, 1, 2))):
        more, stored_more = word(rng)
        if rng.random() < 0.1:
            typed, stored = f"{typed}{rng.choice(HYPHENS)}{more}", f"{stored}-{stored_more}"
        else:
            typed, stored = (
                f"{typed}{' ' * rng.choice((1, 1, 1, 2))}{more}",
                f"{stored} {stored_more}",
            )
    if rng.random() < 0.2:
        typed = unicodedata.normalize("NFD", typed)
    if rng.random() < 0.1:
        at = rng.randrange(len(typed) + 1)
        typed = f"{typed[:at]}{rng.choice(INVISIBLE)}{typed[at:]}"
    return typed, unicodedata.normalize("NFC", stored)


def _of_letters(letters: str) -> Callable[[random.Random], Pair]:
    def word(rng: random.Random) -> Pair:
        made = "".join(rng.choices(letters, k=rng.randint(3, 10)))
        made = rng.choice((made.capitalize(), made.upper(), made))
        return made, made

    return word


def _uzbek(rng: random.Random) -> Pair:
    """Return a word in Uzbek Latin letters.

    The typed word has random apostrophes of keyboards instead of the marks of oʻ and gʻ and of the
    apostrophe tutuq (ʼ).
    """
    typed, stored = "", ""
    for _letter in range(rng.randint(3, 9)):
        chance = rng.random()
        if chance < 0.15:
            letter = rng.choice("oOgG")
            typed, stored = typed + letter + rng.choice(APOSTROPHES), f"{stored}{letter}ʻ"
        elif chance < 0.2 and stored and stored[-1] in LATIN:
            typed, stored = typed + rng.choice(APOSTROPHES), f"{stored}ʼ"
        else:
            letter = rng.choice(LATIN)
            typed, stored = typed + letter, stored + letter
    return typed, stored


def _chinese(rng: random.Random) -> Pair:
    """Return two to six characters, rare and common ones equally often, some with a middle dot."""
    made = "".join(chr(rng.randint(*rng.choice(HAN))) for _character in range(rng.randint(2, 6)))
    if rng.random() < 0.5:
        return made, made
    more = "".join(chr(rng.randint(*rng.choice(HAN))) for _character in range(rng.randint(1, 4)))
    return f"{made}{rng.choice(DOTS)}{more}", f"{made}·{more}"


SCRIPTS: dict[str, Callable[[random.Random], Pair]] = {
    "Kazakh Cyrillic": _of_letters(KAZAKH),
    "Kazakh Arabic": _of_letters(ARABIC),
    "Uzbek Latin": _uzbek,
    "Chinese": _chinese,
    "Uzbek Cyrillic": _of_letters(UZBEK_CYRILLIC),
}
