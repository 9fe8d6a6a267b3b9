"""Texts of the console about announcements: writing, approval, sending, results."""

from bot.broadcasts import Purpose, RecipientStatus, Refusal, State
from flows.engine import labels
from flows.engine.text import Text, _, button

BROADCASTS: dict[str, Text] = {
    "broadcasts": labels.ANNOUNCEMENTS,
    "broadcast": _("Announcement {number}"),
    "broadcast_new": button("New announcement"),
    "broadcasts_none": _("No announcement was written yet."),
    "broadcasts_hint": _(
        "An announcement goes to people who asked for its topic, once, after somebody else has"
        " agreed to it."
    ),
    "step_purpose": button("Purpose"),
    "step_audience": button("Audience"),
    "step_text": button("Text"),
    "step_test": button("Test"),
    "step_time": button("Time"),
    # Translators: a step of an announcement is finished.
    "step_done": _("done"),
    "step_open": _("to be done"),
    "save_on": button("Save and go on"),
    "save_stay": button("Save and look"),
    "to_approval": button("To the approval"),
    "change_voids": _(
        "Any change makes it a draft again. Then it is sent only after a new approval."
    ),
    "purpose_title": _("What is it for?"),
    "hint_service": _(
        "About the person's own registration or this service. Goes out also to those who got"
        " something else today."
    ),
    "hint_news": _("Changed rules, support, events. Nobody gets two of these on one day."),
    "hint_urgent": _("Danger or fraud. Two people have to agree; quiet hours don't count."),
    # Translators: label of the topic of an announcement.
    "news_topic": _("Topic"),
    "why_sent": _("Why is it sent? (for the approver and the log)"),
    "audience_title": _("Who gets it?"),
    "audience_hint": _(
        "Only people who asked for announcements on this topic. An empty field sets no limit."
    ),
    "written_forms": _("Language and script"),
    # Translators: label of a choice of messengers and the web chat.
    "channels": _("Channels"),
    "states_of_registration": _("State of their registration"),
    "declared_country": _("Country that they gave for announcements"),
    "declared_programme": _("Programme that they gave for announcements"),
    "declared_region": _("Region that they gave for announcements"),
    # Translators: an embassy or consulate of Kazakhstan.
    "mission_of": _("Mission"),
    "aud_topic": _("Everybody who asked for announcements about “{topic}”."),
    "aud_service": _("Everybody with a registration of this kind, for this is about it."),
    "aud_only": _("{what}: only {values}."),
    "lists_too": _("Also people who keep a list and want messages about changes"),
    "aud_too": _("{what}: {values}."),
    "aud_count": _("People who get it now: {count}."),
    "aud_nobody": _("Nobody would get it now."),
    # Translators: label above numbers of people in the audience who do not get the announcement.
    "aud_out": _("Left out"),
    "aud_out_none": _("Nobody is left out."),
    # Translators: a column of a table: the number of people on all channels together.
    "all_people": _("All"),
    "out_quiet": _("want no messages"),
    "out_unreachable": _("have only the web chat; they read it there"),
    "out_blocked": _("blocked the bot"),
    "out_recent": _("got another announcement within a day"),
    "out_no_template": _("WhatsApp takes no free text now, and there is no template"),
    "text_title": _("What does it say?"),
    "text_hint": _(
        "Write every language. Plain words, no names, no links to other sites, nothing to be filled"
        " in. The first line is the title. The other scripts are made from your text."
    ),
    "measure": _("{length} of {most} characters"),
    "template": _("Name of the WhatsApp template"),
    "templates": _("WhatsApp templates"),
    "template_hint": _(
        "WhatsApp takes free text only within 24 hours of a person's last message; after that an"
        " approved template. Leave it empty if there is none."
    ),
    "made_from": _("Made from {language}"),
    "as_read": _("As people will read it"),
    "as_hint": _("People who asked for short notices get this instead"),
    # Translators: the announcement has no text in this language.
    "missing": _("missing"),
    "test_title": _("Look at it on a phone"),
    "test_hint": _(
        "Each language is sent to the test phones of this installation, and to nobody else. Without"
        " a test it can't be approved."
    ),
    "looks_hint": _(
        "This is what people get, channel by channel: drawn by the same part that sends it."
    ),
    "look_parts": _("Number of messages it would take: {count}. Make it shorter: one is allowed."),
    "look_fresh": _("People who wrote to us within 24 hours"),
    "look_later": _("Everybody else"),
    "look_template": _("Template {name} ({code}) with these words in its place."),
    "look_instead": _("If that template is missing, these are used: {names}."),
    "look_unseen": _(
        "Only WhatsApp knows whether it has approved a template. If it has not, sending stops "
        "automatically, and the page of the announcement says why."
    ),
    "look_none": _("There is no template, so they get nothing."),
    "look_read": _(
        "Nobody is written to here: people read it under “{announcements}”.",
        announcements=labels.ANNOUNCEMENTS,
    ),
    # Translators: a button that sends the announcement in every language to the test phones.
    "test_all": button("Test all languages"),
    "test_send": button("Send a test"),
    "test_again": button("Send it again"),
    "tested": _("tested as it stands"),
    "untested": _("not tested yet"),
    "time_title": _("When?"),
    "not_before": _("Not before"),
    "not_before_hint": _("Empty: as soon as it is started. In your time zone: {zone}."),
    "not_later": _("Not later than"),
    "not_later_hint": _("Anyone who has not received it by then will not get it."),
    "quiet_from": _("Quiet hours from"),
    # Translators: label of the time at which the quiet hours of the night end.
    "quiet_until": _("until"),
    "quiet_hint": _(
        "Quiet hours follow each person's own clock. The announcement comes after they end."
    ),
    "any_hour": _("At any hour"),
    "paid": _("Pay Telegram for speed"),
    "paid_hint": _("{stars} Stars for this audience, at up to a thousand messages a second."),
    "takes": _("Takes about"),
    # Translators: label of the price of sending the announcement.
    "costs": _("Costs"),
    "billed": _("WhatsApp messages that are billed: {count}"),
    "stars": _("Telegram Stars: {count}"),
    # Translators: the price of sending the announcement: it costs nothing.
    "free": _("nothing"),
    "blockers_title": _("What is still missing"),
    "ready": _("Nothing is missing. You can ask for approval."),
    "ask_approval": button("Ask for approval"),
    # Translators: heading: a second officer consents to sending the announcement.
    "approval_title": _("Approval"),
    "approval_hint": _(
        "You agree to exactly this text, audience and time. Your approval holds for 24 hours "
        "and ends with any change."
    ),
    "approve": button("I agree to it"),
    "approval_changed": _(
        "The announcement was changed since you looked at it. Read it again before you agree."
    ),
    "approval_own": _("You wrote it, so somebody else has to agree."),
    "approval_waits": _("Waiting for approval: {given} of {needed}."),
    "approval_enough": _("Approved. The announcement can be started."),
    "approval_given": _("{name} agreed at {time}. People: {count}"),
    "approval_until": _("counts until {time}"),
    "approval_void": _("no longer counts"),
    "approval_none": _("Nobody has agreed yet."),
    "start": button("Start"),
    "start_hint": _("First people to get it: {count}. If that goes well, all others follow."),
    "count_then": _("Audience at the approval"),
    "count_now": _("Audience now"),
    "diff_title": _("Changed since the last approval"),
    "diff_none": _("Nothing has changed since the last approval."),
    "write_on": button("Change it"),
    # Translators: label of the name of the officer who wrote the announcement.
    "author": _("Written by"),
    "sent_to": _("People who get it: {count}. The parts below add up to this number."),
    "rate": _("Messages a minute"),
    "average": _("On average"),
    "eta": _("Time left"),
    "eta_unknown": _("not known"),
    # Translators: label of the time when sending of the announcement began.
    "begun": _("Started"),
    # Translators: label of the number of messages that reached people's phones.
    "arrived": _("Arrived"),
    "pause_of": _("{channel} asked us to wait until {time}."),
    "held_reason": _("Paused because: {reason}"),
    "canary": _("Being sent to the first people: {count}. A short wait comes after that."),
    "canary_wait": _("The first {count} have it. Unless many fail, it goes on at {time}."),
    "pause": button("Pause"),
    "resume": button("Resume"),
    "cancel_rest": button("Cancel the rest"),
    "cancel_draft": button("Give it up"),
    "cancel_rest_sure": _(
        "Have not got it yet: {count}. These people won't get it. Messages that were sent "
        "stay sent. The list of announcements on the website and in the chat will not show this "
        "text. You can't undo this."
    ),
    "cancel_draft_sure": _("The announcement will be sent to nobody. You can't undo this."),
    "retry_failed": button("Resend failed ones"),
    "doubt_title": _("In doubt: {count}"),
    "doubt_hint": _(
        "The messenger did not answer, so nobody knows whether these people have it. Sending again"
        " may reach somebody twice."
    ),
    "doubt_more": _("and {count} more"),
    "doubt_all": _("All of them:"),
    "doubt_again": button("Send to them again"),
    "doubt_leave": button("Do not send again"),
    "doubt_one_again": button("Send again"),
    "doubt_one_leave": button("Do not send again"),
    "reasons_title": _("Why not"),
    # Translators: heading above the people who get the announcement.
    "recipients": _("Recipients"),
    "recipients_hint": _("No names or addresses: each recipient is shown as a number."),
    # Translators: a column of a table: whether the message reached this person.
    "recipient_status": _("Result"),
    # Translators: a column of a table: how often sending the message was tried.
    "tries": _("Attempts"),
    # Translators: label of the reason why the announcement was paused.
    "reason": _("Reason"),
    "later": button("Show more"),
    "history": _("Who did what"),
    "done_drafted": _("Saved. Nothing is sent yet."),
    "done_tested": _("The test was sent."),
    "done_submitted": _("The announcement waits for approval now."),
    "done_approved": _("You agreed to it."),
    "done_started": _("Sending has begun."),
    "done_paused": _(
        "Paused. Messages that were being sent at that moment were sent. Meanwhile the list of "
        "announcements on the website and in the chat does not show this text."
    ),
    "done_resumed": _("Sending goes on."),
    # Translators: notice that the officer has ended the sending of an announcement.
    "done_cancelled": _("Ended."),
    "done_retried": _("Sending to them again."),
    # Translators: notice that an officer decided about messages that may not have arrived.
    "done_decided": _("Decided."),
}

PURPOSES: dict[str, Text] = {
    Purpose.SERVICE: _("About the service"),
    # Translators: a purpose of an announcement.
    Purpose.NEWS: _("News"),
    # Translators: a purpose of an announcement.
    Purpose.URGENT: _("Urgent"),
}

BROADCAST_STATES: dict[str, Text] = {
    # Translators: state of an announcement that is a draft.
    State.DRAFT: _("being written"),
    State.AWAITING: _("waits for approval"),
    State.SCHEDULED: _("waits for its time"),
    State.RUNNING: _("is being sent"),
    # Translators: state of an announcement whose sending is paused.
    State.PAUSED: _("held"),
    # Translators: state of an announcement of which all messages are sent.
    State.DONE: _("finished"),
    # Translators: state of an announcement whose sending an officer ended.
    State.CANCELLED: _("ended"),
}

# Colour of each state of an announcement: active, waiting for a person, paused, over.
BROADCAST_LOOKS = {
    State.DRAFT: "calm",
    State.AWAITING: "soon",
    State.SCHEDULED: "soon",
    State.RUNNING: "good",
    State.PAUSED: "late",
    State.DONE: "good",
    State.CANCELLED: "calm",
}

STATUSES: dict[str, Text] = {
    RecipientStatus.READ: _("read"),
    RecipientStatus.DELIVERED: _("delivered"),
    RecipientStatus.ACCEPTED: _("sent"),
    # Translators: state of a message that is being sent.
    RecipientStatus.CLAIMED: _("being sent"),
    RecipientStatus.PLANNED: _("waits its turn"),
    RecipientStatus.HELD: _("waits for a better time"),
    # Translators: state of a message of which it is unknown whether it arrived.
    RecipientStatus.IN_DOUBT: _("in doubt"),
    # Translators: state of a message that could not be sent.
    RecipientStatus.FAILED: _("failed"),
    # Translators: state of a message that was not sent, because the person was left out.
    RecipientStatus.SKIPPED: _("passed over"),
    # Translators: state of a message that was cancelled before it was sent.
    RecipientStatus.CANCELLED: _("cancelled"),
}

# Reasons why the message to a recipient failed, waits or was skipped, and why an announcement is
# paused.
CAUSES: dict[str, Text] = {
    "blocked": _("blocked the bot"),
    "opted_out": _("stopped announcements"),
    "quiet": _("wants no messages"),
    "quiet_hours": _("it is night there"),
    "talking": _("they are in the middle of a talk"),
    "language": _("there are no words in their language"),
    "unreachable": _("could not be reached"),
    "refused": _("the messenger refused it for this person"),
    "throttled": _("the messenger asked us to wait"),
    "not_now": _("WhatsApp wants no more announcements for this person today"),
    "crash": _("the sending was interrupted"),
    "late": _("it was too late"),
    "unknown": _("nobody knows whether it arrived"),
    "erased": _("deleted their data"),
    "no_template": _("WhatsApp takes no free text now"),
    "officer": _("somebody decided so"),
    "storm": _("too many messages failed"),
    "canary": _("too many of the first ones failed"),
    "content": _("the messenger refused the text"),
    "held": _("WhatsApp holds our number back"),
    "template": _("WhatsApp does not know the template"),
    "reach": _("today's number of people is reached"),
    "restored": _("the database was restored"),
}

REFUSAL_TEXTS: dict[str, Text] = {
    Refusal.STATE: _(
        "The announcement is not in a state for that any more: {detail}. Look at it again."
    ),
    Refusal.OWN: _("You wrote it, so somebody else has to agree."),
    Refusal.CHANGED: _(
        "The announcement was changed since you looked at it. Read it again before you agree."
    ),
    Refusal.EXPIRED: _("The approval is too old. Ask for a new one."),
    Refusal.APPROVALS: _("Not enough people have agreed yet."),
    Refusal.DRIFT: _("The audience changed a lot since the approval: {detail}. Ask for a new one."),
    Refusal.LANGUAGE: _("A language is missing: {detail}."),
    Refusal.LINK: _("This link leads to a site that is not allowed: {detail}."),
    Refusal.PHONE: _(
        "An announcement carries no phone numbers: {detail}. Name the office instead."
    ),
    Refusal.PLACEHOLDER: _("Something is left to be filled in: {detail}."),
    Refusal.SCRIPT: _("Some letters belong to another script."),
    Refusal.TOO_LONG: _("The text is too long for one message: {detail}."),
    Refusal.UNTESTED: _("This language was not tested as it stands: {detail}."),
    Refusal.REPEATED: _("The same text was sent already: announcement {detail}."),
    Refusal.NO_RECIPIENTS: _("Nobody would get it."),
    Refusal.LATE: _("The latest time has passed, or is before the earliest one."),
    Refusal.WHY: _("Write why it is urgent."),
    Refusal.TOPIC: _("Choose a topic."),
    Refusal.AUDIENCE: _("This audience can't be chosen: {detail}."),
    Refusal.TESTERS: _("No test message arrived. Ask an administrator to name test phones."),
    Refusal.TEMPLATE: _("A WhatsApp template is missing: {detail}."),
    Refusal.FORM: _(
        "The announcement can't be read: {detail}. See the documents for how to write it."
    ),
    Refusal.REUSED: _("This key was used for another announcement. Take a new one."),
}
# For each reason that blocks an announcement, the step of the editor in which the officer can
# correct it.
CORRECTED_IN = {
    Refusal.LANGUAGE: "text",
    Refusal.LINK: "text",
    Refusal.PHONE: "text",
    Refusal.PLACEHOLDER: "text",
    Refusal.SCRIPT: "text",
    Refusal.TOO_LONG: "text",
    Refusal.TEMPLATE: "text",
    Refusal.REPEATED: "text",
    Refusal.UNTESTED: "test",
    Refusal.TESTERS: "test",
    Refusal.NO_RECIPIENTS: "audience",
    Refusal.AUDIENCE: "audience",
    Refusal.LATE: "time",
    Refusal.WHY: "purpose",
    Refusal.TOPIC: "purpose",
}

ACTS: dict[str, Text] = {
    "broadcast.drafted": _("began to write it"),
    "broadcast.edited": _("changed it"),
    "broadcast.tested": _("sent a test"),
    "broadcast.submitted": _("asked for approval"),
    "broadcast.approved": _("agreed to it"),
    "broadcast.started": _("started it"),
    "broadcast.paused": _("held it"),
    "broadcast.running": _("let it go on"),
    "broadcast.cancelled": _("ended it"),
    "broadcast.retried": _("tried the failed ones again"),
    "broadcast.doubt_again": _("sent to those in doubt again"),
    "broadcast.doubt_leave": _("did not send again to those in doubt"),
}
