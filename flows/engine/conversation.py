"""One step of a conversation: an event in; says, effects and the conversation out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import assert_never

from flows.engine import house
from flows.engine.events import (
    Acknowledged,
    Button,
    CancelCase,
    ConsentGiven,
    DeleteInput,
    Edited,
    Effect,
    Event,
    Export,
    Filled,
    Forget,
    Joined,
    Kind,
    Pressed,
    QuickExit,
    Relay,
    Resolved,
    Said,
    Say,
    Shared,
    Started,
    Stopped,
    Unreadable,
    Withdraw,
)
from flows.engine.flow import (
    Answer,
    Consent,
    Flow,
    Form,
    Gate,
    Many,
    Notice,
    OpenCase,
    Path,
    Review,
    Step,
    Submit,
    options,
    path,
    shown,
)
from flows.engine.questions import (
    FreeText,
    Option,
    PersonName,
    Phone,
    Question,
    Reading,
    explain,
)
from flows.engine.state import Asked, Conversation, Shown, Standing, Turn
from flows.engine.text import Text, _, button, verbatim
from flows.engine.words import SAFETY, Refusal, Reserved, Words

PAGE = 8
MOST_AT_ONCE = 10
MOST_RELAYED = 4000
# Beyond it a text is refused by every reader anyway; reading all of it would only take time.
MOST_READ = 5000


def step(
    flows: Mapping[str, Flow],
    words: Words,
    conversation: Conversation,
    event: Event,
    today: date,
) -> Turn:
    """Take one event; pure, so that the same event on the same conversation is the same turn."""
    turn = _Turn(flows, words, conversation, today)
    turn.take(event)
    return Turn(turn.c, tuple(turn.says), tuple(turn.effects))


class _Turn:
    """The work of one step: `c` is the conversation so far, `notes` open the next message."""

    def __init__(
        self, flows: Mapping[str, Flow], words: Words, conversation: Conversation, today: date
    ) -> None:
        self.flows = flows
        self.words = words
        self.c = conversation
        self.today = today
        self.notes: list[tuple[Text, ...]] = []
        self.says: list[Say] = []
        self.effects: list[Effect] = []
        self.replaces = False

    # What happened

    def take(self, event: Event) -> None:
        match event:
            case Started(word):
                self._start(word)
            case Said(text):
                self._said(text)
            case Pressed(payload):
                self._pressed(payload)
            case Shared(phone, own):
                self._shared(phone, own)
            case Unreadable(kind):
                self._unreadable(kind)
            case Edited():
                self._remark(house.NO_EDITS)
            case Acknowledged(state, number):
                self._acknowledged(state, number)
            case Joined():
                self.c = replace(self.c, with_officer=True)
                self._say(((house.JOINED,),), (), service=True)
            case Resolved():
                self.c = replace(self.c, with_officer=False)
                self._remark(house.OFFICER_DONE)
            case Filled(key, value):
                self._filled(key, value)
            case _:
                assert_never(event)

    def _start(self, word: str) -> None:
        if self.c.with_officer:
            return self.ask()
        self.c = replace(self.c, flow="", parked="")
        if word in self.flows:
            self._open(self.flows[word])
        if self.c.language:
            self.notes += [(house.WELCOME,), (house.RISK,)]
        self.ask()

    def _said(self, text: str) -> None:
        text = text[:MOST_READ]
        command = self.words.command(text)
        word = command[0] if command else self.words.reserved(text)
        if command and command[0] is Reserved.START:
            return self._start(command[1])
        if command or word in SAFETY:
            return self._obey(word) if word else self._remark(house.HELP)
        asked = self.c.asked
        if self.c.with_officer and (asked is None or not self._is_screen_answer(asked, text)):
            control = self._written_control(text)
            return self._obey(control) if control else self._relay(text)
        if self.c.language and self._speaks_of_danger(text):
            return self._danger()
        if asked is None or (not self.c.language and word):
            return self._obey(word) if word else self._start("")
        word = word or self._written_control(text)
        if word and isinstance(self._question(asked), (FreeText, PersonName)):
            return self._obey(word)
        if self.words.same(text, self.words.render(house.KEEP, asked.language)):
            return self._keep(asked)
        reading = self._read(asked, text)
        if isinstance(reading, Refusal):
            return self._obey(word) if word else self._refuse(asked, reading)
        if isinstance(reading, str):
            return self._answer(asked, reading, typed=True)
        self._narrow(asked, reading)

    def _is_screen_answer(self, asked: Asked, text: str) -> bool:
        """Whether words answer a screen of ours that was opened while an officer has the talk."""
        return asked.key.startswith("~") and not isinstance(self._read(asked, text), Refusal)

    def _speaks_of_danger(self, text: str) -> bool:
        """Words of danger, unless they are a label that was offered or go to an officer anyway."""
        asked = self.c.asked
        to_officer = asked is not None and isinstance(self._question(asked), FreeText)
        flow = self.flows.get(self.c.flow)
        if (flow and flow.hands_over and to_officer) or not self.words.danger(text):
            return False
        offered = asked.options if asked else ()
        return not any(self.words.same(text, each.words) for each in offered)

    def _danger(self) -> None:
        """Take the person to an officer with the topic that comes first."""
        flow = self.flows.get(self.c.flow)
        if flow and flow.hands_over:
            self._put_form(flow, self._form(flow).put("topic", Answer("danger")))
            return self.ask()
        self._person("danger")

    def _written_control(self, text: str) -> Reserved | None:
        """A control's label written out instead of pressed."""
        controls = [(house.EXIT, Reserved.EXIT), (house.PERSON, Reserved.PERSON)]
        if self.c.with_officer:
            controls.append((house.BACK_TO_BOT, Reserved.MENU))
        for label, word in controls:
            if self.words.same(text, self.words.render(label, self.c.language)):
                return word
        return None

    def _pressed(self, payload: str) -> None:
        if payload.startswith("!"):
            return self._obey(Reserved(payload[1:])) if payload[1:] in Reserved else self._old()
        nonce, _colon, key = payload.partition(":")
        asked = self.c.asked
        if self.c.with_officer and not (asked and asked.key.startswith("~")):
            return self.ask()
        if asked is None or nonce != str(asked.nonce):
            return self._old()
        match key:
            case ">":
                self._turn_page(asked)
            case "<":
                self._obey(Reserved.BACK)
            case "-":
                self._obey(Reserved.SKIP)
            case "=":
                self._keep(asked)
            case _ if any(option.key == key for option in asked.options):
                self._answer(asked, key, typed=False)
            case _:
                self._old()

    def _old(self) -> None:
        self._remark(house.OLD_BUTTON)

    def _shared(self, phone: str, own: bool) -> None:
        asked = self.c.asked
        if self.c.with_officer or asked is None or not isinstance(self._question(asked), Phone):
            self.effects.append(DeleteInput())
            return self._remark(house.CANNOT_READ)
        reading = self._read(asked, phone) if own else Refusal.NOT_YOURS
        if isinstance(reading, str) and not isinstance(reading, Refusal):
            return self._answer(asked, reading, typed=True)
        self.effects.append(DeleteInput())
        self._refuse(asked, Refusal.NOT_YOURS if not own else Refusal.NOT_A_PHONE)

    def _unreadable(self, kind: str) -> None:
        match kind:
            case "location":
                self.effects.append(DeleteInput())
                self._remark(house.NO_LOCATION)
            case "photo" | "document":
                self.effects.append(DeleteInput())
                self._remark(house.NO_PICTURES)
            case "voice":
                self._remark(house.CANNOT_HEAR)
            case _:
                self._remark(house.CANNOT_READ)

    def _acknowledged(self, state: str, number: str) -> None:
        before = self.c.standing or Standing(state)
        self.c = replace(self.c, standing=replace(before, state=state, number=number))
        # The first word after sending is the answer to what the person did; later ones are ours.
        awaited = before.state in ("sent", "withdrawing")
        if not self.c.quiet and (awaited or before.write_first):
            self._say(((house.UPDATE,),), (Button("!status", house.OPEN),), service=True)

    def _filled(self, key: str, value: str) -> None:
        road = self._road()
        stop = road[1].at(key) if road else None
        if road and stop and stop.item.accepts(value):
            answer = Answer(value, stop.item.rev, stop.signature, by="officer")
            self._put_form(road[0], self._form(road[0]).put(key, answer))

    # Reserved words

    def _obey(self, word: Reserved) -> None:
        if self.c.with_officer and word in (Reserved.BACK, Reserved.SKIP):
            return self.ask()
        match word:
            case Reserved.START | Reserved.MENU:
                self._menu()
            case Reserved.LANGUAGE:
                self._ask_language()
            case Reserved.HELP:
                self._help()
            case Reserved.BACK:
                self._back()
            case Reserved.SKIP:
                self._skip()
            case Reserved.PERSON:
                self._person()
            case Reserved.STATUS:
                self._status()
            case Reserved.MYDATA:
                self._mydata()
            case Reserved.STOP:
                self._stop()
            case Reserved.DELETE:
                self._delete()
            case Reserved.EXIT:
                self._exit()
            case _:
                assert_never(word)

    def _menu(self) -> None:
        if self.c.with_officer:
            self.effects.append(CancelCase())
            self.c = replace(self.c, with_officer=False)
            return self._remark(house.BACK_WITH_BOT)
        self.c = replace(self.c, flow="", parked="")
        self.ask()

    def _help(self) -> None:
        asked = self.c.asked
        question = self._question(asked) if asked else None
        self._remark(question.help if question and question.help else house.HELP)

    def _back(self) -> None:
        road, asked = self._road(), self.c.asked
        if road is None or asked is None or asked.key.startswith("~"):
            return self.ask()
        earlier = road[1].before(asked.key)
        while earlier and isinstance(earlier.item, (Notice, Gate, Consent)):
            earlier = road[1].before(earlier.key)
        if earlier is None:
            return self._remark(house.NO_WAY_BACK)
        self._put_form(road[0], replace(self._form(road[0]), cursor=earlier.key))
        self.ask()

    def _skip(self) -> None:
        asked = self.c.asked
        question = self._question(asked) if asked else None
        if asked is None or question is None or not question.skippable:
            return self._remark(house.NOTHING_TO_SKIP)
        self._answer(asked, None, typed=False)

    def _person(self, topic: str = "") -> None:
        handoff = next((flow for flow in self.flows.values() if flow.hands_over), None)
        if handoff is None or self.c.with_officer or self.c.flow == handoff.name:
            return self.ask()
        parked, road = self.c.flow, self._road()
        now = road[1].current(self._form(road[0]).cursor) if road else None
        if now is not None and isinstance(now.item, Gate):
            topic = topic or now.item.topic
        self._open(handoff)
        if topic:
            self._put_form(handoff, self._form(handoff).put("topic", Answer(topic)))
        self.c = replace(self.c, parked=parked)
        self.ask()

    def _status(self) -> None:
        if self.c.standing is None:
            return self._remark(house.NO_REGISTRATION)
        self._ask_screen(house.registered_screen(self.c.standing.state, self.c.standing.number))

    def _mydata(self) -> None:
        if not self.c.kept:
            return self._remark(house.NOTHING_KEPT)
        self.effects.append(Export())
        self.ask()

    def _stop(self) -> None:
        self.effects.append(Stopped())
        self.c = replace(self.c, quiet=True, flow="", parked="")
        self._remark(house.STOPPED)

    def _delete(self) -> None:
        if not self.c.kept:
            return self._erased()
        self._ask_screen(house.DELETE_SCREEN)

    def _erased(self) -> None:
        self.effects.append(Forget())
        self.c = Conversation(language=self.c.language, nonce=self.c.nonce)
        self._say(((house.DELETED,),), (), service=True)

    def _exit(self) -> None:
        self.effects.append(QuickExit())
        fresh = Conversation(language=self.c.language, nonce=self.c.nonce + 1, quiet=self.c.quiet)
        self.c = replace(self.c, flow="", asked=None, nonce=fresh.nonce) if self.c.kept else fresh
        self._say(((house.EXIT_TEXT,),), (), service=True)

    def _relay(self, text: str) -> None:
        words = self.words.text(text, MOST_RELAYED)
        if isinstance(words, Refusal):
            most = _("That is too long. Please keep it under {most} characters.", most=MOST_RELAYED)
            return self._remark(most)
        self.effects.append(Relay(words))
        self.c = replace(self.c, asked=None)

    # Judging what came against what was asked

    def _question(self, asked: Asked) -> Question | None:
        flow = self.flows.get(asked.flow)
        return flow.find(asked.key.partition("@")[0]) if flow else None

    def _read(self, asked: Asked, typed: str) -> str | Refusal | tuple[Option, ...]:
        for option in asked.options:
            if self.words.same(typed, option.words):
                return option.key
        question = self._question(asked)
        if self.words.text(typed, MOST_RELAYED) is Refusal.EMPTY:
            return Refusal.EMPTY
        if isinstance(question, Consent):
            return Refusal.NOT_LISTED
        if question is None or question.options or isinstance(question, Many):
            number = self.words.number(typed, 1, len(asked.options) or 1)
            if isinstance(number, int) and asked.options:
                return asked.options[number - 1].key
        if question is None:
            return self._read_house(asked, typed)
        return question.read(typed, Reading(self.words, asked.language, self.today))

    def _read_house(self, asked: Asked, typed: str) -> str | Refusal:
        said = self.words.yes_no(typed, asked.language)
        keys = {option.key for option in asked.options}
        if said is not None and keys >= {"yes", "no"}:
            return "yes" if said else "no"
        return Refusal.NOT_LISTED

    def _refuse(self, asked: Asked, refusal: Refusal) -> None:
        if self.c.language:
            self.notes.append((explain(refusal, self._question(asked) or house.DELETE_SCREEN),))
        if self.c.language and asked.tries >= 2:
            self.notes.append((house.ASK_AGAIN,))
        self._repeat(asked, tries=asked.tries + 1)

    def _narrow(self, asked: Asked, found: tuple[Option, ...]) -> None:
        """Several were meant: these are now the options, and stay so until answered."""
        road = self._road()
        stop = road[1].current(self._form(road[0]).cursor) if road else None
        if stop is None or stop.key != asked.key:
            return self._remark(house.CHANGED)
        self.notes.append((_("Which one do you mean?"),))
        self._repeat(asked, found=found)

    def _repeat(self, asked: Asked, tries: int = 0, found: tuple[Option, ...] = ()) -> None:
        self.ask(found, at=asked.key)
        if self.c.asked and self.c.asked.key == asked.key:
            self.c = replace(self.c, asked=replace(self.c.asked, tries=tries))

    def _turn_page(self, asked: Asked) -> None:
        pages = -(-len(asked.options) // PAGE)
        page = (asked.page + 1) % max(pages, 1)
        road = self._road()
        self.replaces = True
        if asked.key == house.EDIT and road:
            return self._ask_screen(house.edit_screen(road[1]), road[0].name, page=page)
        self.ask(page=page)

    def _keep(self, asked: Asked) -> None:
        road = self._road()
        stop = road[1].at(asked.key) if road else None
        if stop is None or stop.answer is None:
            return self._old()
        self._answer(asked, stop.answer.value, typed=False)

    # Answers

    def _answer(self, asked: Asked, value: str | None, typed: bool) -> None:
        if asked.key.startswith("~"):
            return self._answer_screen(asked.key, value or "")
        road = self._road()
        stop = road[1].at(asked.key) if road and road[0].name == asked.flow else None
        if road is None or stop is None or stop.item.rev != asked.rev:
            return self._remark(house.CHANGED)
        flow = road[0]
        match stop.item:
            case Consent() if value == "refuse":
                self._refused_consent(flow)
            case Gate() if value == "person":
                self._person(stop.item.topic)
            case Many() if value != "done":
                self._change_members(flow, stop.item, value or "")
            case Review() if value == "edit":
                self._ask_screen(house.edit_screen(road[1]), flow.name)
            case _ if value is not None and not stop.item.accepts(value):
                self._remark(house.CHANGED)
            case _:
                self._record(flow, stop, value, typed)

    def _record(self, flow: Flow, stop: Step, value: str | None, typed: bool) -> None:
        answer = Answer(value, stop.item.rev, stop.signature)
        form = self._form(flow).put(stop.key, answer)
        if isinstance(stop.item, Consent):
            self._consented(stop.item)
        self._put_form(flow, form)
        if typed and stop.item.sensitive:
            self.effects.append(DeleteInput())
        elif typed and value is not None and not isinstance(stop.item, FreeText):
            note = _(house.SAVED.msgid, label=stop.item.label, answer=stop.item.show(value))
            self.notes.append((note,))
        self.ask()

    def _consented(self, consent: Consent) -> None:
        shown_in = self.c.asked.language if self.c.asked else self.c.language
        self.effects.append(ConsentGiven(consent.purpose, consent.text, shown_in))
        consents = {**self.c.consents, consent.purpose: consent.text.msgid}
        self.c = replace(self.c, kept=True, consents=consents)

    def _refused_consent(self, flow: Flow) -> None:
        self._drop_form(flow)
        self.c = replace(self.c, flow=self.c.parked, parked="")
        self.notes += [(text,) for text in flow.declined(self.today)]
        self.ask()

    def _change_members(self, flow: Flow, many: Many, key: str) -> None:
        form = self._form(flow)
        members = form.members.get(many.name, ())
        if key == "add":
            members = (*members, str(self.c.nonce))
        else:
            gone = key.partition(".")[2]
            members = tuple(member for member in members if member != gone)
        lost = set(form.members.get(many.name, ())) - set(members)
        kept = {
            name: answer
            for name, answer in form.answers.items()
            if name.partition("@")[2] not in lost
        }
        changed = {**form.members, many.name: members}
        self._put_form(flow, replace(form, answers=kept, members=changed, cursor=None))
        self.ask()

    def _answer_screen(self, screen: str, key: str) -> None:
        self.replaces = True
        self.c = replace(self.c, asked=None)
        match screen:
            case house.LANGUAGE:
                self._choose_language(key)
            case house.MENU:
                self._choose(key)
            case house.DELETE:
                if key == "yes":
                    return self._erased()
                self.ask()
            case house.REGISTERED:
                self._registered(key)
            case house.WITHDRAW:
                self._withdraw(key)
            case house.EDIT:
                self._edit(key)
            case _:
                self._old()

    def _choose_language(self, code: str) -> None:
        if not self.c.language:
            self.notes += [(house.WELCOME,), (house.RISK,)]
        self.c = replace(self.c, language=code, asked=None)
        self.ask()

    def _choose(self, key: str) -> None:
        if key in self.flows:
            self._open(self.flows[key])
            return self.ask()
        if key in Reserved:
            return self._obey(Reserved(key))
        self._old()

    def _open(self, flow: Flow) -> None:
        """Enter a flow; a consent given before, to the same text, is not asked again."""
        form = self._renewed(flow)
        lasting = all(item.kept for item in flow.questions())
        for stop in path(flow, form).steps if lasting else ():
            item = stop.item
            if isinstance(item, Consent) and self.c.consents.get(item.purpose) == item.text.msgid:
                form = form.put(stop.key, Answer("yes", item.rev, stop.signature))
        self._put_form(flow, form)
        self.c = replace(self.c, flow=flow.name)

    def _renewed(self, flow: Flow) -> Form:
        """The form to go on with; after a withdrawal it is open again, and consent with it."""
        form = self._form(flow)
        if not (flow.registers and self.c.standing and self.c.standing.state == "withdrawn"):
            return form
        again = {item.name for item in flow.questions() if isinstance(item, (Review, Consent))}
        answers = {key: each for key, each in form.answers.items() if key not in again}
        return replace(form, answers=answers, submitted=False)

    def _registered(self, key: str) -> None:
        if key == "withdraw":
            return self._ask_screen(house.WITHDRAW_SCREEN)
        if key != "amend":
            return self._menu()
        flow = next((flow for flow in self.flows.values() if flow.registers), None)
        if flow is None:
            return self._menu()
        form = self._form(flow)
        reviews = {item.name for item in flow.questions() if isinstance(item, Review)}
        answers = {key: each for key, each in form.answers.items() if key not in reviews}
        self._put_form(flow, replace(form, answers=answers, submitted=False))
        self._open(flow)
        self.ask()

    def _withdraw(self, key: str) -> None:
        if key == "yes" and self.c.standing:
            self.c = replace(self.c, standing=replace(self.c.standing, state="withdrawing"))
            self.effects.append(Withdraw())
        self._status()

    def _edit(self, key: str) -> None:
        flow = self.flows.get(self.c.flow)
        if flow and key != "review":
            self._put_form(flow, replace(self._form(flow), cursor=key))
        self.ask()

    # Asking

    def _road(self) -> tuple[Flow, Path] | None:
        """The flow the person is in, and their path through it."""
        flow = self.flows.get(self.c.flow)
        return (flow, path(flow, self._form(flow))) if flow else None

    def _form(self, flow: Flow) -> Form:
        return self.c.forms.get(flow.name, Form())

    def _put_form(self, flow: Flow, form: Form) -> None:
        self.c = replace(self.c, forms={**self.c.forms, flow.name: form})

    def _remark(self, text: Text) -> None:
        """Say something, then show again where the person is."""
        self.notes.append((text,))
        self.ask()

    def ask(self, found: tuple[Option, ...] = (), page: int = 0, at: str = "") -> None:
        """Ask what is to be asked now; `found` are options narrowed from what was typed `at`."""
        road = self._road()
        if not self.c.language:
            self._ask_language()
        elif self.c.with_officer:
            back = Button("!menu", house.BACK_TO_BOT, Kind.CONTROL)
            self._say(((house.WAITING,),), (back,), service=True)
        elif road is None:
            self._ask_menu()
        elif road[0].registers and self._form(road[0]).submitted and self.c.standing:
            self.c = replace(self.c, flow="")
            self._status()
        elif (stop := road[1].current(self._form(road[0]).cursor)) is None:
            self._finish(*road)
        elif (fleeting := _fleeting(*road, stop, self._form(road[0]))) is not None:
            self._put_form(road[0], fleeting)
            self.ask(found, page, at)
        else:
            self._ask_step(*road, stop, found if stop.key == at else (), page)

    def _ask_language(self) -> None:
        screen = house.language_screen(self.words)
        codes = [code for code, _name in self.words.languages()]
        lines = tuple(verbatim(self.words.render(screen.text, code)) for code in codes)
        self._ask_screen(screen, paragraph=lines)

    def _ask_menu(self) -> None:
        registered = self.c.standing is not None
        self._ask_screen(house.menu_screen(self.flows.values(), self.c.kept, registered))

    def _ask_screen(
        self,
        screen: Question,
        flow: str = "",
        paragraph: tuple[Text, ...] = (),
        page: int = 0,
    ) -> None:
        asked = self._put_asked(flow, screen.name, screen.rev, screen.options, page)
        buttons = _option_buttons(asked.nonce, screen.options, page)
        self._say((paragraph or (screen.text,),), buttons, protect=screen.name == house.REGISTERED)

    def _ask_step(
        self, flow: Flow, road: Path, stop: Step, found: tuple[Option, ...], page: int
    ) -> None:
        offered = found or options(stop, self._form(flow))
        asked = self._put_asked(flow.name, stop.key, stop.item.rev, offered, page)
        old = shown(stop)
        if old is not None and not found:
            self.notes.append((_(house.EARLIER.msgid, answer=old),))
        buttons = _option_buttons(asked.nonce, offered, page)
        controls = self._controls(flow, road, stop, asked.nonce)
        self._say(
            ((stop.item.text,), *house.details(stop, road)),
            (*buttons, *controls),
            progress=(road.steps.index(stop) + 1, len(road.steps)),
            protect=isinstance(stop.item, Review),
        )

    def _put_asked(
        self, flow: str, key: str, rev: int, offered: tuple[Option, ...], page: int = 0
    ) -> Asked:
        language = self.c.language
        seen = tuple(Shown(each.key, self.words.render(each.label, language)) for each in offered)
        asked = Asked(flow, key, rev, self.c.nonce + 1, language, seen, page)
        self.c = replace(self.c, asked=asked, nonce=asked.nonce)
        return asked

    def _controls(self, flow: Flow, road: Path, stop: Step, nonce: int) -> tuple[Button, ...]:
        item = stop.item
        possible = (
            (shown(stop) is not None, f"{nonce}:=", house.KEEP),
            (item.skippable, f"{nonce}:-", button("Skip")),
            (road.before(stop.key) is not None, f"{nonce}:<", button("Back")),
            (item.help is not None, "!help", button("Help")),
            (not isinstance(item, Gate) and not flow.hands_over, "!person", house.PERSON),
        )
        controls = tuple(Button(load, text, Kind.CONTROL) for use, load, text in possible if use)
        if isinstance(item, Phone):
            share = Button(f"{nonce}:@", button("Share my number"), Kind.CONTACT)
            return (share, *controls)
        return controls

    def _finish(self, flow: Flow, road: Path) -> None:
        outcome = flow.outcome(_submission(flow, road, self._form(flow)), self.today)
        self.notes += [(text,) for text in outcome.texts]
        self.effects += [self._weighed(effect) for effect in outcome.effects]
        opened = any(isinstance(effect, OpenCase) for effect in outcome.effects)
        if flow.registers:
            number = self.c.standing.number if self.c.standing else ""
            may = road.answers.get("write_first") == "yes"
            self._put_form(flow, replace(self._form(flow), submitted=True))
            self.c = replace(self.c, standing=Standing("sent", number, may))
            self.notes.append((house.REGISTRATION["sent"],))
        elif flow.items:
            self._drop_form(flow)
        self.c = replace(self.c, flow=self.c.parked, parked="", with_officer=opened)
        self.ask()

    def _weighed(self, effect: Submit | OpenCase) -> Submit | OpenCase:
        """A case whose words speak of danger is urgent, whatever its topic."""
        if isinstance(effect, OpenCase) and self.words.danger(effect.words):
            return replace(effect, urgent=True)
        return effect

    def _drop_form(self, flow: Flow) -> None:
        forms = {name: form for name, form in self.c.forms.items() if name != flow.name}
        self.c = replace(self.c, forms=forms)

    def _say(
        self,
        paragraphs: Iterable[tuple[Text, ...]],
        buttons: tuple[Button, ...],
        *,
        progress: tuple[int, int] | None = None,
        protect: bool = False,
        service: bool = False,
    ) -> None:
        self.says.append(
            Say(
                (*self.notes, *paragraphs),
                (*buttons, Button("!exit", house.EXIT, Kind.EXIT)),
                self.c.language,
                progress=progress,
                replaces=self.replaces,
                protect=protect,
                service=service,
            )
        )
        self.notes = []


def _option_buttons(nonce: int, offered: tuple[Option, ...], page: int = 0) -> tuple[Button, ...]:
    buttons = tuple(Button(f"{nonce}:{each.key}", each.label) for each in offered)
    if len(buttons) <= MOST_AT_ONCE:
        return buttons
    more = Button(f"{nonce}:>", button("More"), Kind.CONTROL)
    return (*buttons[page * PAGE : (page + 1) * PAGE], more)


def _fleeting(flow: Flow, road: Path, stop: Step, form: Form) -> Form | None:
    """The form without what must not outlive a consent that lies behind; None if all is well."""
    before = road.steps[: road.steps.index(stop)]
    agreed = any(isinstance(step.item, Consent) and step.ok for step in before)
    fleeting = {
        name for item in flow.questions() if not item.kept for name in (item.name, *item.was)
    }
    known = {
        key: answer
        for key, answer in form.answers.items()
        if key.partition("@")[0] in fleeting and answer.value is not None
    }
    if not agreed or not known:
        return None
    forgotten = {key: replace(answer, value=None) for key, answer in known.items()}
    return replace(form, answers={**form.answers, **forgotten})


def _submission(flow: Flow, road: Path, form: Form) -> Submit:
    on_path = {step.item.name for step in road.steps}
    members = {
        item.name: tuple(
            road.of(member) for member in form.members.get(item.name, ()) if item.name in on_path
        )
        for item in flow.items
        if isinstance(item, Many)
    }
    return Submit(flow.name, dict(road.answers), members)
