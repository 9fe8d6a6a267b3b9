"""A PIN before what is kept of a person is shown: asked for, chosen, changed, lost."""

import unicodedata

from flows.engine import screens
from flows.engine.asking import option_buttons
from flows.engine.checklist_screens import Keeping
from flows.engine.events import (
    Button,
    DeleteInput,
    Export,
    Kind,
    Page,
    PinLifted,
    PinTried,
    SetPin,
    TryPin,
)
from flows.engine.fast_replace import replace
from flows.engine.language_protocol import Refusal
from flows.engine.questions import Option
from flows.engine.text import _, button

PIN = "~pin"
# What may wait behind it.
STATUS, MYDATA, CHANGE, NEW = "status", "mydata", "change", "new"
MIN_PIN_LENGTH, MAX_PIN_LENGTH = 4, 8

ENTER = _("Please write your PIN.")
CHOOSE = _(
    "Please write a PIN of 4 to 8 digits. It will be asked for before your registration or your"
    " data is shown. Choose one that nobody near you would guess."
)
CHOSEN = _("Your PIN is set. Nobody can read it, we neither; please remember it.")
REMOVED = _("There is no PIN any more.")
WRONG = _("That is not the PIN. Tries left: {left}.")
SHUT = _(
    "There were too many wrong tries, so your registration and your data are not shown here now. An"
    " officer can lift the PIN: write “person”. Erasing needs no PIN: write “delete”."
)
LOST = _(
    "An officer can lift the PIN after some questions to you: write “person”. Erasing needs no PIN:"
    " write “delete”."
)
LIFTED = _("An officer has lifted your PIN. You can set a new one in the menu.")
NOT_A_PIN = _("A PIN has 4 to 8 digits.")
TITLE = button("PIN")


class Locking(Keeping):
    """Between the person and what is shown of them, for who has chosen a PIN."""

    def ask(self, found: tuple[Option, ...] = (), page: int = 0, at: str = "") -> None:
        if self.c.language and self.c.after_pin:
            return self._ask_pin()
        super().ask(found, page, at)

    def _status(self) -> None:
        self._unlock(STATUS) if self.c.has_pin and self.c.registration else super()._status()

    def _mydata(self) -> None:
        if not self.c.is_persistent:
            return self._say_and_reprompt(screens.NOTHING_KEPT)
        if self.c.has_pin:
            return self._unlock(MYDATA)
        self._show_data()

    def _show_data(self) -> None:
        self.effects.append(Export())
        self.ask()

    def _unlock(self, what: str) -> None:
        self.c = replace(self.c, after_pin=what)
        self._ask_pin()

    def _choose_pin(self) -> None:
        self._unlock(CHANGE if self.c.has_pin else NEW)

    def _ask_pin(self) -> None:
        fresh = self.c.after_pin == NEW
        possible = (
            (not fresh, Option("lost", button("I forgot the PIN"))),
            (fresh and self.c.has_pin, Option("none", button("Remove the PIN"))),
            (True, Option("menu", button("Menu"))),
        )
        offered = tuple(option for use, option in possible if use)
        asked = self._put_asked("", PIN, 1, offered)
        if self.page is Page.ALWAYS:
            return self._send_to_page(TITLE, service=self.c.with_officer)
        buttons = option_buttons(asked.nonce, offered)
        controls = tuple(replace(each, kind=Kind.CONTROL) for each in buttons)
        ways = (*controls, *self._to_a_person())
        self._say((((CHOOSE if fresh else ENTER),),), ways, private=True)

    def _read_pin(self, typed: str) -> str | Refusal:
        """The digits, of whatever script; what looks like a PIN doesn't stay in the chat."""
        digits = "".join(str(unicodedata.decimal(each, "x")) for each in "".join(typed.split()))
        if any(each.isdigit() for each in digits) and DeleteInput() not in self.effects:
            self.effects.append(DeleteInput())
        fits = digits.isdecimal() and MIN_PIN_LENGTH <= len(digits) <= MAX_PIN_LENGTH
        return digits if fits else Refusal.NOT_LISTED

    def _answer_pin(self, key: str) -> None:
        if not key.isdecimal():
            return self._leave_pin(key)
        if self.page is Page.ALWAYS:
            return self._say_and_reprompt(screens.NOT_HERE)
        if self.c.after_pin != NEW:
            return self.effects.append(TryPin(key))
        self.effects.append(SetPin(key))
        self.c = replace(self.c, has_pin=True, after_pin="")
        self._say_and_reprompt(CHOSEN)

    def _leave_pin(self, key: str) -> None:
        removes = key == "none" and self.c.after_pin == NEW
        self.c = replace(self.c, after_pin="", has_pin=self.c.has_pin and not removes)
        if removes:
            self.effects.append(SetPin(None))
        self._say_and_reprompt(REMOVED if removes else LOST) if key in (
            "none",
            "lost",
        ) else self.ask()

    def _take_pin_event(self, event: PinTried | PinLifted) -> None:
        if isinstance(event, PinLifted):
            self.c = replace(self.c, has_pin=False, after_pin="")
            return self._say(
                ((LIFTED,),), (Button("!menu", button("Menu"), Kind.CONTROL),), service=True
            )
        what = self.c.after_pin
        if event.right:
            return self._go_through(what)
        if event.left:
            self.notes.append((_(WRONG.msgid, left=event.left),))
            return self._ask_pin()
        self.c = replace(self.c, after_pin="")
        self._say_and_reprompt(SHUT)

    def _go_through(self, what: str) -> None:
        self.c = replace(self.c, after_pin="")
        match what:
            case "status":
                super()._status()
            case "mydata":
                self._show_data()
            case _:
                self._unlock(NEW)
