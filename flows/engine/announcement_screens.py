"""Announcement screens: read past announcements; subscribe; change or end a subscription."""

from collections.abc import Iterable, Mapping

from flows.engine import labels, pin_screens
from flows.engine.effects import ReadNews, Subscribe
from flows.engine.fast_replace import replace
from flows.engine.flow import Consent, Flow, Path
from flows.engine.options import Option
from flows.engine.questions import Choice, MultiChoice
from flows.engine.text import Text, _, button
from flows.engine.turn import TurnState

MINE = "~announcements"
WHAT = _(
    "Announcements are news about changed rules, support, registration and events. You can "
    "read announcements here, and nothing about you is kept for that. Or you can have them "
    "sent to you. In a messenger they stay in the chat until you delete it."
)
SUBSCRIBED = _("Announcements come to you about: {topics}.")
# The complete message to subscribers who chose to be notified without the content of announcements.
SOMETHING_NEW = _("There is a new message for you.")
ENDED = _("No more announcements will come. Your choices for them are deleted.")
STOPPED_TOO = _(
    "Announcements are stopped too, and your choices for them are deleted. To get "
    "them again, choose “{announcements}” in the menu.",
    announcements=labels.ANNOUNCEMENTS,
)
READ, MENU = Option("read", button("Read them")), Option("menu", button("Menu"))
GET = (READ, Option("get", button("Have them sent")), MENU)
CHANGE = (
    READ,
    Option("change", button("Change")),
    Option("end", button("Send no more")),
    MENU,
)


def screen(text: Text, among: tuple[Option, ...]) -> Choice:
    """Return the announcements screen with the text `text` and the buttons `among`."""
    return Choice(name=MINE, label=labels.ANNOUNCEMENTS, text=text, among=among)


def enter(turn: TurnState, flow: Flow) -> None:
    """Open a flow; for the announcements flow, first ask what to do with announcements."""
    if not flow.announces or not turn.c.language:
        return pin_screens.open_flow(turn, flow)
    turn.c = replace(turn.c, flow="")
    if not turn.c.topics:
        return turn.ask_screen(screen(WHAT, GET))
    topics = _topics(flow).show(",".join(turn.c.topics))
    turn.ask_screen(screen(_(SUBSCRIBED.msgid, topics=topics), CHANGE))


def answer(turn: TurnState, key: str) -> None:
    flow = next((each for each in turn.flows.values() if each.announces), None)
    match key:
        case "read":
            read_news(turn)
        case "get" | "change" if flow is not None:
            _choose_topics(turn, flow)
        case "end":
            turn.effects.append(Subscribe())
            unsubscribe(turn)
            turn.say_and_reprompt(ENDED)
        case _:
            turn.ask()


def _choose_topics(turn: TurnState, flow: Flow) -> None:
    """Restart the announcements flow: ask for its consents again, with current topics ticked."""
    turn.drop_form(flow)
    _forget_consents(turn, flow)
    turn.open_flow(flow)
    if turn.c.topics:
        members = {_topics(flow).name: turn.c.topics}
        turn.put_form(flow, replace(turn.form(flow), members=members))
    turn.ask()


def keep_topics(turn: TurnState, flow: Flow, path: Path) -> None:
    """Store the announcement topics that the person chose in the form, and unmute messages."""
    chosen = path.answers[_topics(flow).name] or ""
    turn.c = replace(turn.c, topics=tuple(chosen.split(",")), muted=False)


def read_news(turn: TurnState) -> None:
    """Send past announcements to the person, then repeat the current question."""
    if turn.c.language:
        turn.effects.append(ReadNews())
    turn.ask()


def unsubscribe(turn: TurnState) -> None:
    for flow in turn.flows.values():
        if flow.announces:
            turn.drop_form(flow)
            _forget_consents(turn, flow)
    turn.c = replace(turn.c, topics=())


def _forget_consents(turn: TurnState, flow: Flow) -> None:
    turn.c = replace(turn.c, consents=without_consents(turn.c.consents, (flow,)))


def without_consents(consents: Mapping[str, str], flows: Iterable[Flow]) -> dict[str, str]:
    """Return the consents without those that the flows ask for."""
    questions = [item for flow in flows for item in flow.questions()]
    purposes = {item.purpose for item in questions if isinstance(item, Consent)}
    return {purpose: text for purpose, text in consents.items() if purpose not in purposes}


def _topics(flow: Flow) -> MultiChoice:
    return next(item for item in flow.questions() if isinstance(item, MultiChoice))
