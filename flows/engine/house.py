"""The assistant's own screens: language, menu, my data, my registration."""

from collections.abc import Iterable

from flows.engine.flow import Flow, Many, Path, Review, Step, shown
from flows.engine.questions import NO, YES, Choice, Option
from flows.engine.text import Text, _, button, verbatim
from flows.engine.words import Words

LANGUAGE, MENU, DELETE, REGISTERED, WITHDRAW, EDIT = (
    "~language",
    "~menu",
    "~delete",
    "~registered",
    "~withdraw",
    "~edit",
)

CHOOSE_LANGUAGE = _("Please choose your language.")
WELCOME = _(
    "Hello. This assistant tells ethnic Kazakhs abroad which papers and steps they need, and can"
    " pass a pre-registration to the state registry. You can read everything without leaving a"
    " trace: nothing about you is kept until you agree to it."
)
RISK = _(
    "Please note: the messenger's owner can read what is written here, and a phone can be checked."
    " If contact with foreign bodies is dangerous where you are, do not register here; you can"
    " read,"
    " go to a mission in person, or wait until you are in a safe place."
)
MENU_TEXT = _("What would you like to do?")
OLD_BUTTON = _("That button is from an earlier step. Here is where we are now.")
CHANGED = _("This form has changed a little since you last wrote. Nothing you answered is lost.")
EARLIER = _("Your earlier answer: {answer}")
SAVED = _("{label}: {answer}")
ASK_AGAIN = _("If it does not work, a person can help. Write “person” or press the button.")
CANNOT_READ = _("I cannot read this. Please write or use a button.")
CANNOT_HEAR = _("I cannot listen to recordings. Please write, or ask for a person to call you.")
NO_LOCATION = _("We do not need your location. It was not kept; please delete it here too.")
NO_PICTURES = _(
    "Please do not send photos or papers here. They were not kept. Please write instead."
)
NO_EDITS = _("A changed message is not taken over. To change an answer, use “Back”.")
HELP = _(
    "Press a button or write your answer. You can write “menu”, “back”, “language”, “person”,"
    " “stop” or “delete” at any time."
)
NOTHING_TO_SKIP = _("This answer is needed. If you do not know it, a person can help.")
NO_WAY_BACK = _("This is the first step.")
NOTHING_KEPT = _("Nothing about you is kept here.")
STOPPED = _(
    "Stopped. We will not write to you first. What you have entered stays until you delete it or"
    " its time runs out."
)
EXIT_TEXT = _("A useful phrase: “Good morning! How are you?”")
DELETE_TEXT = _(
    "Delete everything that is kept about you here? If a registration was sent, we will also"
    " ask the"
    " registry to withdraw it. This cannot be undone."
)
DELETED = _(
    "Everything kept about you here is deleted. If you had sent a registration, its withdrawal"
    " is on"
    " its way to the registry. To clear this chat, use “Delete chat” in your messenger."
)
WAITING = _(
    "Your message goes to an officer. While the officer has your conversation, the form waits."
    " Write here; everything is passed on."
)
JOINED = _("An officer is reading your conversation now.")
BACK_WITH_BOT = _("You are with the assistant again.")
OFFICER_DONE = _("The officer has finished. You are with the assistant again.")
UPDATE = _("There is an update. Open it when it suits you.")
REGISTRATION = {
    "sent": _("Saved. We will confirm when the registry accepts it. You need not send it again."),
    "received": _("The registry has received it and is checking it. Your receipt: {number}"),
    "accepted": _("The registry has accepted it. Your receipt: {number}"),
    "rejected": _(
        "The registry could not take it as it is. This is not a refusal: an officer will look"
        " at it."
        " Your receipt: {number}"
    ),
    "withdrawing": _("Your withdrawal is on its way to the registry."),
    "withdrawn": _("Your registration was withdrawn."),
}
NO_REGISTRATION = _("You have not sent a registration from here.")
WITHDRAW_TEXT = _("Withdraw your registration? You can register again at any time.")

PERSON = button("Talk to a person")
EXIT = button("Close and clear")
KEEP = button("Keep this answer")
BACK_TO_BOT = button("Back to assistant")
OPEN = button("Open")


def language_screen(words: Words) -> Choice:
    among = tuple(Option(code, verbatim(name)) for code, name in words.languages())
    return Choice(name=LANGUAGE, label=button("Language"), text=CHOOSE_LANGUAGE, among=among)


def menu_screen(flows: Iterable[Flow], kept: bool, registered: bool) -> Choice:
    among = [Option(flow.name, flow.title) for flow in flows]
    if registered:
        among.insert(0, Option("status", button("My registration")))
    if kept:
        among += [
            Option("mydata", button("My data")),
            Option("delete", button("Delete my data")),
        ]
    among.append(Option("language", button("Language")))
    return Choice(name=MENU, label=button("Menu"), text=MENU_TEXT, among=tuple(among))


DELETE_SCREEN = Choice(
    name=DELETE, label=button("Delete my data"), text=DELETE_TEXT, among=(YES, NO)
)
WITHDRAW_SCREEN = Choice(
    name=WITHDRAW, label=button("Withdraw"), text=WITHDRAW_TEXT, among=(YES, NO)
)


def registered_screen(state: str, number: str) -> Choice:
    text = REGISTRATION.get(state, REGISTRATION["sent"])
    if "{number}" in text.msgid:
        text = _(text.msgid, number=number)
    among = (
        Option("amend", button("Change an answer")),
        Option("withdraw", button("Withdraw")),
        Option("menu", button("Menu")),
    )
    gone = state in ("withdrawing", "withdrawn")
    return Choice(
        name=REGISTERED,
        label=button("My registration"),
        text=text,
        among=among[2:] if gone else among,
    )


def edit_screen(road: Path) -> Choice:
    """Every answer that can be changed, to choose one."""
    among = [Option(step.key, titled(step, road)) for step in road.steps if _can_change(step)]
    return Choice(
        name=EDIT,
        label=button("Change an answer"),
        text=_("Which answer would you like to change?"),
        among=(*among, Option("review", button("Back"))),
    )


def _can_change(step: Step) -> bool:
    return isinstance(step.item, Many) or shown(step) is not None


def details(stop: Step, road: Path) -> tuple[tuple[Text, ...], ...]:
    """What a review reads back, and whom a list holds so far."""
    if isinstance(stop.item, Review):
        lines = tuple(
            _(SAVED.msgid, label=titled(step, road), answer=answer)
            for step in road.steps
            if (answer := shown(step)) is not None
        )
        return (lines,)
    if isinstance(stop.item, Many):
        members = dict.fromkeys(step.member for step in road.steps if step.member)
        lines = tuple(
            _("{number}. {member}", number=number, member=stop.item.describe(road.of(member)))
            for number, member in enumerate(members, 1)
        )
        return (lines,) if lines else ()
    return ()


def titled(step: Step, road: Path) -> Text:
    """A step's label; that of a member's question carries the member's number."""
    if not step.member:
        return step.item.label
    members = list(dict.fromkeys(each.member for each in road.steps if each.member))
    return _("{label} ({number})", label=step.item.label, number=members.index(step.member) + 1)
