"""Trains the table of letter groups by which `bot.i18n.language_guess` guesses a written form.

A written form is a language in a script, such as `uz_Cyrl`. Training needs the dependency group
`training`. Few authors wrote Russian and Kazakh in Latin letters, as people type them, so phrases
are also transliterated by rule. English and Turkish, which the assistant does not offer, are
learned so that they are not mistaken for a language that it offers.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.i18n import catalogues, language_guess
from bot.i18n.language_guess import ARABIC, CYRILLIC, FORMS, HAN
from bot.understanding import phrases
from bot.understanding.phrases import Phrase
from bot.understanding.training import one_thread
from flows.knowledge.intents import BY_ID, Kind

FOLDS = 4
# A letter group must occur in MIN_LINES lines, because rarer groups tell little. More groups than
# MAX_GROUPS did not improve the guess. Latin letters have the higher limit, because twice as many
# written forms use them.
MIN_LINES = 5
MAX_GROUPS: Mapping[str, int] = {"Cyrl": 800, "Latn": 1200}
# Inverse strength of regularisation, chosen by cross-validation among 0.1, 0.3 and 1.
REGULARISATION = 0.3
MAX_STEPS = 300
# Weights of lines: lines that an author wrote, and all other lines. The latter are transliterated
# or in languages that are not offered, and people seldom write such lines.
WEIGHT_WRITTEN, WEIGHT_OTHER = 3.0, 1.0
# A file with the columns: written form, a mark if the line speaks of danger, text.
OTHER_LANGUAGES = Path(__file__).with_name("other_languages.tsv")
HEADER = "script\tgroup\tweights"
CYRILLIC_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + "әғқңөұүіһ"
# Two common ways of typing each letter of CYRILLIC_LETTERS in Latin letters; "-" leaves it out.
LATIN_LETTERS = (
    "a b v g d e yo zh z i y k l m n o p r s t u f h c ch sh sch - y - e yu ya a g q n o u u i h",
    "a b v g d e e j z i i k l m n o p r s t u f kh ts ch sh sh - i - e u ia a gh k ng o u u i h",
)
TYPED_IN_LATIN = tuple(
    str.maketrans(dict(zip(CYRILLIC_LETTERS, line.replace("-", "").split(" "), strict=True)))
    for line in LATIN_LETTERS
)

PLACE = re.compile(r"\{\w+\}")
OTHER_SCRIPTS = re.compile("|".join((CYRILLIC.pattern, HAN.pattern, ARABIC.pattern)))

# Added to the weight of a frequent word, in tenths of log-odds, because many messages are only a
# greeting.
FREQUENT_WEIGHT = 20
# The most frequent words as people type them. Kazakh words are also listed without the special
# letters of Kazakh.
FREQUENT: Mapping[str, Mapping[str, str]] = {
    "Cyrl": {
        "kk": "мен маған маган мені менің менин сіз сиз бар жоқ жок қалай калай қайда кайда"
        " қанша канша керек ма ме ба бе па пе қандай кандай құжат кужат бола болады"
        " сәлем салем рахмет рақмет үшін ушин және жане көшу кошу көшкім елге қазақстан"
        " казакстан қазақстанға казакстанга казак қазақ балам отбасы келеді алуға алу"
        " деген бере алам қашан қандас көмек",
        "ru": "и в на не как что мне мой моя я у для по с это ли можно нужно где сколько"
        " здравствуйте привет спасибо хочу какие какой если есть кто когда мы нас вы из"
        " до за или документы казахстан казахстане меня мои нет чтобы получить",
        "uz_Cyrl": "мен менга мени менинг керак қандай кандай қаерда каерда қанча канча салом"
        " рахмат учун билан бор йўқ мумкин борми керакми қозоғистон козогистон"
        " қозоғистонга ҳужжат хужжат олиш бўлади буладими қилиб ва нима қачон ёрдам қандас",
    },
    "Latn": {
        "uz": "men menga meni mening kerak qanday qayerda qancha salom assalomu rahmat uchun"
        " bilan bor yo'q yoq mumkin bormi kerakmi qozog'iston qozogiston qozog'istonga"
        " hujjat olish bo'ladi va nima qanaqa necha oila bolalar ko'chib bo'lsa haqida"
        " pul alaykum yordam iltimos xayr xayrli savol ham qaysi endi ikki shu odam erim"
        " yoki emas hozir bering ariza ekan yana hech otam onam akam ukam lekin oldin nega hali"
        " bitta narsa ertaga bilmayman avval menda ayting bugun yangilik",
        "kk": "magan qalai qalay kalai kalay qaida kaida qansha kansha kerek salem rahmet"
        " qazaqstan kazakstan qujat kujat bolady bolama ushin jane zhane otbasy koshu"
        " jok joq",
        "en": "you we he she they is are am my the of and what how where when why can help please"
        " hello hi thanks have need was with from not police",
        "tr": "bana beni bizi ve için icin nasıl nasil nerede değil degil yok lazım lazim kaç kac"
        " merhaba teşekkürler tesekkurler yardım istiyorum",
        "ru": "kak chto mne moi ya dlya mozhno nuzhno gde skolko zdravstvuyte privet spasibo"
        " hochu kakie esli est dokumenty kazahstan v na ne u",
    },
}

type Table = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """A text to learn from, with its written form (language and script).

    With `is_measured`, an author wrote the line, and it is used to measure the guess.
    """

    form: str
    text: str
    is_danger: bool
    weight: float
    is_measured: bool


def lines(written: Iterable[Phrase], script: str) -> list[Line]:
    """Return the training phrases in a script, without duplicates and out-of-scope phrases.

    For Latin letters, also return lines in languages that are not offered, so that the assistant
    recognizes these languages and asks people who write in them to choose an offered language.
    """
    found: dict[tuple[str, str], Line] = {}
    others = list(_others()) if script == "Latn" else []
    # Some authors wrote Turkish or English lines among the phrases of another language. These lines
    # are left out.
    foreign = {phrases.key(line.text) for line in others}
    for number, phrase in enumerate(written):
        if BY_ID[phrase.intent].kind is Kind.NONE:
            continue
        for line in _in_script(phrase, script, number):
            if (key := phrases.key(line.text)) not in foreign:
                found.setdefault((line.form, key), line)
    return [*found.values(), *others]


def train(learned: Sequence[Line], script: str) -> Table:
    """Return for each letter group of a script one weight per written form.

    A weight is in tenths of log-odds. Raises `TrainingError` if scikit-learn is missing.
    """
    with one_thread()(limits=1):
        return _weights(learned, script)


def cross_validated(learned: Sequence[Line], script: str) -> dict[str, tuple[float, ...]]:
    """Return for each written form the percentages of lines that are guessed rightly and wrongly.

    Two further percentages are for only the lines about danger.
    """
    guesses: dict[int, str | None] = {}
    for fold in range(FOLDS):
        others = [line for at, line in enumerate(learned) if at % FOLDS != fold]
        table = train(others, script)
        for at in range(fold, len(learned), FOLDS):
            guesses[at] = language_guess.by_table(learned[at].text.casefold(), script, table)
    return {form: _figures(learned, guesses, form) for form in FORMS[script]}


def save(tables: Mapping[str, Table]) -> None:
    """Write the weights of all scripts to the file that `language_guess` reads."""
    rows = [
        f"{script}\t{group.replace(' ', '_')}\t{' '.join(map(str, weights))}"
        for script, table in tables.items()
        for group, weights in sorted(table.items())
    ]
    language_guess.FILE.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")


def _weights(learned: Sequence[Line], script: str) -> Table:
    found = [set(language_guess.groups(line.text)) for line in learned]
    counts = Counter(group for each in found for group in sorted(each))
    names = sorted(group for group, lines in counts.items() if lines >= MIN_LINES and group != " ")
    matrix = _matrix(found, names)
    first = _fit(matrix, learned, script)
    spread = np.abs(first - first.mean(0)).max(0)
    importance = spread * np.sqrt([counts[group] for group in names])
    columns = np.sort(np.argsort(-importance, kind="stable")[: MAX_GROUPS[script]])
    weights = np.rint(_fit(matrix[:, columns], learned, script) * 10).astype(int)
    rows = zip(columns, weights.T.tolist(), strict=True)
    table = {names[at]: tuple(row) for at, row in rows}
    for word in sorted(set(" ".join(FREQUENT[script].values()).split())):
        row = table.get(f" {word} ", (0,) * len(FORMS[script]))
        forms = (FREQUENT[script].get(form, "").split() for form in FORMS[script])
        added = (FREQUENT_WEIGHT * (word in words) for words in forms)
        table[f" {word} "] = tuple(map(sum, zip(row, added, strict=True)))
    return table


def _in_script(phrase: Phrase, script: str, number: int) -> Iterator[Line]:
    is_danger = BY_ID[phrase.intent].kind is Kind.DANGER
    for each in phrases.in_scripts(phrase):
        text, form = each.text.casefold(), each.language
        if form in FORMS[script] and _is_in(text, script):
            yield Line(form, text, is_danger, weight=WEIGHT_WRITTEN, is_measured=True)
        elif script == "Latn" and form in ("kk", "ru") and _is_in(text, "Cyrl") and number % 2:
            spelling = TYPED_IN_LATIN[number // 2 % 2]
            yield Line(form, text.translate(spelling), is_danger, weight=1, is_measured=False)


def _others() -> Iterator[Line]:
    """Yield lines in languages that are not offered: English source texts, others from a file.

    Turkish lines are also yielded without accents, as typed on an English keyboard.
    """
    for message in catalogues.read("ru"):
        text = PLACE.sub("", str(message.id)).casefold()
        if text.isascii() and text.strip():
            yield Line("en", text, is_danger=False, weight=WEIGHT_OTHER, is_measured=True)
    for row in OTHER_LANGUAGES.read_text("utf-8").splitlines()[1:]:
        form, mark, text = row.casefold().split("\t")
        yield Line(form, text, bool(mark), weight=WEIGHT_OTHER, is_measured=True)
        if (plain := _plain_letters(text)) != text:
            yield Line(form, plain, bool(mark), weight=WEIGHT_OTHER, is_measured=False)


def _plain_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("ı", "i"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _is_in(text: str, script: str) -> bool:
    return bool(CYRILLIC.search(text) if script == "Cyrl" else not OTHER_SCRIPTS.search(text))


def _fit(matrix: Any, learned: Sequence[Line], script: str) -> NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression

    forms = [FORMS[script].index(line.form) for line in learned]
    weights = [line.weight for line in learned]
    model = LogisticRegression(C=REGULARISATION, max_iter=MAX_STEPS, class_weight="balanced")
    model.fit(matrix, forms, weights)
    return np.asarray(model.coef_)


def _matrix(found: Sequence[set[str]], names: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    numbers = {group: number for number, group in enumerate(names)}
    columns = [sorted(numbers[group] for group in each if group in numbers) for each in found]
    ends = np.cumsum([0, *map(len, columns)])
    flat = [column for each in columns for column in each]
    return csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(found), len(names)))


def _figures(
    learned: Sequence[Line], guesses: Mapping[int, str | None], form: str
) -> tuple[float, ...]:
    figures = []
    for dangers in (False, True):
        places = [
            at
            for at, line in enumerate(learned)
            if line.form == form and line.is_measured and (line.is_danger or not dangers)
        ]
        right = sum(guesses[at] == form for at in places)
        wrong = sum(guesses[at] not in (form, None) for at in places)
        figures += [100 * right / max(len(places), 1), 100 * wrong / max(len(places), 1)]
    return tuple(figures)
