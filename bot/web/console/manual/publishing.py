"""Sections of the officers' manual for editors and approvers.

They are about announcements, content, texts, and sentences donated to train the recognizer.
"""

from bot.web.console.labels_broadcasts import BROADCASTS
from bot.web.console.labels_common import RUNNING
from bot.web.console.labels_content import CONTENT
from bot.web.console.labels_texts import TEXTS
from bot.web.console.manual.section import Section
from flows.engine.text import _

ANNOUNCEMENTS = Section(
    "broadcasts",
    BROADCASTS["broadcasts"],
    (
        BROADCASTS["broadcasts_hint"],
        _("Nothing is sent while you write. Each step is saved separately."),
    ),
    (
        _(
            "Press “{broadcast_new}”. Choose its purpose, then who gets it.",
            broadcast_new=BROADCASTS["broadcast_new"],
        ),
        _("Write every language. The first line is the title."),
        _(
            "Press “{test_all}”. Look at the message on the test phones.",
            test_all=BROADCASTS["test_all"],
        ),
        _(
            "Choose the time. Then press “{ask_approval}”.",
            ask_approval=BROADCASTS["ask_approval"],
        ),
        _(
            "A second person reads it and presses “{approve}”. If it is urgent, two people have to"
            " agree.",
            approve=BROADCASTS["approve"],
        ),
        _("A lead presses “{start}”. The page shows who got it.", start=BROADCASTS["start"]),
    ),
    {
        BROADCASTS["save_on"]: _("Saves this step and opens the next one."),
        BROADCASTS["save_stay"]: _("Saves this step and stays on it."),
        BROADCASTS["test_all"]: _("Sends each language to the test phones only."),
        BROADCASTS["test_send"]: _("Sends one language to the test phones only."),
        BROADCASTS["ask_approval"]: _("Asks a second person to read and approve it."),
        BROADCASTS["approve"]: BROADCASTS["approval_hint"],
        BROADCASTS["write_on"]: _("Opens the steps again. A change ends earlier approvals."),
        BROADCASTS["start"]: _("Sends it to a few people first. If that goes well, to all others."),
        BROADCASTS["pause"]: _(
            "Stops the sending for now. Meanwhile the list of announcements on the website and in"
            " the chat does not show this text."
        ),
        BROADCASTS["resume"]: _("The sending goes on where it stopped."),
        BROADCASTS["cancel_rest"]: _(
            "Ends the sending. Messages that were sent stay sent. The list of announcements on the"
            " website and in the chat will not show this text. You can't undo this."
        ),
        BROADCASTS["cancel_draft"]: BROADCASTS["cancel_draft_sure"],
        BROADCASTS["retry_failed"]: _("Tries again to reach the people who did not get it."),
        BROADCASTS["doubt_again"]: _("Sends it once more to people in doubt. Some may get two."),
        BROADCASTS["doubt_one_again"]: _("Sends it once more to this one person."),
        BROADCASTS["doubt_leave"]: _("People in doubt get nothing more."),
    },
)

THE_CONTENT = Section(
    "content",
    CONTENT["content"],
    (CONTENT["content_hint"],),
    (
        _("Find the sentence and open it. Correct it in every language."),
        _(
            "Give the source and its date. Then press “{content_save}”.",
            content_save=CONTENT["content_save"],
        ),
        _(
            "A second person reads the draft and presses “{content_approve}”.",
            content_approve=CONTENT["content_approve"],
        ),
    ),
    {
        CONTENT["content_save"]: _("Checks the text and keeps it as a draft."),
        CONTENT["content_approve"]: _(
            "Publishes a colleague's draft. Everybody reads it within 5 seconds."
        ),
        CONTENT["content_discard"]: CONTENT["content_discard_sure"],
        CONTENT["content_again"]: _("Publishes an earlier version once more."),
        CONTENT["content_withdraw"]: CONTENT["content_withdraw_sure"],
        CONTENT["content_announce"]: CONTENT["content_announce_hint"],
    },
)

THE_TEXTS = Section(
    "texts",
    TEXTS["texts"],
    (TEXTS["texts_hint"],),
    buttons={
        TEXTS["texts_report"]: _("Sends your remark to the editors. Write nothing about people."),
        TEXTS["texts_close"]: _("Editors close a report when they are done with it."),
    },
)

SENTENCES = Section(
    "phrases",
    RUNNING["phrases"],
    (RUNNING["phrases_hint"],),
    buttons={
        RUNNING["phrases_accept"]: _("Keeps the sentence for the next training."),
        RUNNING["remove"]: _("Deletes the sentence."),
    },
)

SECTIONS = (ANNOUNCEMENTS, THE_CONTENT, THE_TEXTS, SENTENCES)
