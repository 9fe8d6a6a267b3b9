"""The assistant's own screens and texts: language, menu, my data, my registration.

A screen is a question that belongs to no flow.
"""

from collections.abc import Iterable, Mapping

from flows import lifetimes
from flows.engine import labels, upload_states
from flows.engine.blocks import caution, receipt, row_of
from flows.engine.flow import Flow, Path, RepeatingGroup, Review, Step, Upload, shown
from flows.engine.language_protocol import Words
from flows.engine.options import Option
from flows.engine.questions import NO, YES, Choice
from flows.engine.text import Label, Text, _, button, verbatim

LANGUAGE, MENU, DELETE, REGISTERED, WITHDRAW, EDIT, LEAVE, REPLY = (
    "~language",
    "~menu",
    "~delete",
    "~registered",
    "~withdraw",
    "~edit",
    "~leave",
    # The screen that replies to a question of the person or offers topics, if no form is open.
    "~reply",
)

# Prefixes of the payloads of rows and checkboxes, which only some channels show.
CHANGE, TICK, UNTICK = "#change.", "#tick.", "#untick."

CHOOSE_LANGUAGE = _("Please choose your language.")
# The text is short, so that the menu's three large buttons fit on a phone's first screen. The
# complete warning is shown before the personal questions of the pre-registration.
WELCOME = _(
    "Hello. This assistant tells ethnic Kazakhs abroad which papers and steps they need. We keep"
    " nothing about you until you agree to it."
)
RISK = caution(
    _(
        "Please note: others may see this chat, and in a messenger it stays on your phone until you"
        " delete it. If contact with foreign bodies is dangerous where you are, only read here and"
        " do not register."
    )
)
# Shown instead of WELCOME, above the reply, if the person's first message is a question.
BRIEF_WELCOME = _(
    "Hello. This is an assistant for ethnic Kazakhs abroad. We keep nothing about you until you"
    " agree to it."
)
MENU_TEXT = _("What would you like to do?")
OLD_BUTTON = _("That button belongs to an earlier question. This is the question now.")
CHANGED = _("This form has changed a little since you last wrote. Your answers are not lost.")
EARLIER = _("Your earlier answer: {answer}")
SUGGESTED = _("From what you wrote: {answer}")
SAVED = _("{label}: {answer}")
ASK_AGAIN = _("If it does not work, a person can help. Write “person” or press the button.")
NOT_FOUND_AGAIN = _(
    "I did not find that either. Please choose a button or write it in another way."
)
NOT_FOUND_STILL = _("I still cannot find it. Please try one word, or the number of a button.")
REFUSED_AGAIN = _("This does not fit yet. {reason}")
REFUSED_STILL = _("Sorry, this does not fit either. {reason}")
ANSWERING_IN = _("I answer in this language: {language}. To change it, write “language”.")
CANNOT_READ = _("I cannot read this. Please write or use a button.")
CAPTION_NOT_UNDERSTOOD = _(
    "The file is being checked. I did not understand the words sent with it. If they are a"
    " question, please write it once more in a message without a file."
)
CANNOT_HEAR = _(
    "We cannot listen to voice messages here or pass them on. Please type, or ask someone you "
    "trust to type for you."
)
RECORDING_BROKEN = _(
    "We could not open your recording, so the officer did not get it. Please record a new voice"
    " message here, 10 minutes at most, or type."
)
NO_CALLS = _("Calls are not answered here. Please write, or let somebody you trust write for you.")
OR_A_PERSON = _("You can also talk to a person.")
NO_LOCATION = _("We do not need your location and did not keep it. Please delete it here too.")
NO_PICTURES = _(
    "Please do not send photos or papers here. We did not keep them. Please write instead."
)
NOT_HERE = _(
    "Please do not write this here. To keep you safe, we ask for it on our secure page, not "
    "in the messenger."
)
ON_PAGE = _(
    "We ask for “{label}” on our secure page, not in the messenger. The link works once, for "
    "10 minutes; write “new link” here to get a new one."
)
SHOWN_ON_PAGE = _(
    "“{label}” is shown on our own page, not in the messenger. The link works once, for 10 minutes;"
    " write “new link” here to get a new one."
)
PAGE_SKIPS = _("You can also write “skip”, “back” or “person”.")
PAGE_WAITS = _("You can also write “back” or “person”.")
WRITE_DONE = _("When you have finished, write “{word}”.")
PAGE_OFFERED = _("Here is the secure page. The link works once, for 10 minutes.")
PAPER_WANTED = _("The officer asks for a paper: {paper}. Please send a photo or a PDF of it.")
ANOTHER_PAPER = _("the one that they wrote about")
PAPER_TERMS = _(
    "• Why: so that your question can be answered.\n"
    "• Who sees it: the officers of the team that handles your question; the registry, if the "
    "officer passes it on with your registration.\n"
    "• How long: it is kept under lock here until the registry has it, {days} days at most.\n"
    "By sending it you agree to this. If you do not agree, write so: your question stays "
    "open.",
    days=lifetimes.UPLOAD_DAYS,
)
PAPER_STATES = {
    "checked": _("{paper}: received, not sent yet"),
    "sending": _("{paper}: on its way to the registry"),
    "accepted": _("{paper}: the registry has it"),
    "rejected": _("{paper}: not accepted as it is; an officer will look at it"),
}
# States of an upload at the registry that are announced even while an officer has the case.
PAPER_ANSWERS = ("accepted", "rejected")
WRITE_AGAIN = _("We may write to you again about your registration.")
HIDDEN = _("given, not shown here")
MASKED = _("You closed this chat before, so names are not shown here. The secure page shows them.")
NO_EDITS = _(
    "Editing a message that you sent changes nothing here. To change an answer, use “{back}”.",
    back=labels.BACK,
)
FIRST_HELP = _("You can ask in your own words, in your own language.")
HELP = _(
    "Press a button or write your answer. You can write “menu”, “back”, “language”, “person”,"
    " “stop” or “delete” at any time."
)
NOTHING_TO_SKIP = _("This answer is needed. If you do not know it, a person can help.")
NO_WAY_BACK = _("This is the first step.")
NOTHING_KEPT = _("Nothing about you is kept here.")
STOPPED = _(
    "Stopped. We will not write to you first. Your answers are kept until you delete them or "
    "until they expire."
)
EXIT_TEXT = _("A useful phrase: “Good morning! How are you?”")
DELETE_TEXT = _(
    "Delete everything that is kept about you here? If a registration was sent, we will also ask"
    " the registry to withdraw it. This cannot be undone."
)
# While an officer has the case, a typed "yes" is passed to the officer, so it cannot confirm the
# deletion.
DELETE_AGAIN = _("To confirm it now, press the button or write “delete” once more.")
DELETED = _(
    "Everything kept about you here is deleted. If you had sent a registration, its withdrawal is"
    " on its way to the registry."
)
WAITING = _(
    "Your message goes to an officer. Until the officer has finished, the form is paused. "
    "Write here: the officer gets everything that you write."
)
JOINED = _("An officer is reading your conversation now.")
LEAVE_TEXT = _(
    "Leave the conversation with the officer? If your question has not been answered yet, it "
    "will not be answered."
)
LEFT = _("You have left the conversation with the officer. You can ask a person again at any time.")
REOPENED = _("Your question is open again. An officer will read it.")
CLOSED_UNREAD = _(
    "Your question was closed without being read, because very many came from one internet"
    " connection at once. If you need an answer, please write “person” once more."
)
OFFICER_DONE = _("The officer has finished. You are with the assistant again.")
HELPED = _("Did this conversation help you?")
RATED = _("Thank you. This helps us to answer better.")
RATINGS = {"yes": button("It helped"), "partly": button("Helped partly"), "no": button("No help")}
UPDATE = _("There is an update. Open it when it suits you.")
PIN_OFFERED = _(
    "Can other people use your phone? Set a PIN in the menu, so that they cannot see your "
    "registration."
)
REGISTRATION = {
    "sent": _("Saved. We will confirm when the registry accepts it. You need not send it again."),
    # Shown in place of "sent" to people who muted messages.
    "on_its_way": _(
        "Saved. Your registration is on its way to the registry. You need not send it again."
    ),
    "received": _(
        "Your registration has arrived and is being checked. Your registration number: {number}"
    ),
    "needs_information": _(
        "The registry has a question about your registration. An officer will look at it. You can "
        "also write to an officer now. Your registration number: {number}"
    ),
    "question": _(
        "The registry has a question about your registration. Press “{answer}”. Your registration "
        "number: {number}",
        answer=labels.ANSWER,
    ),
    "answered": _(
        "Your answer is on its way to the registry. You need not send it again. Your registration "
        "number: {number}"
    ),
    # The same text as for "received". Otherwise, by entering another person's details, somebody
    # could find out whether that person has registered.
    "duplicate": _(
        "Your registration has arrived and is being checked. Your registration number: {number}"
    ),
    "passed_on": _(
        "The registry has passed your registration on to the office that works on it. Your "
        "registration number: {number}"
    ),
    "accepted": _("Your registration has been accepted. Your registration number: {number}"),
    "rejected": _(
        "Your registration could not be accepted as it is. This does not mean no: an officer "
        "will look at it. Your registration number: {number}"
    ),
    "withdrawing": _("Your withdrawal is on its way to the registry."),
    "withdrawn": _("Your registration was withdrawn."),
}
NO_REGISTRATION = _("You have not sent a registration from here.")
WITHDRAW_TEXT = _("Withdraw your registration? You can register again at any time.")

PERSON = labels.TALK_TO_A_PERSON
EXIT = labels.CLOSE_AND_CLEAR
# A sign instead of a word, because the language screen is shown in all languages at once.
EXIT_SIGN = verbatim("✕")
KEEP = button("Keep this answer")
BACK_TO_BOT = button("Back to assistant")
OPEN = button("Open")
OPEN_PAGE = button("Open the page")
NO_MODEL = button("No language model")
USE_PAGE = button("Use the secure page")


def welcome() -> tuple[tuple[Text, ...], ...]:
    """Return the paragraphs of the complete welcome: introduction, and warning of the risk."""
    return ((WELCOME,), (RISK,))


def guessed(words: Words, code: str) -> Text:
    """Return the sentence that tells the person which language was guessed."""
    return _(ANSWERING_IN.msgid, language=dict(words.languages())[code])


def language_screen(words: Words) -> Choice:
    among = tuple(Option(code, verbatim(name)) for code, name in words.languages())
    return Choice(name=LANGUAGE, label=button("Language"), text=CHOOSE_LANGUAGE, among=among)


def menu_screen(
    flows: Iterable[Flow],
    *,
    kept: bool,
    registered: bool,
    quiet: bool,
    model: bool = False,
    hints: bool = False,
) -> Choice:
    """Return the menu with the entries that apply to the person.

    `kept`: the person's data is stored. `registered`: there is a registration. `quiet`: messages
    are muted. `model`: the person consented to an external model. `hints`: hints (notices of news
    in the chat, sent by e-mail or SMS) are offered.
    """
    among = [Option(flow.name, flow.title) for flow in flows if not flow.follows]
    if registered:
        among.insert(0, Option("status", labels.MY_REGISTRATION))
    if kept:
        among += [
            Option("mydata", button("My data")),
            Option("pin", button("PIN")),
            Option("join", button("Second messenger")),
            Option("delete", button("Delete my data")),
        ]
    if hints:
        among.append(Option("hints", button("Hints: e-mail, phone")))
    if quiet:
        among.append(Option("write_again", button("Allow messages")))
    if model:
        among.append(Option("no_model", NO_MODEL))
    among.append(Option("language", button("Language")))
    return Choice(name=MENU, label=button("Menu"), text=MENU_TEXT, among=tuple(among))


DELETE_SCREEN = Choice(
    name=DELETE, label=button("Delete my data"), text=DELETE_TEXT, among=(YES, NO)
)
LEAVE_SCREEN = Choice(name=LEAVE, label=button("Leave"), text=LEAVE_TEXT, among=(YES, NO))
WITHDRAW_SCREEN = Choice(
    name=WITHDRAW, label=button("Withdraw"), text=WITHDRAW_TEXT, among=(YES, NO)
)


def registration_text(state: str, number: str) -> Text:
    """Return the text for a registration's state, with the number where the text names it."""
    text = REGISTRATION.get(state, REGISTRATION["sent"])
    if "{number}" in text.msgid:
        return receipt(_(text.msgid, **dict(text.values), number=number), number)
    return receipt(text, "")


def registered_screen(
    state: str, number: str, more: Iterable[Flow], more_options: tuple[Option, ...] = ()
) -> Choice:
    """Return the screen of a registration: its state, and buttons for the possible actions.

    `more` are the flows offered with a registration. `more_options` are added before "Menu".
    """
    text = registration_text(state, number)
    asked = [flow for flow in more if flow.answers_to]
    among = (
        *(Option(flow.name, flow.title) for flow in asked),
        Option("amend", labels.CHANGE_AN_ANSWER),
        Option("withdraw", button("Withdraw")),
        *(Option(flow.name, flow.title) for flow in more if not flow.answers_to),
        *more_options,
        Option("menu", button("Menu")),
    )
    gone = state in ("withdrawing", "withdrawn")
    return Choice(
        name=REGISTERED,
        label=labels.MY_REGISTRATION,
        text=text,
        among=among[-1:] if gone else among,
    )


def edit_screen(path: Path) -> Choice:
    """Return the screen that lists all answers that can be changed."""
    among = [Option(step.key, titled(step, path)) for step in path.steps if can_change(step)]
    return Choice(
        name=EDIT,
        label=labels.CHANGE_AN_ANSWER,
        text=_("Which answer would you like to change?"),
        among=(*among, Option("review", labels.BACK)),
    )


def can_change(step: Step) -> bool:
    """Return True if the step's answer can be changed from the review of all answers."""
    return isinstance(step.item, RepeatingGroup) or shown(step) is not None


def verdicts(codes: tuple[str, ...]) -> tuple[Text, ...]:
    """Return the results of file checks as sentences, each only once.

    A code is `ok`, or the code of a refusal or of a hint in `upload_states`.
    """
    good = sum(code not in upload_states.Refusal for code in codes)
    lines = [_("Received and readable: {count}.", count=good)] if good else []
    for code in dict.fromkeys(codes):
        if code in upload_states.Refusal:
            lines.append(upload_states.REFUSALS[upload_states.Refusal(code)])
        elif code in upload_states.Hint:
            lines.append(upload_states.HINTS[upload_states.Hint(code)])
    return tuple(lines)


def paper_lines(flows: Iterable[Flow], states: Mapping[str, str]) -> tuple[Text, ...]:
    """Return a line with the state of each uploaded paper; `states` maps papers to states."""
    return tuple(
        _(PAPER_STATES[states[item.paper]].msgid, paper=item.label)
        for flow in flows
        for item in flow.questions()
        if isinstance(item, Upload) and states.get(item.paper) in PAPER_STATES
    )


def details(step: Step, path: Path, *, hide: bool) -> tuple[tuple[Text, ...], ...]:
    """Return the answers of a review or the members of a group, as lines; () for other steps.

    `hide` masks answers to private questions in a review.
    """
    if isinstance(step.item, Review):
        lines = tuple(
            _answer_row(each, path, hidden(each, answer, hide=hide))
            for each in path.steps
            if (answer := shown(each)) is not None
        )
        return (lines,)
    if isinstance(step.item, RepeatingGroup):
        members = [path.of(key) for key in dict.fromkeys(s.member for s in path.steps) if key]
        lines = tuple(
            _("{number}. {member}", number=number, member=step.item.describe(answers))
            for number, answers in enumerate(members, 1)
        )
        return tuple(filter(None, (lines, step.item.check(members))))
    return ()


def _answer_row(step: Step, path: Path, answer: Label) -> Text:
    line = _(SAVED.msgid, label=titled(step, path), answer=answer)
    return row_of(line, answer, f"{CHANGE}{step.key}")


def hidden(step: Step, answer: Label, *, hide: bool) -> Label:
    """Return an answer for display; with `hide`, replace a private answer with a note."""
    given = step.answer is not None and step.answer.value is not None
    return HIDDEN if hide and step.item.sensitive and given else answer


def titled(step: Step, path: Path) -> Text:
    """Return a step's label, with the member's number if the question is about a group's member."""
    if not step.member:
        return step.item.label
    members = list(dict.fromkeys(each.member for each in path.steps if each.member))
    return _("{label} ({number})", label=step.item.label, number=members.index(step.member) + 1)
