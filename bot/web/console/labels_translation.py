"""Texts of the console about machine translation."""

from flows.engine.text import Text, _, button

TRANSLATION: dict[str, Text] = {
    # Translators: a button that translates what the officer wrote into the person's language.
    "translate": button("Translate my text"),
    "translate_message": button("Translate"),
    # Translators: the heading of a text that a machine translated.
    "machine": _("Machine translation"),
    "machine_draft": _(
        "A machine translated your text. Please read and correct it, then send it. The person reads"
        " that a machine translated it."
    ),
    "machine_failed": _("There is no translation now. Your text is unchanged."),
}
