"""Texts of the pages on which translators read sentences and report those that sound wrong."""

from flows.engine.text import Text, _, button

# Where people read a sentence that belongs to no fact, answer or flow.
CHAT = _("The chat")
CONSOLE = _("The console of officers")
PUBLIC = _("The public pages")

TEXTS: dict[str, Text] = {
    # Translators: the page on which translators read all sentences of the assistant.
    "texts": button("Texts"),
    "texts_hint": _(
        "Every sentence with its translation, and how people see it. If you speak the language and"
        " something sounds wrong, open the sentence and say so."
    ),
    "texts_find": _("Word of the sentence, in English or in the language"),
    "texts_which": _("Which sentences"),
    "texts_all": _("all"),
    "texts_named": _("reported as wrong"),
    "texts_unreviewed": _("not reviewed by a speaker"),
    "texts_doubted": _("doubted by the translator"),
    "texts_reports": _("Reported as wrong"),
    "texts_count": _("Sentences: {count}"),
    "texts_next": button("Further sentences"),
    # Translators: the English sentence of which the other texts are translations.
    "texts_source": _("Source"),
    "texts_missing": _("There is no translation yet."),
    "texts_places": _("Where it is shown"),
    # Translators: a sentence that an editor wrote in the console and that is live.
    "texts_published": _("published by editors"),
    "texts_glossary": _("Fixed terms in it"),
    "texts_reviewed": _("reviewed by a speaker"),
    "texts_not_reviewed": _("not reviewed yet"),
    "texts_doubt": _("The translator's doubt"),
    "texts_notes": _("Explanation for translators"),
    "texts_seen": _("As people see it"),
    "texts_places_hint": _("Words in braces are filled in when it is said."),
    "texts_wrong": _("This sounds wrong"),
    "texts_comment": _("What is wrong, and how would you say it?"),
    "texts_comment_hint": _("Please write nothing about people. At most 500 characters."),
    "texts_report": button("Report it"),
    "texts_close": button("Close the report"),
    "texts_by": _("{name}, {date}"),
    "texts_by_people": _("Named in chats: {count}. First on {date}."),
    "texts_gone": _("The sentence has changed since."),
    "texts_unclear": _("Write what sounds wrong, in at most 500 characters."),
    "done_reported": _("Thank you. The editors see your report."),
    "done_report_closed": _("The report is closed."),
}
