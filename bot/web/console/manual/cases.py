"""Sections of the officers' manual about daily work.

They are about an officer's first day, the inbox, a case, canned replies and shortcut keys.
"""

from bot.web.console.labels import CASE, FRAME, INBOX
from bot.web.console.labels_common import RUNNING
from bot.web.console.labels_files import FILES
from bot.web.console.labels_inbox import KEYS, MARKING
from bot.web.console.labels_limits import LIMITS
from bot.web.console.labels_translation import TRANSLATION
from bot.web.console.manual.section import Section
from flows.engine.text import _

FIRST_DAY = Section(
    "first-day",
    _("Your first day"),
    (
        _("A case is one person's question to an officer. The form is paused while it is open."),
        _("Each step that you take is in the audit log, with your name and the time."),
    ),
    (
        _("Open “{own}” and add a passkey. Some pages open only with one.", own=FRAME["own"]),
        _(
            "Open “{inbox}” and press “{shift_start}”. Cases are given out only to officers on"
            " shift.",
            inbox=FRAME["inbox"],
            shift_start=INBOX["shift_start"],
        ),
        _(
            "Press “{take_next}”. You get the most urgent case that waits.",
            take_next=INBOX["take_next"],
        ),
        _(
            "Read the conversation. Write your answer and press “{preview}”.",
            preview=CASE["preview"],
        ),
        _(
            "Read it once more, as the person will see it. Then press “{send}”.",
            send=CASE["send"],
        ),
        _(
            "Is the question answered? Press “{resolve}”. The person is asked whether the answer"
            " helped.",
            resolve=CASE["resolve"],
        ),
        _("Before you leave, press “{shift_end}”.", shift_end=INBOX["shift_end"]),
    ),
)

THE_INBOX = Section(
    "inbox",
    FRAME["inbox"],
    (
        _("The tabs show cases by their state. A red number counts cases that are late."),
        _(
            "A dot shows whose turn it is. Filled: the case waits for you. Red: the case is late."
            " Hollow: you wait for the person."
        ),
        _("To read a colleague's case, choose a reason. The reason stays in the audit log."),
    ),
    buttons={
        INBOX["shift_start"]: _("From now on cases are given to you."),
        INBOX["shift_end"]: _(
            "You get no more cases. Those that wait for your answer go back to the queue."
        ),
        INBOX["take_next"]: _("Gives you the most urgent case."),
        CASE["read_case"]: _("Opens a case by its number, or by that of a registration."),
        INBOX["filter"]: _("Shows only cases of one topic, language, country, channel or label."),
        MARKING["view_save"]: _("Keeps this filter under a name. Only you see the name."),
        MARKING["bulk"]: _("Gives the cases that you ticked to a colleague or another topic."),
        MARKING["labels_edit"]: MARKING["labels_hint"],
        FRAME["updates"]: _("Shows the messages that came while the page was open."),
        FRAME["apply"]: _("Shows the page by your choice."),
    },
    picture="inbox",
)

A_CASE = Section(
    "case",
    _("A case"),
    (
        _(
            "You read the person's words in your script. Under “{original}” they are as the person"
            " wrote them.",
            original=CASE["original"],
        ),
        _(
            "Write Kazakh or Uzbek in the script that you use. The person gets the answer in the"
            " script that they read."
        ),
        _(
            "WhatsApp takes free text for 24 hours after the person's last message. Later the"
            " person gets a notice, taps it and reads your answer."
        ),
        _("A voice message plays in the case and is erased with the case."),
        _(
            "Under “{marks}” you make a case urgent or give it labels.",
            marks=MARKING["marks"],
        ),
    ),
    buttons={
        CASE["claim"]: _("The case becomes yours. From then on only you can answer it."),
        CASE["take_over"]: _(
            "Takes the case from a colleague. The colleague gets a notice. Words that they"
            " had not sent are not sent."
        ),
        CASE["release"]: _(
            "You give the case back. The case waits in the queue for another officer."
        ),
        CASE["preview"]: _("Shows your answer as the person will read it. Nothing is sent yet."),
        CASE["send"]: _("Sends your answer to the person's chat."),
        MARKING["facts_insert"]: _("Puts a checked sentence with its source into your answer."),
        TRANSLATION["translate"]: _(
            "A program translates your answer, where one is set up. Correct it, then send it."
        ),
        TRANSLATION["translate_message"]: _(
            "A program translates this message for you. The person's own words stay beside it."
        ),
        FILES["file_send"]: FILES["file_hint"],
        FILES["form_send"]: _("Sends a blank form of the library, in the person's language."),
        CASE["note_save"]: _("Keeps a note for colleagues. The person never sees it."),
        CASE["document"]: CASE["document_hint"],
        CASE["papers_pass"]: CASE["papers_hint"],
        CASE["pin"]: CASE["pin_hint"],
        CASE["transfer"]: _("Gives the case to a colleague, another topic or another mission."),
        CASE["snooze"]: CASE["snooze_hint"],
        CASE["resolve"]: _("Ends the case. The bot goes on and asks whether the answer helped."),
        CASE["answers_show"]: _("Shows the person's answers in the form. Choose a reason first."),
        CASE["unmask"]: _("Shows an answer in full that is partly hidden."),
        CASE["fill"]: _("Writes an answer into the form for the person. The person gets a notice."),
        MARKING["call_back"]: MARKING["call_back_hint"],
        MARKING["called_back"]: _("Takes the case off that list."),
        LIMITS["limit"]: LIMITS["limit_hint"],
    },
    picture="case",
)

READY_ANSWERS = Section(
    "canned",
    FRAME["canned"],
    (
        _("A ready answer is written once in each language. The person gets it in theirs."),
        _("In an empty answer of a case, / opens the list. Find one by its name or words."),
    ),
    buttons={
        RUNNING["canned_new"]: _("Opens an empty ready answer. A missing language can't be sent."),
        FRAME["change"]: _("Opens the text, so that you can change it."),
        FRAME["save"]: _("Keeps what you changed."),
        FILES["forms"]: FILES["forms_hint"],
    },
    picture="canned",
)

THE_KEYS = Section(
    "keys",
    KEYS["help_title"],
    (
        _(
            "“{help}” on each page shows the keys by which you work without a mouse.",
            help=FRAME["help"],
        ),
    ),
)

SECTIONS = (FIRST_DAY, THE_INBOX, A_CASE, READY_ANSWERS)
