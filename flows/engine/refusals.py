"""The sentence for each reason why typed input is not accepted as an answer."""

from flows.engine import labels
from flows.engine.flow import Consent
from flows.engine.language_protocol import Refusal
from flows.engine.questions import Question
from flows.engine.text import Text, Value, _

FOUR_DIGITS = _("Please write the year with four digits. Example: 1990")
# A typed "yes" is no explicit consent.
# Translators: {agree} and {disagree} are the two buttons below the question for a consent.
TO_A_CONSENT = _(
    "Please press “{agree}” or “{disagree}”, or write these words.",
    agree=labels.AGREE,
    disagree=labels.DISAGREE,
)
REFUSALS: dict[Refusal, Text] = {
    Refusal.EMPTY: _("Please write an answer or use a button."),
    Refusal.TOO_LONG: _("That is too long. Please keep it under {most} characters."),
    Refusal.NOT_LETTERS: _(
        "Please use letters only, without digits or pictures. Example: {example}"
    ),
    Refusal.NOT_A_NAME: _("Please write only this, without other words: {label}"),
    Refusal.NOT_LATIN: _("Please write it in Latin letters, as in the passport. Example: TESTOVA"),
    Refusal.NOT_KAZAKH: _(
        "Please write it in Kazakh: in Cyrillic, Arabic or Latin letters. Example: {example}"
    ),
    Refusal.NOT_A_DATE: _("I cannot read this date. Example: 07.02.1990"),
    Refusal.NO_SUCH_DAY: _("This date does not exist. Example: 07.02.1990"),
    Refusal.MONTH_FIRST: _(
        "Please write the day first, then the month and the year. Example: 07.02.1990"
    ),
    Refusal.NOT_A_YEAR: FOUR_DIGITS,
    Refusal.TWO_DIGIT_YEAR: FOUR_DIGITS,
    Refusal.FUTURE: _("This date is in the future. Example: 1990"),
    Refusal.TOO_OLD: _("This year is before 1900. Example: 1990"),
    Refusal.NOT_A_NUMBER: _("Please write a number in digits. Example: 3"),
    Refusal.TOO_SMALL: _("This number is too small. The least is {least}."),
    Refusal.TOO_LARGE: _("This number is too large. The most is {most}."),
    Refusal.NOT_A_PHONE: _(
        "I cannot read this phone number. Please write it with the country code."
        " Example: +7 700 000 00 00"
    ),
    Refusal.NOT_DIGITS: _(
        "Please write digits only. Did you write the letter O instead of a zero? Please "
        "compare with the document. Example: {example}"
    ),
    Refusal.WRONG_LENGTH: _(
        "The number should have {length} characters. Please compare it with the document. "
        "Example: {example}"
    ),
    Refusal.WRONG_CHECK: _(
        "There seems to be a mistake in the number. Please compare it with the document. "
        "Example: {example}"
    ),
    Refusal.NO_SUCH_DAY_INSIDE: _(
        "The date of birth inside this number does not exist. Please compare it with the document."
        " Example: {example}"
    ),
    Refusal.NOT_CYRILLIC: _(
        "Please write the two letters at the beginning in Cyrillic, as in the document."
        " Example: {example}"
    ),
    Refusal.NOT_LATIN_NUMBER: _(
        "Please write the letters of the number in Latin, as in the passport. Example: {example}"
    ),
    Refusal.OLD_RESIDENT_NUMBER: _(
        "This is the old number with 15 digits. Please write the one with 18 characters, from your"
        " present card. Example: {example}"
    ),
    Refusal.IS_IIN: _(
        "Is this your IIN? We ask for something else here: {label}. Example: {example}"
    ),
    Refusal.IS_PINFL: _(
        "Is this your PINFL (JShShIR)? We ask for something else here: {label}. Example: {example}"
    ),
    Refusal.IS_RESIDENT_NUMBER: _(
        "Is this the number of your Chinese identity card? We ask for something else here: "
        "{label}. Example: {example}"
    ),
    Refusal.IS_PASSPORT: _(
        "Is this the number of your passport? We ask for something else here: {label}. "
        "Example: {example}"
    ),
    Refusal.NOT_A_PASSPORT: _(
        "I cannot read this passport number. A passport number has Latin letters and digits, "
        "mostly nine together. Example: {example}"
    ),
    Refusal.ZONE_LINES: _(
        "Please copy all the lines with the signs < from the document. There are two or "
        "three; write each on a separate line. Example:\n"
        "{example}"
    ),
    Refusal.ZONE_CHECK: _(
        "There seems to be a mistake in one of the lines. The letter O and the digit 0 look "
        "alike. Please compare the lines with the document. Example:\n"
        "{example}"
    ),
    Refusal.NOT_YOURS: _("This is somebody else's contact. Please share your own number."),
    Refusal.NOT_LISTED: _("I did not find that. Please choose a button or write it again."),
    Refusal.NOT_A_FILE: _("Please send a photo or a PDF of the paper; text is not enough here."),
}


def explain(refusal: Refusal, question: Question) -> Text:
    """Return the sentence that explains a refusal, with the question's limits and example.

    For Refusal.NOT_LISTED (no option fits), the question's own sentence `unlisted` is used if it
    has one.
    """
    example: str = getattr(question, "example", "")
    if refusal is Refusal.NOT_LISTED and isinstance(question, Consent):
        return TO_A_CONSENT
    values: dict[str, Value] = {
        "most": getattr(question, "maximum", 100),
        "least": getattr(question, "minimum", 0),
        "label": question.label,
        "length": len(example),
        "example": example,
    }
    own: Text | None = getattr(question, "unlisted", None)
    text = own if own is not None and refusal is Refusal.NOT_LISTED else REFUSALS[refusal]
    used = tuple((name, value) for name, value in values.items() if f"{{{name}}}" in text.msgid)
    return Text(text.msgid, used)
