"""Texts of the pages on which editors change content."""

from bot.content import Kind
from bot.editorial.refusals import Refusal
from flows.engine.text import Text, _, button

CONTENT: dict[str, Text] = {
    "content": button("Content"),
    "content_hint": _(
        "Texts for people: facts with their sources, notices and contacts of missions. A change"
        " goes out after a second person has approved it."
    ),
    "content_waiting": _("Waiting for approval"),
    "content_live": _("Changed here and published"),
    "content_due": _("Ends soon, or has ended"),
    "content_then": _("After that day people read:"),
    "content_then_silent": _("After that day nothing is said of it."),
    "content_all": _("All facts"),
    "content_find": _("Word of a fact or of its key"),
    "content_until": _("until {date}"),
    "content_ended": _("said until {date}"),
    "content_notice_new": _("New notice"),
    "content_notice_name": _("Short name of the notice"),
    "content_cards": _("Contacts of missions"),
    "content_now": _("What is said now"),
    "content_silent_now": _("Nothing is said."),
    "content_source": _("Sources, one address a line"),
    "content_as_of": _("Date of the source"),
    "content_checked": _("Compared with the source on"),
    "content_since": _("First day"),
    "content_last": _("Last day"),
    "content_last_hint": _("After this day it is not said any more."),
    # Translators: label of the English text of an entry, such as a fact or a notice.
    "content_english": _("English"),
    "content_english_hint": _("The other languages are checked against it: numbers, terms, links."),
    "content_partial": _("Publish although a language is missing, because"),
    "content_partial_hint": _("People in the missing language are sent to an officer."),
    "content_silent": _("Say nothing of this until it is checked again"),
    # Translators: label of the address of an office or mission.
    "content_address": _("Address"),
    # Translators: label of the telephone number of an office or mission.
    "content_telephone": _("Telephone"),
    "content_map": _("Link to a map"),
    "content_hours_hint": _("Write the hours and how to get an appointment."),
    "content_answers": _("Answers: facts, their order, and phrases that ask for them"),
    "content_arrange": _("Change the answer"),
    "content_teach": _("Teach phrases"),
    "content_place": _("When it is said"),
    # Translators: label of a number; the parts of an answer are shown in the order of these
    # numbers.
    "content_order": _("Order"),
    "content_at_once": _("At once"),
    "content_later": _("When more is asked for"),
    "content_left_out": _("Left out of the answer"),
    "content_not_today": _("not said today"),
    "content_add": _("Add a fact"),
    "content_add_none": _("no further fact"),
    "content_flow": _("Flow that the answer offers"),
    "content_phrases_hint": _(
        "One phrase a line, as people write it. A message with the same words means this question,"
        " in any order and spelling. Phrases about danger are not taken."
    ),
    "content_read_as": _("How the assistant reads it without the phrase"),
    "content_read_nothing": _("no question"),
    "content_title": _("Title in {language}"),
    "content_ends": _("What ends on that day"),
    "content_ends_hint": _("Choose a last day: each fact with what is said on the day after."),
    "content_last_days": _("Last days"),
    "content_day": _("{date}"),
    "content_ends_on": _("Last day: {date}"),
    "content_answers_then": _("Answers that change on the day after, as people then read them"),
    "content_announce": button("Announce it"),
    "content_announce_hint": _(
        "This opens the draft of an announcement with the sentence, its source, and the subscribers"
        " whom it concerns. The announcement is sent only after the usual approval."
    ),
    "content_save": button("Check and save"),
    "content_draft": _("Draft {number}"),
    "content_by": _("written by {name}, {time}"),
    "content_agreed_by": _("approved by {name}, {time}"),
    "content_preview": _("As people will see it"),
    "content_approve": button("Approve, publish"),
    "content_discard": button("Discard the draft"),
    "content_discard_sure": _("The draft is not published. What people read does not change."),
    "content_own": _("You wrote this draft. Somebody else has to approve it."),
    "content_differences": _("What changes"),
    # Translators: heading above the earlier versions of an entry.
    "content_history": _("History"),
    "content_again": button("Publish this again"),
    "content_withdraw": button("Take it back"),
    "content_withdraw_sure": _("The sentence that came with the program is said again."),
    "content_shipped": _("comes with the program"),
    "content_restored": _("repeats version {number}"),
    "content_not_saved": _("Not saved yet"),
    "done_content_saved": _("Saved. Somebody else can approve it now."),
    "done_content_discarded": _("Discarded. What people read has not changed."),
    "done_content_live": _("Published. Everybody reads it within 5 seconds."),
    "done_content_back": _("Taken back. Everybody reads the earlier text within 5 seconds."),
}

STATES: dict[str, Text] = {
    # Translators: state of an entry that an editor wrote and that is not approved yet.
    "draft": _("draft"),
    # Translators: state of an entry that people can read.
    "live": _("published"),
    "replaced": _("was published"),
    "withdrawn": _("taken back"),
    "discarded": _("never published"),
}
STATE_LOOKS = {
    "draft": "soon",
    "live": "good",
    "replaced": "calm",
    "withdrawn": "calm",
    "discarded": "calm",
}

KINDS: dict[str, Text] = {
    Kind.FACT: button("Fact"),
    Kind.NOTICE: button("Notice"),
    Kind.CARD: button("Contacts"),
    Kind.ANSWER: button("Answer"),
    Kind.PHRASES: button("Phrases"),
    Kind.CANNED: button("Saved reply"),
}

REFUSALS: dict[str, Text] = {
    Refusal.EMPTY: _("Write the sentence in at least one language."),
    Refusal.LANGUAGE: _(
        "The text is missing in this language. Write it, or give the reason to publish without it."
    ),
    Refusal.ENGLISH: _("Write the English sentence: the languages are checked against it."),
    Refusal.SOURCE: _("Give the address of the source as the browser shows it."),
    Refusal.DATES: _("These dates contradict each other, or one is not a date."),
    Refusal.FUTURE: _("This date is in the future."),
    Refusal.EXPIRED: _("The last day is over. Check the source and give a later day."),
    Refusal.UNCHECKED: _(
        "The source was compared more than 31 days ago. Open it again and give the day of today."
    ),
    Refusal.MARKUP: _("Write plain text: signs of programs and pages are not allowed."),
    Refusal.PLACEHOLDER: _("Something was left to be filled in."),
    Refusal.LINK: _("This link leads to a site that we may not name."),
    Refusal.PHONE: _("This is not a telephone number."),
    Refusal.TOO_LONG: _("This is too long for WhatsApp in this form. Please shorten it."),
    Refusal.WORDING: _("The wording breaks a rule of this language."),
    Refusal.NUMBERS: _("The numbers differ from those of the English sentence."),
    Refusal.TERM: _("There is a fixed term for this."),
    Refusal.SCRIPT: _("Some letters belong to another script."),
    Refusal.PROMISE: _("The assistant decides nothing, so it promises nothing."),
    Refusal.OWN: _("You wrote this draft. Somebody else has to approve it."),
    Refusal.CHANGED: _("Somebody changed this in the meantime. Look at the new version."),
    Refusal.PART: _("This sentence is there twice, or misleads without its neighbours."),
    Refusal.WARNING: _("This warning must stay in the part that is shown at once."),
    Refusal.FLOW: _("There is no flow of this name."),
    Refusal.PHRASE: _("Write at least two words, or four Chinese characters, in one short line."),
    Refusal.TAKEN: _("This phrase already teaches another question."),
    Refusal.DANGER: _("This speaks of danger. Such messages get the safety answer."),
    Refusal.STATE: _("In this state it cannot be done."),
}
