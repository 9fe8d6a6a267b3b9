"""Conversion of messages between an officer and a person to the script that each reads."""

from collections.abc import Callable, Mapping

from bot.i18n import kazakh_arabic, language_guess, uzbek_cyrillic

# Conversions by the written form of the text and of its reader.
CONVERSIONS: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("kk", "kk_Arab"): kazakh_arabic.to_arabic,
    ("kk_Arab", "kk"): kazakh_arabic.to_cyrillic,
    ("uz", "uz_Cyrl"): uzbek_cyrillic.to_cyrillic,
    ("uz_Cyrl", "uz"): uzbek_cyrillic.to_latin,
}


def for_person(text: str, form: str) -> str:
    """Return an officer's text in the person's script, or as it is in any other language."""
    written = language_guess.guess(text)
    # Short Uzbek in Latin letters is seldom recognised; no other language here has them.
    if written is None and form == "uz_Cyrl" and text.isascii():
        written = "uz"
    # A word that Kazakh and Russian share is still of no use to a reader of Arabic script.
    if written is None and form == "kk_Arab" and language_guess.CYRILLIC.search(text):
        written = "kk"
    convert = CONVERSIONS.get((written or "", form))
    return convert(text) if convert else text


def for_officer(text: str, language: str) -> tuple[str, str] | None:
    """Return the written form and the text for an officer who reads another script of it.

    None if the text is readable as it is. Officers read Kazakh in Cyrillic, unless their console is
    in Arabic script.
    """
    written = language_guess.guess(text) or ""
    form = language
    if written == "kk_Arab" and language != "kk_Arab":
        form = "kk"
    convert = CONVERSIONS.get((written, form))
    return (form, convert(text)) if convert else None


def other_language(text: str, form: str) -> str | None:
    """Return the written form of a text in another language than the reader's; None if unsure."""
    written = language_guess.guess(text)
    return written if written and _language(written) != _language(form) else None


def _language(form: str) -> str:
    return form.partition("_")[0]
