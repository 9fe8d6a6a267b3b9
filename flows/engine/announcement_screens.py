"""Announcements: reading those of the past, subscribing to topics, changing that, ending it."""

from flows.engine.fast_replace import replace
from flows.engine.flow import Consent, Flow, Path, ReadNews, Subscribe
from flows.engine.pin_screens import Locking
from flows.engine.questions import Choice, MultiChoice, Option
from flows.engine.text import Text, _, button

MINE = "~announcements"
WHAT = _(
    "Announcements are news of changed rules, support, registration and events. You can read them"
    " here, and nothing about you is kept for it, or have them sent to you. In a messenger they"
    " stay in the chat until you delete it."
)
SUBSCRIBED = _("Announcements come to you about: {topics}.")
# All that is written to whoever wants only a hint of it.
SOMETHING_NEW = _("There is something to look at.")
ENDED = _("No more announcements will come. What you told for them is deleted.")
STOPPED_TOO = _(
    "Announcements are stopped too, and what you told for them is deleted. To have them again,"
    " choose “Announcements” in the menu."
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
    """What can be done about announcements."""
    return Choice(name=MINE, label=button("Announcements"), text=text, among=among)


class Announcing(Locking):
    """What the person does about announcements, at any moment."""

    def _enter(self, flow: Flow) -> None:
        """Open a flow; before that of announcements comes a choice of what to do about them."""
        if not flow.announces or not self.c.language:
            self._open(flow)
            return self.ask()
        self.c = replace(self.c, flow="")
        if not self.c.topics:
            return self._ask_screen(screen(WHAT, GET))
        topics = self._topics(flow).show(",".join(self.c.topics))
        self._ask_screen(screen(_(SUBSCRIBED.msgid, topics=topics), CHANGE))

    def _answer_announcements(self, key: str) -> None:
        flow = next((each for each in self.flows.values() if each.announces), None)
        match key:
            case "read":
                self._read_news()
            case "get" | "change" if flow is not None:
                self._choose_topics(flow)
            case "end":
                self.effects.append(Subscribe())
                self._unsubscribe()
                self._say_and_reprompt(ENDED)
            case _:
                self.ask()

    def _choose_topics(self, flow: Flow) -> None:
        """Everything is asked anew, consents too; what was chosen before is ticked."""
        self._drop_form(flow)
        self._forget_consents(flow)
        self._open(flow)
        if self.c.topics:
            members = {self._topics(flow).name: self.c.topics}
            self._put_form(flow, replace(self._form(flow), members=members))
        self.ask()

    def _finish(self, flow: Flow, road: Path) -> None:
        if flow.announces:
            chosen = road.answers[self._topics(flow).name] or ""
            self.c = replace(self.c, topics=tuple(chosen.split(",")), muted=False)
        super()._finish(flow, road)

    def _read_news(self) -> None:
        """Say them where the person is; a form that stands open goes on after that."""
        if self.c.language:
            self.effects.append(ReadNews())
        self.ask()

    def _unsubscribe(self) -> None:
        for flow in self.flows.values():
            if flow.announces:
                self._drop_form(flow)
                self._forget_consents(flow)
        self.c = replace(self.c, topics=())

    def _forget_consents(self, flow: Flow) -> None:
        purposes = {item.purpose for item in flow.questions() if isinstance(item, Consent)}
        kept = {name: text for name, text in self.c.consents.items() if name not in purposes}
        self.c = replace(self.c, consents=kept)

    def _topics(self, flow: Flow) -> MultiChoice:
        return next(item for item in flow.questions() if isinstance(item, MultiChoice))
