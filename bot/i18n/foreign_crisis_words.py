"""Phrases of danger in German, Mongolian and Persian, which people write although none is offered.

The recognizer is not trained on these languages. `crisis_patterns` has English and Turkish.
"""

from functools import cache

from bot.i18n import normalization

# The phrases are long, because short ones match names and places. They are compared with the
# beginning of words.
# check: a native speaker of each language must check each line
PHRASES = (
    "polizei hat mein, wurde verhaftet, wurden verhaftet, wurde festgenommen, im gefängnis",
    "abgeschoben, abschieben, zurück nach china, in gefahr, lebensgefahr, eingesperrt",
    "schlägt mich, schlaegt mich, schlägt meine, hat mich geschlagen, vergewaltigt",
    "werde bedroht, werden bedroht, bedroht mich, bedrohen mich, bedroht uns, bedrohen uns",
    "mir den pass weggenommen, meinen pass weggenommen, lässt mich nicht gehen",
    "verfolgt mich, werde verfolgt, werde überwacht, werden überwacht",
    "nicht mehr leben, möchte sterben, will sterben, mich umbringen, selbstmord",
    "kind ist verschwunden, sohn ist verschwunden, tochter ist verschwunden",
    "jahren im lager, allein an der grenze",
    "баривчил, баривчлагд, шоронд, хорьчих, хуаранд, хятад руу буцаа, албадан гарга",
    "намайг зод, биднийг зод, заналхийл, айлган сүрдүүл, хүчирхийл, намайг дага",
    "паспортыг минь хураа, паспорт минь хураа, амиа хорло, амьдармааргүй, үхмээр байна",
    "хүүхэд минь алга, хүү минь алга, охин минь алга, ганцаараа байна",
    "амь насанд минь, аюул тулгар, аюулд орсон, аюулд байна, авраарай, намайг авар",
    "بازداشت, دستگیر, زندانی, در زندان, اردوگاه, دیپورت, به چین برگردان, به چین بفرست",
    "کتک می, مرا می زند, تهدید می, تهدید کرد, تعقیب می, تجاوز, خودکشی, زنده باشم",
    "می خواهم بمیرم, جانم در خطر, در خطر است, در خطر هستم, نجاتم, نجات بده",
    "پلیس برادر, پلیس پدر, پلیس شوهر, پلیس پسر, پلیس مرا, پلیس من را",
    "پاسپورتم را گرفت, گذرنامه ام را گرفت, بچه ام گم, پسرم گم, دخترم گم, در مرز تنها",
)


def danger(typed: str) -> bool:
    """Return True if a text contains one of PHRASES, at the beginning of a word."""
    text = f" {normalization.fold(typed)}"
    return any(phrase in text for phrase in phrases())


@cache
def phrases() -> frozenset[str]:
    """Return PHRASES in the spelling of `normalization.fold`, each after a space.

    Persian words have zero-width non-joiners inside, which people also type as spaces. `fold`
    removes them, so each phrase is also listed with one of its spaces removed.
    """
    folded = {normalization.fold(each) for line in PHRASES for each in line.split(", ")}
    joined = {
        each[:at] + each[at + 1 :]
        for each in folded
        for at, letter in enumerate(each)
        if letter == " "
    }
    return frozenset(f" {each}" for each in folded | joined)
