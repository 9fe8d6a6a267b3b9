"""Converts messages between an officer and a person to the script that the reader uses."""

from collections.abc import Callable, Mapping

from bot.i18n import bidi, kazakh_arabic, language_guess, uzbek_cyrillic

# Conversions by (language code of the text, language code that its reader uses).
CONVERSIONS: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("kk", "kk_Arab"): kazakh_arabic.to_arabic,
    ("kk_Arab", "kk"): kazakh_arabic.to_cyrillic,
    ("uz", "uz_Cyrl"): uzbek_cyrillic.to_cyrillic,
    ("uz_Cyrl", "uz"): uzbek_cyrillic.to_latin,
}


def for_person(text: str, form: str) -> str:
    """Return an officer's text in the script of `form`, the person's language code.

    The text is unchanged if it is in another language than the person's.
    """
    written = language_guess.guess(text)
    # A short Uzbek text is often not recognized as Uzbek. Among the offered languages, only Uzbek
    # uses Latin letters.
    if written is None and form == "uz_Cyrl" and text.isascii():
        written = "uz"
    # A Cyrillic text that may be Kazakh or Russian is converted too, because a reader of Arabic
    # script cannot read Cyrillic letters in either language.
    if written is None and form == "kk_Arab" and language_guess.CYRILLIC.search(text):
        written = "kk"
    convert = CONVERSIONS.get((written or "", form))
    return convert(text) if convert else text


def displayed(text: str, form: str) -> str:
    """Return an officer's text as the person sees it: in their script, with direction marks."""
    return bidi.arrange(for_person(text, form), form)


def for_officer(text: str, language: str) -> tuple[str, str] | None:
    """Return a person's text converted to the officer's script, as (its new language code, text).

    `language` is the language code of the officer's console. Returns None if no conversion is
    needed. Officers read Kazakh in Cyrillic, unless their console is in Arabic script.
    """
    written = language_guess.guess(text) or ""
    form = language
    if written == "kk_Arab" and language != "kk_Arab":
        form = "kk"
    convert = CONVERSIONS.get((written, form))
    return (form, convert(text)) if convert else None


def other_language(text: str, form: str) -> str | None:
    """Return a text's language code if its language differs from `form`, the reader's code.

    Returns None if the language is the reader's or uncertain.
    """
    written = language_guess.guess(text)
    return written if written and _language(written) != _language(form) else None


def _language(form: str) -> str:
    return form.partition("_")[0]
