"""Texts of the console, keyed by the names that templates use."""

from dataclasses import dataclass

from bot.cases import State
from bot.i18n import Languages
from bot.officers.permissions import DenialReason, Reason
from bot.privacy.data_export import STATES as STATES_TOLD
from bot.web.console.labels_broadcasts import BROADCASTS
from bot.web.console.labels_bursts import BURSTS
from bot.web.console.labels_common import RUNNING, SIGNING
from bot.web.console.labels_content import CONTENT
from bot.web.console.labels_files import FILES
from bot.web.console.labels_inbox import KEYS, MARKING, OWN_TOPICS
from bot.web.console.labels_limits import LIMIT_REFUSALS, LIMITS
from bot.web.console.labels_notifications import NOTIFYING
from bot.web.console.labels_planning import PLANNING
from bot.web.console.labels_referrers import REFERRERS
from bot.web.console.labels_texts import TEXTS
from bot.web.console.labels_translation import TRANSLATION
from bot.web.console.labels_webhooks import WEBHOOKS
from flows.engine import screens
from flows.engine.text import Text, Value, _, button
from flows.engine.upload_states import State as Paper
from flows.officer import TOPIC

FRAME: dict[str, Text] = {
    "console": _("Kosh for officers"),
    "skip": _("Go to the content"),
    "menu": button("Menu"),
    "inbox": button("Inbox"),
    "now": button("Right now"),
    "statistics": button("Statistics"),
    "canned": button("Ready answers"),
    "hours": button("Working hours"),
    "officers": button("Officers"),
    "audit": button("Audit log"),
    "own": button("My account"),
    "sign_out": button("Sign out"),
    "language": button("Language"),
    "save": button("Save"),
    "change": button("Change"),
    "apply": button("Apply"),
    "earlier": button("Earlier"),
    "back_to_inbox": button("Back to the inbox"),
    # Translators: state of a page that updates itself automatically.
    "live": _("Live"),
    "connecting": _("Connecting…"),
    # Translators: state of a page that does not update itself at the moment.
    "paused": _("Not live"),
    "updates": button("Show what is new"),
    "problem": _("There is a problem"),
    "demo": _("This is a demonstration: officers and people here are invented."),
    "nothing": _("Nothing here."),
    # Translators: shown in place of a missing value or of a list without entries.
    "none": _("none"),
    "help": button("Keyboard"),
    "close": button("Close"),
}

INBOX: dict[str, Text] = {
    "queue_mine": button("Mine"),
    "queue_unclaimed": button("Not taken yet"),
    "queue_waiting": button("Waiting for reply"),
    "queue_snoozed": button("Put off for later"),
    "queue_late": button("Late"),
    "queue_call_back": button("To call back"),
    "queue_all": button("All open"),
    "queue_resolved": button("Closed"),
    "take_next": button("Take the next"),
    "topic": button("Topic"),
    "case": _("Case {number}"),
    "urgent": button("Urgent"),
    "urgent_waits": _("Urgent cases that wait for an officer: {count}"),
    "waits": _("waits {time}"),
    "answer_in": _("answer in {time}"),
    "late_by": _("late by {time}"),
    "closes_in": _("chat closes in {time}"),
    # Translators: the messenger accepts no message to this person now.
    "chat_closed": _("chat closed"),
    "unread": _("New words: {count}"),
    # Translators: a choice in a filter of cases: no restriction.
    "any": _("all"),
    "find_number": _("Number of a case or of a registration"),
    "filter": button("Filter"),
    "empty_queue": _("Nobody is waiting here. Well done!"),
    "oldest": _("the oldest waits {time}"),
    "minutes": _("{count} min"),
    "hours_minutes": _("{hours} h {minutes} min"),
    "days": _("{count} d {hours} h"),
    "moments": _("less than 1 min"),
    "put_off_until": _("until {time}"),
    "shift": _("On shift"),
    "shift_until": _("On shift until {time}"),
    "shift_off": _("Not on shift"),
    "shift_start": button("Start my shift"),
    "shift_end": button("End my shift"),
    "country": button("Country"),
    "channel": button("Channel"),
    # Translators: a mark on a case that came back to the queue of waiting cases.
    "returned": _("came back"),
    "escalated": _("shown to the lead"),
}

CASE: dict[str, Text] = {
    "yours": _("This case is yours."),
    "nobodys": _("Nobody has taken this case yet. The form is paused until then."),
    "anothers": _("{name} has this case."),
    "closed": _("This case is closed. The bot talks with the person again."),
    "claim": button("Take the case"),
    "take_over": button("Take over"),
    "take_over_hint": _(
        "{name} will be told. If they were writing a message and did not send "
        "it, it will not be sent."
    ),
    "release": button("Give back"),
    # Translators: heading above the messages between the person and the officers.
    "thread": _("Conversation"),
    "no_words": _("The person has written nothing yet."),
    # Translators: the person who asked for an officer.
    "person": _("The person"),
    # Translators: the officer who reads the page.
    "you": _("You"),
    "answer_title": _("Answer to the person"),
    "answer_hint": _("The person reads this in their chat. They see “An officer writes”, no name."),
    "send": button("Send"),
    "preview": button("Preview"),
    "preview_title": _("This is what the person will read"),
    "canned_choose": _("Ready answers, in the person's language"),
    "canned_search": _("Find by name or words"),
    # Translators: a button that searches in a list of ready answers.
    "find": button("Find"),
    "canned_none": _("There is no ready answer in the person's language."),
    "meaning": _("It means: {words}"),
    "writes_in": _("The person reads: {language}"),
    "not_here": _("This person cannot be written to now."),
    "closes_soon": _(
        "WhatsApp shows your words directly for {time} more. Afterwards the person must tap a"
        " notice first."
    ),
    "arrives_closed": _(
        "The last message is older than 24 hours. Goes as: “An answer is waiting for you.” The"
        " person taps it and gets your answer."
    ),
    "notice": _("Notice that an answer waits: {state}"),
    "original": button("Original"),
    "other_language": _(
        "Your text is in this language: {written}. The person reads {reads}. Write in that"
        " language, or choose a ready answer below."
    ),
    "window": _("The chat stays open for {time} more."),
    "arrives_whole": _("The person reads your answer at once."),
    "arrives_protected": _("The person reads your answer at once; it cannot be forwarded."),
    "arrives_withheld": _(
        "The person may not hold the phone now. Only “There is an update” and a button arrive;"
        " your answer comes when the person opens it."
    ),
    "not_yours_to_answer": _("Take the case to answer."),
    "note_title": _("Note for colleagues"),
    "note_hint": _("The person never sees this."),
    "note_save": button("Keep the note"),
    # Translators: heading above notes that officers write for one another.
    "notes": _("Notes"),
    "answers": _("What the person answered"),
    "answers_show": button("Show the answers"),
    "unmask": button("Show in full"),
    "answers_step": _("The form is at: {question}"),
    "by_officer": _("filled in by an officer"),
    "fill": button("Fill in"),
    "fill_hint": _("As the person would write it"),
    "why": _("Why do you read it?"),
    "why_hint": _("Your choice stays in the audit log, with your name and the time."),
    "read_case": button("Open the case"),
    "document": button("Ask for a document"),
    "document_hint": _("The person gets a safe page to send it from."),
    "pin": button("Remove the PIN"),
    "pin_hint": _(
        "First ask something that only the person knows. The assistant tells the person that the"
        " PIN is removed. The person can set a new PIN."
    ),
    "document_which": _("Which document?"),
    # Translators: heading above the documents that the person sent.
    "papers": _("Papers"),
    "paper_wanted": _("Asked for, not here yet: {paper}"),
    "paper_look": _("Page {number}"),
    "papers_pass": button("Send to registry"),
    "papers_hint": _(
        "The papers go with the person's registration. The registry's answer shows here."
    ),
    "papers_wait": _(
        "This person has not registered yet, so the papers cannot be sent. They "
        "are kept here until then."
    ),
    "also_here": _("Also looking at it: {names}"),
    "writing_now": _("Writing here now: {names}"),
    "transfer": button("Pass on"),
    "transfer_officer": _("To a colleague"),
    "transfer_topic": _("To another topic"),
    "transfer_mission": _("To another mission"),
    "transfer_words": _("What should they know? (a note)"),
    "snooze": button("Put off"),
    "snooze_hint": _("The case comes back at that time, or when the person writes."),
    "snooze_1h": _("for an hour"),
    "snooze_4h": _("for 4 hours"),
    "snooze_1d": _("until tomorrow"),
    "snooze_3d": _("for 3 days"),
    "snooze_7d": _("for a week"),
    "resolve": button("Close the case"),
    "resolve_hint": _("The bot tells the person and asks whether the answer helped."),
    "resolve_where": _("Where does the bot go on?"),
    "resolve_intent": _("What was the question about? (only counted)"),
    # Translators: shown in place of an answer that the person did not give.
    "intent_unsaid": _("Not said"),
    "where_same": _("Where the person was"),
    "where_menu": _("At the menu"),
    "registry": _("The registry"),
    "registry_none": _("Nothing was sent to the registry."),
    # Translators: heading above earlier requests of the same person to officers.
    "earlier_cases": _("Earlier cases"),
    "about": _("About the case"),
    # Translators: label of the time when the case was opened.
    "opened": _("Opened"),
    # Translators: label of the name of the officer who has taken the case.
    "holder": _("Held by"),
    # Translators: label of the state of a case; it is not about a country.
    "state": _("State"),
    # Translators: label of the time by which the person was promised an answer.
    "promised": _("Answer promised"),
    "rating": _("The person says: {grade}"),
    "taken_meanwhile": _(
        "Nothing was changed: {name} holds this case now. Your words are kept below."
    ),
    "changed_meanwhile": _(
        "Nothing was changed, because the case has changed meanwhile. Look at it, then try again."
    ),
    "not_there": _("There is no such case, or you may not see it."),
    "forbidden": _("You may not do this."),
    "forbidden_hint": _(
        "An administrator decides who may do what. Your attempt is in the audit log."
    ),
    "too_large": _(
        "Nothing was saved, because this form is too large. Go back to the page before: what you"
        " wrote is still there. Shorten the text or choose a smaller file."
    ),
    "off": _("Right now this can't be done. Nothing was lost; please try again in a minute."),
}

DONE: dict[str, Text] = {
    "done_no_next": _("Nobody is waiting for you right now."),
    "done_no_case": _("There is no case with this number, or you may not see it."),
    "done_claimed": _("The case is yours. The form is paused now."),
    "done_released": _("The case is back in the queue."),
    "done_replied": _("Sent, or on its way."),
    "done_noted": _("The note is kept."),
    "done_pin_lifted": _("The PIN is removed. The person was told."),
    "done_asked": _("The person was asked for the document."),
    "done_passed": _("The papers are on their way to the registry."),
    "done_filled": _("The answer is filled in; the person is told."),
    "done_transferred": _("The case was passed on."),
    "done_snoozed": _("The case is put off."),
    "done_resolved": _("The case is closed. The bot goes on."),
    # Translators: notice that the change that an officer made is saved.
    "done_saved": _("Saved."),
    "done_handed_over": _("The cases were handed over."),
    "done_ended": _("The session is ended."),
    "done_entered": _("The officer was added."),
    "done_break_glass_asked": _("A second administrator has to open the case now."),
    "done_break_glass_granted": _("The case is open for an hour."),
    "done_passkey_failed": _("That did not work. Please try again."),
    "done_passkey": _("The passkey was added."),
}

DELIVERIES: dict[str, Text] = {
    "pending": _("on its way"),
    "sending": _("on its way"),
    "waiting": _("waits until the person opens the chat"),
    # Translators: state of a message to a person: it was sent.
    "sent": _("sent"),
    # Translators: state of a message to a person: it reached the person's phone.
    "delivered": _("delivered"),
    # Translators: state of a message to a person: the person has read it (past tense).
    "read": _("read"),
    "dropped": _("not sent: somebody took the case over"),
    "failed": _("not sent: the messenger refused it"),
    "undeliverable": _("not sent: the person blocked the bot"),
    # Translators: state of a message to a person: it was sent.
    "gone": _("sent"),
}

PAPERS: dict[str, Text] = {
    Paper.FETCHING: _("is being looked at"),
    Paper.CHECKING: _("is being looked at"),
    Paper.READY: _("here, not passed on"),
    Paper.PENDING: _("on its way to the registry"),
    Paper.SENDING: _("on its way to the registry"),
    Paper.UNKNOWN: _("on its way to the registry"),
    Paper.ACCEPTED: _("the registry has it"),
    Paper.REJECTED: _("the registry did not take it"),
}

STATES: dict[str, Text] = {
    State.QUEUED: _("waits for an officer"),
    State.CLAIMED: _("with an officer"),
    State.WAITING: _("waits for the person"),
    # Translators: state of a case: an officer put it off until a later time.
    State.SNOOZED: _("put off"),
    # Translators: state of a case: an officer closed it.
    State.RESOLVED: _("closed"),
}

REASONS: dict[str, Text] = {
    Reason.ANSWER: _("To answer the person"),
    Reason.CHECK: _("To check a registration"),
    Reason.HANDOVER: _("To take over from a colleague"),
    Reason.SUPERVISION: _("To lead the team"),
    Reason.COMPLAINT: _("To look into a complaint"),
    Reason.TECHNICAL: _("To find a fault"),
}

WHYS: dict[str, Text] = {
    DenialReason.DISABLED: _("Your account is switched off."),
    DenialReason.ROLE: _("Your role does not include it."),
    DenialReason.MISSION: _("It belongs to another mission."),
    DenialReason.TOPIC: _("It belongs to another topic."),
    DenialReason.STATE: _("In this state it can't be done."),
    DenialReason.OWNER: _("Somebody else holds the case."),
    DenialReason.ONESELF: _("Only another administrator can change what you yourself may do."),
    DenialReason.BUDGET: _("You have opened very many cases this hour. A lead can help."),
}

REFUSALS: dict[str, Text] = {
    **LIMIT_REFUSALS,
    "empty": _("Write something first."),
    "too_long": _("This is too long for the person's messenger. Please shorten it."),
    "note_too_long": _("This note is too long. Please shorten it."),
    "no_language": _("There is no text in the person's language."),
    "no_form": _("There is no such form in the person's language."),
    "no_canned": _("This ready answer is gone. Choose another one."),
    "not_accepted": _(
        "The form does not accept this answer. Check how it is written, then try again."
    ),
    "no_document": _("This document can't be asked for. Choose another one."),
    "no_paper": _("There is no paper here that could go to the registry now."),
    "not_fillable": _("Only the person can answer this question."),
    "no_intent": _("This question is not on the list. Choose one of the list."),
    "no_flow": _("The bot can't go on there for this person."),
    "no_officer": _("This colleague can't take the case."),
    "no_mission": _("There is no such mission."),
    "no_topic": _("There is no such topic."),
    "no_label": _("This name can't be used: it is too long, or there are too many already."),
    "past": _("This moment has passed already."),
    "key_used": _("This form was sent already. Look at the case, then try again."),
}

WORDS: dict[str, Text] = {
    **FRAME, **SIGNING, **INBOX, **CASE, **DONE, **RUNNING, **BROADCASTS, **CONTENT, **TEXTS,
    **BURSTS, **FILES, **NOTIFYING, **KEYS, **MARKING, **LIMITS,
    **PLANNING, **REFERRERS, **TRANSLATION, **WEBHOOKS,
}  # fmt: skip
RATINGS = screens.RATINGS
TOPICS = {option.key: option.label for option in TOPIC.among}
ALL_TOPICS = TOPICS | OWN_TOPICS
REGISTRATION = STATES_TOLD
CHANNELS = {"telegram": "Telegram", "whatsapp": "WhatsApp", "web": "Web"}


@dataclass(eq=False)
class Wording:
    """The console's texts in one language.

    `t.inbox` renders the text "inbox", which has no placeholders, and caches it. `t("case",
    number=7)` renders a text with placeholders at each call.
    """

    _rendering: Languages
    _code: str

    def __getattr__(self, name: str) -> str:
        if name not in WORDS:
            raise AttributeError(name)
        self.__dict__[name] = found = self(name)
        return found

    def __call__(self, name: str, /, **values: Value) -> str:
        found = WORDS[name]
        text = Text(found.msgid, tuple(values.items()), found.context)
        return self._rendering.render(text, self._code)
