"""State of the platform: people, their screens, files, and Kosh's number."""

import base64
import itertools
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from tests.emulators.telegram.waiting import Signal

from .errors import reported
from .events import Events
from .journal import Journal
from .limits import DAY, Limits, RateLimiter
from .screen import Message, Status
from .templates import Template, Templates
from .wire import Params, no_object

MEDIA_LIVES = 7 * DAY
OUR_MEDIA_LIVES = 30 * DAY
LINK_LIVES = 5 * 60
TYPING_SECONDS = 25
Known = Literal["both", "phone", "user_id", "user_id_as_phone"]


@dataclass(slots=True)
class Person:
    """A person with a WhatsApp account.

    `known` selects what webhooks report of the person: phone number and business-scoped user id,
    only one of the two, or the user id also in `wa_id`, the field of the phone number. `reads` is
    false if the person's app does not report messages as read.
    """

    number: int
    phone: str
    user_id: str
    name: str
    known: Known = "both"
    username: str = ""
    online: bool = True
    reads: bool = True
    undeliverable: bool = False
    blocked: bool = False
    stopped_marketing: bool = False
    last_wrote: float = float("-inf")
    typing_until: float = float("-inf")
    messages: dict[str, Message] = field(default_factory=dict)
    changed: Signal = field(default_factory=Signal)

    @property
    def wa_id(self) -> str:
        """Return what webhooks report as `wa_id`; "" if they report only the user id."""
        match self.known:
            case "user_id":
                return ""
            case "user_id_as_phone":
                return self.user_id
            case _:
                return self.phone

    def named(self, wa_id: str, user_id: str) -> Params:
        """Return the person's ids that webhooks report, under the given field names."""
        shown = {wa_id: self.wa_id} if self.wa_id else {}
        return shown | ({user_id: self.user_id} if self.known != "phone" else {})

    @property
    def contact(self) -> Params:
        """Return the person in the format of `contacts` in webhooks."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        return {"profile": profile} | self.named("wa_id", "user_id")

    def put(self, message: Message) -> Message:
        """Add a message to the chat, or replace the message with the same id."""
        self.messages[message.id] = message
        self.changed.fire()
        return message


@dataclass(frozen=True, slots=True)
class Media:
    """A file on the platform's servers; times are Unix seconds."""

    id: str
    mime: str
    data: bytes
    size: int
    expires: float

    @property
    def sha256(self) -> str:
        """Return the file's SHA-256 digest in the format of webhooks."""
        return base64.b64encode(sha256(self.data).digest()).decode()


class PlatformState:
    """The state of one business number. `offset` shifts its clock for windows, links and expiry."""

    def __init__(self, journal: Journal, limits: Limits | None, number_id: str) -> None:
        self.number_id = number_id
        self.account = "100000000000001"
        self.phone = "77170000000"
        self.offset = 0.0
        self.has_payment = True
        self.statuses = True
        self.people: dict[int, Person] = {}
        self.media: dict[str, Media] = {}
        self.links: dict[str, tuple[str, float]] = {}
        self.templates = Templates()
        self.gate = RateLimiter(limits, self.now)
        self.events = Events(journal, self.now)
        self._numbers = itertools.count(1)

    def now(self) -> float:
        """Return the emulated time."""
        return time.time() + self.offset

    def find(self, name: str) -> Person | None:
        """Return the person by phone number (with or without +) or business-scoped user id."""
        plain = name.lstrip("+")
        people = self.people.values()
        return next((one for one in people if plain in (one.phone, one.user_id)), None)

    def join(self, phone: str, user_id: str, name: str, known: Known) -> Person:
        """Add a person."""
        number = next(self._numbers)
        person = Person(number, phone, user_id or new_user_id(phone), name, known)
        self.people[number] = person
        return person

    def is_open(self, person: Person) -> bool:
        """Return True if the person has written within the last 24 hours."""
        return self.now() - person.last_wrote < DAY

    def wamid(self, person: Person | None) -> str:
        """Return a new message id; like Meta's, it contains the person's phone number."""
        phone = person.phone.encode() if person else b""
        raw = b"\x1d\x0b" + phone + b"\x15\x02\x00\x11\x18\x14" + secrets.token_bytes(18)
        return "wamid." + base64.b64encode(raw).decode()

    def store(self, data: bytes, mime: str, lifetime: float, size: int | None = None) -> Media:
        """Store a file for `lifetime` seconds.

        `size` may claim more bytes than there are, to make big files cheap.
        """
        size = len(data) if size is None else size
        name = str(10**15 + secrets.randbelow(10**15))
        media = Media(name, mime, data, size, self.now() + lifetime)
        self.media[name] = media
        return media

    def file(self, name: str) -> Media:
        """Return the file of that id; raise Refusal if it was deleted or has expired."""
        media = self.media.get(name)
        if media is None or media.expires <= self.now():
            raise no_object(name)
        return media

    def link(self, media: Media) -> str:
        """Return the path of a URL that serves the file for five minutes."""
        token = secrets.token_urlsafe(24)
        self.links[token] = (media.id, self.now() + LINK_LIVES)
        ends = int(self.now() + LINK_LIVES)
        return f"/whatsapp_business/attachments/?mid={media.id}&ext={ends}&hash={token}"

    def linked(self, token: str) -> Media | None:
        """Return the file of the URL with this token; None if the URL has expired."""
        name, ends = self.links.get(token, ("", 0.0))
        return self.media.get(name) if ends > self.now() else None

    def value(self, **parts: Any) -> Params:
        """Return the value of a webhook change: the business number's ids and the given parts."""
        metadata = {"display_phone_number": self.phone, "phone_number_id": self.number_id}
        return {"messaging_product": "whatsapp", "metadata": metadata} | parts

    def tell(self, field: str, value: Params, queue: str = "") -> None:
        """Create an event of the webhook field `field` with this value."""
        self.events.add(queue or f"account {field}", value, field)

    def create_message_event(self, person: Person, message: Params, contacts: bool = True) -> None:
        """Create the event that reports a person's message, with the sender's ids if `contacts`."""
        parts = {"contacts": [person.contact]} if contacts else {}
        value = self.value(**parts, messages=[message])
        self.events.add(f"person {person.number}", value, what=message["id"])

    def create_status_event(
        self, person: Person | None, to: str, message: Message, more: Params
    ) -> None:
        """Create the event that reports the status of Kosh's message, unless statuses are off.

        `to` is the recipient if `person` is None; `more` are the status's other fields.
        """
        if not self.statuses:
            return
        recipient = (
            person.named("recipient_id", "recipient_user_id") if person else {"recipient_id": to}
        )
        status = {"id": message.id, "status": message.status, "timestamp": stamp(self.now())}
        if message.opaque:
            more = {"biz_opaque_callback_data": message.opaque} | more
        value = self.value(statuses=[status | recipient | more])
        if person and person.known != "phone":
            value["contacts"] = [person.contact]
        queue = f"statuses {person.number}" if person else "statuses"
        self.events.add(queue, value, what=f"{message.id} {message.status}")

    def arrive(self, person: Person, message: Message, category: str) -> None:
        """Mark an accepted message as sent, and as delivered if the phone is on."""
        price = self.gate.price(category)
        person.typing_until = float("-inf")
        message = replace(message, price=price)
        self.move(person, message, "sent")
        unpaid = price["billable"] and not self.has_payment
        if person.online and not person.blocked and not unpaid:
            self.move(person, person.messages[message.id], "delivered")

    def fail(
        self, person: Person | None, to: str, message: Message, code: int, details: str = ""
    ) -> None:
        """Mark an accepted message as failed with this error code, and report the status."""
        failed = replace(message, status="failed")
        if person is not None:
            person.put(failed)
        self.create_status_event(person, to, failed, {"errors": [reported(code, details)]})

    def move(self, person: Person, message: Message, status: Status) -> None:
        """Set and report a message's status.

        The reports of "sent" and of the next status contain the message's price.
        """
        priced = message.status in ("", "sent")
        moved = person.put(replace(message, status=status))
        self.create_status_event(person, "", moved, {"pricing": moved.price} if priced else {})

    def read_by_us(self, person: Person, message: Message) -> None:
        """Mark a person's message as read by Kosh."""
        if message.status != "read":
            person.put(replace(message, status="read"))

    def add_templates(self, templates: Iterable[Template]) -> None:
        """Add templates to the business account, each in its `state` (approved, paused, …)."""
        self.templates.add(*templates)


def new_user_id(seed: str) -> str:
    """Return a business-scoped user id; the same seed gives the same id."""
    digits = int.from_bytes(sha256(f"bsuid {seed}".encode()).digest()[:8])
    return f"KZ.{digits:020}"


def stamp(now: float) -> str:
    """Return a time in Unix seconds in the format of webhooks: whole seconds as text."""
    return str(int(now))
