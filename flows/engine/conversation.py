"""One step of a conversation: an event in; says, effects and the conversation out."""

from collections.abc import Mapping
from datetime import date
from typing import assert_never

from flows.engine import announcement_screens, checklist_screens, pin_screens, screens
from flows.engine.announcement_screens import Announcing
from flows.engine.asking import PAGE, ephemeral_answers
from flows.engine.checklist_screens import Screen
from flows.engine.events import (
    Acknowledged,
    Attached,
    Awaited,
    Button,
    CancelCase,
    ConsentGiven,
    DeleteInput,
    Edited,
    Event,
    Filled,
    Forget,
    Joined,
    Kind,
    Page,
    PinLifted,
    PinTried,
    Pressed,
    QuickExit,
    Rated,
    Relay,
    Resolved,
    Resumed,
    Said,
    Shared,
    Started,
    Stopped,
    TakeFile,
    Unreadable,
    UploadChecked,
    UploadReceived,
    UploadRequested,
    UploadStatusChanged,
    Withdraw,
)
from flows.engine.fast_replace import replace
from flows.engine.flow import (
    Answer,
    Consent,
    Flow,
    Form,
    HandoffOffer,
    Notice,
    RepeatingGroup,
    Review,
    Step,
    Upload,
    path,
)
from flows.engine.language_protocol import SAFETY, Refusal, Reserved, Words
from flows.engine.questions import (
    FreeText,
    MultiChoice,
    Option,
    PersonName,
    Phone,
    Question,
    Reading,
    explain,
)
from flows.engine.state import UNASKED, Asked, Conversation, RegistrationStatus, Turn, waits
from flows.engine.text import _

MAX_RELAYED = 4000
PAGE_CONTROL = "!page"
# Where a file goes that an officer asked for, since no question of a form did.
REQUESTED = "~wanted"
# Beyond it a text is refused by every reader anyway; reading all of it would only take time.
MAX_READ = 5000


def step(
    flows: Mapping[str, Flow],
    words: Words,
    conversation: Conversation,
    event: Event,
    today: date,
    page: Page = Page.NEVER,
) -> Turn:
    """Take one event; pure, so that the same event on the same conversation is the same turn.

    `page` says whether the channel sends people to the secure page for what is private.
    """
    turn = _Turn(flows, words, conversation, today, page)
    turn.take(event)
    turn.drop_ephemeral()
    return Turn(turn.c, tuple(turn.says), tuple(turn.effects))


def awaited(flows: Mapping[str, Flow], c: Conversation) -> Awaited | None:
    """Where a file that comes now belongs: to what the officer wants, or to the open question."""
    if c.with_officer:
        return Awaited("", REQUESTED, c.requested_upload) if c.requested_upload else None
    asked = c.asked
    flow = flows.get(asked.flow) if asked else None
    item = flow.find(asked.key) if flow and asked else None
    return Awaited(flow.name, item.name, item.paper) if flow and isinstance(item, Upload) else None


class _Turn(Announcing):
    """What the person did, and what happened elsewhere."""

    def drop_ephemeral(self) -> None:
        """What was not to be kept goes from whoever is known, as soon as they leave its flow."""
        if not self.c.is_persistent:
            return
        inside = (self.c.flow, self.c.suspended_flow)
        forms = {
            name: form
            for name, form in self.c.forms.items()
            if name in inside
            or name not in self.flows
            or not (
                ephemeral_answers(self.flows[name], form)
                or any(waits(answer) for answer in form.answers.values())
            )
        }
        listed = self.c.asked is not None and self.c.asked.key in checklist_screens.OFFERS
        self.c = replace(self.c, forms=forms, draft_list=self.c.draft_list if listed else None)

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
            case Attached(kind, ref, size):
                self._attached(kind, ref, size)
            case UploadChecked() | UploadStatusChanged() | UploadRequested():
                self._take_upload_event(event)
            case Resumed():
                self.ask()
            case Edited():
                self._say_and_reprompt(screens.NO_EDITS)
            case Acknowledged(state, number):
                self._acknowledged(state, number)
            case Joined() | Resolved() | Filled():
                self._take_officer_event(event)
            case PinTried() | PinLifted():
                self._take_pin_event(event)
            case _:
                assert_never(event)

    def _take_officer_event(self, event: Joined | Resolved | Filled) -> None:
        match event:
            case Joined():
                self.c = replace(self.c, with_officer=True)
                self._say(((screens.JOINED,),), (), service=True)
            case Resolved(where):
                self._resolved(where)
            case Filled(key, value):
                self._filled(key, value)
            case _:
                assert_never(event)

    def _resolved(self, where: str) -> None:
        """Ask whether it helped, beside the form; then go on where the officer chose."""
        self.c = replace(self.c, with_officer=False, requested_upload="")
        ratings = tuple(Button(f"*{key}", label) for key, label in screens.RATINGS.items())
        self._say(((screens.OFFICER_DONE,), (screens.HELPED,)), ratings, service=True)
        if where:
            self.c = replace(self.c, flow="", suspended_flow="")
        if where in self.flows:
            self._open(self.flows[where])
        self.ask()

    def _start(self, word: str) -> None:
        self.c = replace(self.c, after_pin="")
        if self.c.with_officer:
            return self.ask()
        self.c = replace(self.c, flow="", suspended_flow="")
        if self.c.language:
            self.notes += [(screens.WELCOME,), (screens.RISK,)]
        if word in self.flows:
            return self._enter(self.flows[word])
        self.ask()

    def _said(self, text: str) -> None:
        text = text[:MAX_READ]
        command = self.words.command(text)
        word = command[0] if command else self.words.reserved(text)
        if command and command[0] is Reserved.START:
            return self._start(command[1])
        if command or word in SAFETY:
            return self._run_command(word) if word else self._say_and_reprompt(screens.HELP)
        asked = self.c.asked
        if self.c.with_officer and (asked is None or not self._is_screen_answer(asked, text)):
            control = self._written_control(text)
            return self._run_command(control) if control else self._relay(text)
        if self.c.language and self._speaks_of_danger(text):
            return self._danger(text)
        if asked is None or (not self.c.language and word):
            return self._run_command(word) if word else self._start("")
        word = word or self._written_control(text)
        if word and isinstance(self._question(asked), (FreeText, PersonName)):
            return self._run_command(word)
        if self.words.same(text, self.words.render(screens.KEEP, asked.language)):
            return self._keep(asked)
        reading = self._read(asked, text)
        if isinstance(reading, Refusal):
            return self._run_command(word) if word else self._refuse(asked, reading)
        if isinstance(reading, str):
            return self._answer(asked, reading, typed=True)
        self._narrow(asked, reading)

    def _is_screen_answer(self, asked: Asked, text: str) -> bool:
        """Whether words are a PIN that was asked for while an officer has the talk.

        Other screens are answered by their buttons then: a "yes" is for the officer.
        """
        return asked.key == pin_screens.PIN and not isinstance(self._read(asked, text), Refusal)

    def _speaks_of_danger(self, text: str) -> bool:
        """Words of danger, unless they are a label that was offered or go to an officer anyway."""
        asked = self.c.asked
        to_officer = asked is not None and isinstance(self._question(asked), FreeText)
        flow = self.flows.get(self.c.flow)
        if (flow and flow.hands_over and to_officer) or not self.words.danger(text):
            return False
        offered = asked.options if asked else ()
        return not any(self.words.same(text, each.words) for each in offered)

    def _danger(self, typed: str) -> None:
        """Take the person to an officer with the topic that comes first, and with their words."""
        flow = self.flows.get(self.c.flow)
        if flow and flow.hands_over:
            self._put_form(flow, self._brought(flow, "danger", typed))
            return self.ask()
        self._person("danger", typed)

    def _brought(self, handoff: Flow, topic: str, typed: str) -> Form:
        """The handoff's form with what is known; words wait there to be kept or written anew."""
        form, asked = self._form(handoff), handoff.find("words")
        if topic:
            form = form.put("topic", Answer(topic))
        words = self.words.text(typed, asked.maximum if isinstance(asked, FreeText) else 0)
        return form if isinstance(words, Refusal) else form.put("words", Answer(words, UNASKED))

    def _written_control(self, text: str) -> Reserved | None:
        """A control's label written out instead of pressed."""
        controls = [(screens.EXIT, Reserved.EXIT), (screens.PERSON, Reserved.PERSON)]
        if self.c.with_officer:
            controls.append((screens.BACK_TO_BOT, Reserved.MENU))
        for label, word in controls:
            if self.words.same(text, self.words.render(label, self.c.language)):
                return word
        return None

    def _pressed(self, payload: str) -> None:
        if payload == PAGE_CONTROL:
            return self._offer_page()
        if payload == checklist_screens.CONTROL:
            return self._open_list()
        if payload.startswith("!"):
            return (
                self._run_command(Reserved(payload[1:])) if payload[1:] in Reserved else self._old()
            )
        if payload[:1] == "*" and payload[1:] in screens.RATINGS:
            self.effects.append(Rated(payload[1:]))
            return self._say(((screens.RATED,),), (), service=True)
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
                self._run_command(Reserved.BACK)
            case "-":
                self._run_command(Reserved.SKIP)
            case "=":
                self._keep(asked)
            case _ if any(option.key == key for option in asked.options):
                self._answer(asked, key, typed=False)
            case _:
                self._old()

    def _offer_page(self) -> None:
        """A link for the question that stands; on the page itself there is nothing to offer."""
        road = self._road()
        stop = road[1].current(self._form(road[0]).cursor) if road else None
        if self.page is Page.NEVER or stop is None or not stop.item.sensitive:
            return self.ask()
        link = Button("", screens.OPEN_PAGE, Kind.PAGE)
        self._say(((screens.PAGE_OFFERED,),), (link,), private=True)

    def _old(self) -> None:
        self._say_and_reprompt(screens.OLD_BUTTON)

    def _shared(self, phone: str, own: bool) -> None:
        asked = self.c.asked
        if self.c.with_officer or asked is None or not isinstance(self._question(asked), Phone):
            self.effects.append(DeleteInput())
            return self._say_and_reprompt(screens.CANNOT_READ)
        reading = self._read(asked, phone) if own else Refusal.NOT_YOURS
        if isinstance(reading, str) and not isinstance(reading, Refusal):
            return self._answer(asked, reading, typed=True)
        self.effects.append(DeleteInput())
        self._refuse(asked, Refusal.NOT_YOURS if not own else Refusal.NOT_A_PHONE)

    def _take_upload_event(
        self, event: UploadChecked | UploadStatusChanged | UploadRequested
    ) -> None:
        match event:
            case UploadChecked(name, key, refusal, hint):
                self._upload_checked(name, key, refusal or hint or "ok", good=not refusal)
            case UploadStatusChanged(paper, state):
                self.c = replace(self.c, papers={**self.c.papers, paper: state})
                if self.c.with_officer and not self.c.muted and state in screens.PAPER_ANSWERS:
                    self._updated()
            case UploadRequested(paper):
                self.c = replace(self.c, requested_upload=paper)
                self.ask()
            case _:
                assert_never(event)

    def _attached(self, kind: str, ref: str, size: int) -> None:
        """A file is taken where a paper was asked for, by the form or by the officer."""
        place = awaited(self.flows, self.c)
        if place is None:
            return self._unreadable(kind)
        self.effects.append(TakeFile(place, ref, size))
        self.c = replace(self.c, pending_uploads=self.c.pending_uploads + 1)

    def _upload_checked(self, name: str, key: str, verdict: str, *, good: bool) -> None:
        """What became of a file; of an album it is said when the last one was looked at."""
        flow = self.flows.get(name)
        item = flow.find(key) if flow else None
        if flow and good and isinstance(item, Upload):
            form = self._form(flow)
            files = {**form.files, key: form.files.get(key, 0) + 1}
            self._put_form(flow, replace(form, files=files))
            self.c = replace(self.c, papers={**self.c.papers, item.paper: "checked"})
        if good and key == REQUESTED and self.c.requested_upload:
            self._requested_upload_received()
        left = max(0, self.c.pending_uploads - 1)
        self.c = replace(self.c, pending_uploads=left, verdicts=(*self.c.verdicts, verdict))
        if left:
            return
        self.notes.append(screens.verdicts(self.c.verdicts))
        wanted = self.c.requested_upload if key == REQUESTED and not good else ""
        self.c = replace(self.c, verdicts=(), requested_upload=wanted)
        self.ask()

    def _requested_upload_received(self) -> None:
        """What the officer asked for is here: sending it was the consent that the asking named."""
        self.effects += [
            ConsentGiven("papers", screens.PAPER_TERMS, self.c.language),
            UploadReceived(self.c.requested_upload),
        ]
        self.c = replace(self.c, papers={**self.c.papers, self.c.requested_upload: "checked"})

    def _unreadable(self, kind: str) -> None:
        match kind:
            case "location":
                self.effects.append(DeleteInput())
                self._say_and_reprompt(screens.NO_LOCATION)
            case "photo" | "document":
                self.effects.append(DeleteInput())
                self._say_and_reprompt(screens.NO_PICTURES)
            case "voice":
                more = () if self.c.with_officer else (screens.OR_A_PERSON,)
                self.notes.append((screens.CANNOT_HEAR, *more))
                self.ask()
            case _:
                self._say_and_reprompt(screens.CANNOT_READ)

    def _acknowledged(self, state: str, number: str) -> None:
        before = self.c.registration or RegistrationStatus(state)
        self.c = replace(self.c, registration=replace(before, state=state, number=number))
        # The first word after sending is the answer to what the person did; later ones are ours.
        awaited = before.state in ("sent", "withdrawing")
        if not self.c.muted and (awaited or before.write_first):
            self._updated()

    def _updated(self) -> None:
        """What nobody asked for just now tells a passer-by nothing."""
        self._say(((screens.UPDATE,),), (Button("!status", screens.OPEN),), service=True)

    def _filled(self, key: str, value: str) -> None:
        road = self._road()
        stop = road[1].at(key) if road else None
        if road and stop and stop.item.accepts(value):
            answer = Answer(value, stop.item.rev, stop.signature, by="officer")
            self._put_form(road[0], self._form(road[0]).put(key, answer))

    # Reserved words

    def _run_command(self, word: Reserved) -> None:
        self.c = replace(self.c, after_pin="")
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
            case Reserved.NEWS:
                self._read_news()
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
            return self._ask_screen(screens.LEAVE_SCREEN)
        self.c = replace(self.c, flow="", suspended_flow="")
        self.ask()

    def _leave(self, key: str) -> None:
        """Close the case, unless the officer has done so meanwhile."""
        if key != "yes" or not self.c.with_officer:
            return self.ask()
        self.effects.append(CancelCase())
        self.c = replace(self.c, with_officer=False, requested_upload="")
        self._say_and_reprompt(screens.LEFT)

    def _help(self) -> None:
        asked = self.c.asked
        question = self._question(asked) if asked else None
        self._say_and_reprompt(question.help if question and question.help else screens.HELP)

    def _back(self) -> None:
        road, asked = self._road(), self.c.asked
        if asked is not None and asked.key == Screen.TICK:
            return self._open_list()
        if road is None or asked is None or asked.key.startswith("~"):
            return self.ask()
        earlier = road[1].before(asked.key)
        while earlier and isinstance(earlier.item, (Notice, HandoffOffer, Consent)):
            earlier = road[1].before(earlier.key)
        if earlier is None:
            return self._say_and_reprompt(screens.NO_WAY_BACK)
        self._put_form(road[0], replace(self._form(road[0]), cursor=earlier.key))
        self.ask()

    def _skip(self) -> None:
        asked = self.c.asked
        question = self._question(asked) if asked else None
        if asked is None or question is None or not question.skippable:
            return self._say_and_reprompt(screens.NOTHING_TO_SKIP)
        self._answer(asked, None, typed=False)

    def _person(self, topic: str = "", typed: str = "") -> None:
        handoff = next((flow for flow in self.flows.values() if flow.hands_over), None)
        if handoff is None or self.c.with_officer or self.c.flow == handoff.name:
            return self.ask()
        parked, road = self.c.flow, self._road()
        now = road[1].current(self._form(road[0]).cursor) if road else None
        if now is not None and isinstance(now.item, HandoffOffer):
            topic = topic or now.item.topic
        self._open(handoff)
        self._put_form(handoff, self._brought(handoff, topic, typed))
        self.c = replace(self.c, suspended_flow=parked)
        self.ask()

    def _stop(self) -> None:
        self.effects.append(Stopped())
        self._forget_reminder()
        subscribed = bool(self.c.topics)
        self._unsubscribe()
        self.c = replace(self.c, muted=True, flow="", suspended_flow="")
        self.notes.append((screens.STOPPED,))
        self._say_and_reprompt(announcement_screens.STOPPED_TOO) if subscribed else self.ask()

    def _delete(self) -> None:
        with_officer, asked = self.c.with_officer, self.c.asked
        if not self.c.is_persistent or (with_officer and asked and asked.key == screens.DELETE):
            return self._erased()
        more = (screens.DELETE_AGAIN,) if with_officer else ()
        self._ask_screen(screens.DELETE_SCREEN, paragraph=(screens.DELETE_TEXT, *more))

    def _erased(self) -> None:
        self.effects.append(Forget())
        self.c = Conversation(language=self.c.language, nonce=self.c.nonce)
        self._say(((screens.DELETED,),), (), service=True)

    def _exit(self) -> None:
        self.effects.append(QuickExit())
        fresh = Conversation(language=self.c.language, nonce=self.c.nonce + 1, muted=self.c.muted)
        self.c = (
            replace(self.c, flow="", asked=None, nonce=fresh.nonce)
            if self.c.is_persistent
            else fresh
        )
        # A button that clears would give the harmless phrase away.
        self._say(((screens.EXIT_TEXT,),), (), service=True, leaves=False)

    def _relay(self, text: str) -> None:
        words = self.words.text(text, MAX_RELAYED)
        if isinstance(words, Refusal):
            too_long = _(
                "That is too long. Please keep it under {most} characters.", most=MAX_RELAYED
            )
            return self._say_and_reprompt(too_long)
        self.effects.append(Relay(words))
        self.c = replace(self.c, asked=None, after_pin="")

    # Judging what came against what was asked

    def _question(self, asked: Asked) -> Question | None:
        flow = self.flows.get(asked.flow)
        return flow.find(asked.key.partition("@")[0]) if flow else None

    def _read(self, asked: Asked, typed: str) -> str | Refusal | tuple[Option, ...]:
        for option in asked.options:
            if self.words.same(typed, option.words):
                return option.key
        if asked.key == pin_screens.PIN:
            return self._read_pin(typed)
        question = self._question(asked)
        if self.words.text(typed, MAX_RELAYED) is Refusal.EMPTY:
            return Refusal.EMPTY
        if isinstance(question, Consent) or asked.key == Screen.KEEP:
            return Refusal.NOT_LISTED
        if question is None or question.options or isinstance(question, RepeatingGroup):
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
        question = self._question(asked)
        if question and question.sensitive and DeleteInput() not in self.effects:
            self.effects.append(DeleteInput())
        if asked.key == pin_screens.PIN:
            self.notes.append((pin_screens.NOT_A_PIN,))
        elif self.c.language:
            self.notes.append((explain(refusal, question or screens.DELETE_SCREEN),))
        if self.c.language and asked.tries >= 2:
            self.notes.append((screens.ASK_AGAIN,))
        self._repeat(asked, tries=asked.tries + 1)

    def _narrow(self, asked: Asked, found: tuple[Option, ...]) -> None:
        """Several were meant: these are now the options, and stay so until answered."""
        road = self._road()
        stop = road[1].current(self._form(road[0]).cursor) if road else None
        if stop is None or stop.key != asked.key:
            return self._say_and_reprompt(screens.CHANGED)
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
        if asked.key == screens.EDIT and road:
            return self._ask_screen(screens.edit_screen(road[1]), page=page)
        if asked.key == Screen.TICK:
            return self._ask_ticks(page)
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
            return self._answer_screen(asked, value or "")
        road = self._road()
        stop = road[1].at(asked.key) if road and road[0].name == asked.flow else None
        if road is None or stop is None or stop.item.rev != asked.rev:
            return self._say_and_reprompt(screens.CHANGED)
        flow = road[0]
        private = stop.item.sensitive and not isinstance(stop.item, Upload)
        if self.page is Page.ALWAYS and private and value is not None:
            self.effects.append(DeleteInput())
            return self._say_and_reprompt(screens.NOT_HERE)
        match stop.item:
            case Upload() if value == "done":
                self._record(flow, stop, str(self._form(flow).files.get(stop.key, 0)), typed=False)
            case Consent() if value == "refuse" and not stop.item.optional:
                self._refused_consent(flow)
            case MultiChoice():
                self._tick_option(flow, stop, value or "")
            case HandoffOffer() if value == "person":
                self._person(stop.item.topic)
            case RepeatingGroup() if value != "done":
                self._change_members(flow, stop.item, value or "")
            case Review() if value == "edit":
                self._ask_screen(screens.edit_screen(road[1]))
            case _ if value is not None and not stop.item.accepts(value):
                self._say_and_reprompt(screens.CHANGED)
            case _:
                self._record(flow, stop, value, typed)

    def _record(self, flow: Flow, stop: Step, value: str | None, typed: bool) -> None:
        answer = Answer(value, stop.item.rev, stop.signature)
        form = self._form(flow).put(stop.key, answer)
        if isinstance(stop.item, Consent) and value == "yes":
            self._consented(stop.item)
        self._put_form(flow, form)
        if typed and stop.item.sensitive:
            self.effects.append(DeleteInput())
        elif typed and value is not None and not isinstance(stop.item, FreeText):
            note = _(screens.SAVED.msgid, label=stop.item.label, answer=stop.item.show(value))
            self.notes.append((note,))
        self.ask()

    def _refused_consent(self, flow: Flow) -> None:
        answers = path(flow, self._form(flow)).answers
        self._drop_form(flow)
        self.c = replace(self.c, flow=self.c.suspended_flow, suspended_flow="")
        self.notes += [(text,) for text in flow.declined(answers, self.today)]
        self.ask()

    def _tick_option(self, flow: Flow, stop: Step, key: str) -> None:
        form = self._form(flow)
        chosen = form.members.get(stop.item.name, ())
        if key == "done":
            keys = [each.key for each in stop.item.options if each.key in chosen]
            return self._record(flow, stop, ",".join(keys), typed=False)
        rest = tuple(each for each in chosen if each != key)
        ticked = rest if key in chosen else (*chosen, key)
        self._put_form(flow, replace(form, members={**form.members, stop.item.name: ticked}))
        self.replaces = True
        self.ask()

    def _change_members(self, flow: Flow, many: RepeatingGroup, key: str) -> None:
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

    def _answer_screen(self, asked: Asked, key: str) -> None:
        self.replaces = True
        self.c = replace(self.c, asked=None)
        screen = asked.key
        match screen:
            case screens.LANGUAGE:
                self._choose_language(key)
            case screens.MENU:
                self._choose(key)
            case screens.DELETE:
                if key == "yes":
                    return self._erased()
                self.ask()
            case screens.LEAVE:
                self._leave(key)
            case screens.REGISTERED:
                self._registered(key)
            case screens.WITHDRAW:
                self._withdraw(key)
            case screens.EDIT:
                self._edit(key)
            case pin_screens.PIN:
                self._answer_pin(key)
            case Screen.LIST | Screen.KEEP | Screen.MINE | Screen.TICK:
                self._answer_list(asked, key)
            case announcement_screens.MINE:
                self._answer_announcements(key)
            case _:
                self._old()

    def _choose_language(self, code: str) -> None:
        if not self.c.language:
            self.notes += [(screens.WELCOME,), (screens.RISK,)]
        self.c = replace(self.c, language=code, asked=None)
        self.ask()

    def _choose(self, key: str) -> None:
        if self.c.saved_list and self.c.saved_list.flow == key:
            return self._open_list()
        if key in self.flows:
            return self._enter(self.flows[key])
        if key == "pin":
            return self._choose_pin()
        if key == "write_again":
            self.c = replace(self.c, muted=False)
            return self._say_and_reprompt(screens.WRITE_AGAIN)
        if key in Reserved:
            return self._run_command(Reserved(key))
        self._old()

    def _registered(self, key: str) -> None:
        if key == "withdraw":
            return self._ask_screen(screens.WITHDRAW_SCREEN)
        if key in self.flows:
            self._open(self.flows[key])
            return self.ask()
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
        if key == "yes" and self.c.registration:
            self.c = replace(self.c, registration=replace(self.c.registration, state="withdrawing"))
            self.effects.append(Withdraw())
        self._go_through(pin_screens.STATUS)

    def _edit(self, key: str) -> None:
        flow = self.flows.get(self.c.flow)
        if flow:
            self._put_form(flow, replace(self._form(flow), cursor=key))
        self.ask()
