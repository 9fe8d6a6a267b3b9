"""Views and actions of the two phones on the demo page, in the same format for both emulators."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.emulators.telegram import Emulator as Telegram
from tests.emulators.telegram import Message as TelegramMessage
from tests.emulators.telegram import User as TelegramUser
from tests.emulators.whatsapp import Emulator as WhatsApp
from tests.emulators.whatsapp import Message as WhatsAppMessage
from tests.emulators.whatsapp import User as WhatsAppUser

Params = dict[str, Any]
MAX_MESSAGES = 200
PICTURES = {"image/jpeg", "image/png", "image/webp"}


def new_user_ids() -> Iterator[int]:
    """Yield new user ids from a random start: Kosh may have data about an earlier demo's users."""
    return itertools.count(1_000_000 + secrets.randbelow(8_000_000))


class Phone(Protocol):
    """A phone on the demo page. An impossible action raises LookupError or ValueError."""

    def view(self) -> Params:
        """Return the content of the phone's screen, oldest message first."""

    async def do(self, act: str, p: Params) -> None:
        """Perform an act: `say`, `press`, `choose`, `tap`, `start`, or `renew` (a new person)."""

    async def send(self, as_photo: bool, name: str, mime: str, data: bytes) -> None:
        """Send a file as this person, either as a photo or as a document."""

    def picture(self, name: str) -> tuple[str, bytes] | None:
        """Return MIME type and bytes of a picture on the screen."""


@dataclass
class TelegramPhone:
    """The phone with Telegram on the demo page, used by one person after another."""

    emulator: Telegram
    numbers: Iterator[int] = field(default_factory=new_user_ids)
    user: TelegramUser = field(init=False)
    mimes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._renew("kk")

    def view(self) -> Params:
        """Return the content of the phone's screen."""
        presses = [one.text for one in self.user.presses if one.text]
        return {
            "who": f"{self.user.person.first_name} {self.user.id}",
            "messages": [self._shown(one) for one in self.user.chat[-MAX_MESSAGES:]],
            "keyboard": [
                [button.text for button in row]
                for row in (self.user.place.keyboard.buttons if self.user.place.keyboard else ())
            ],
            "typing": bool(self.user.place.action),
            "toast": presses[-1] if presses else "",
            "empty": not self.user.chat,
        }

    async def do(self, act: str, p: Params) -> None:
        """Perform an action of the person; `p` contains its arguments."""
        match act:
            case "start":
                await self.user.start()
            case "say":
                await self.user.say(p["text"])
            case "press":
                await self.user.press(p["data"], self.user.place.messages[int(p["message"])])
            case "tap":
                await self.user.tap(p["title"])
            case "renew":
                self._renew(p.get("language", ""))
            case _:
                raise LookupError(f"Telegram has no {act}")

    async def send(self, as_photo: bool, name: str, mime: str, data: bytes) -> None:
        """Send a file as this person, either as a photo or as a document."""
        if as_photo:
            sent = await self.user.send_photo(data)
            self.mimes[sent.content["photo"][-1]["file_id"]] = mime
        else:
            await self.user.send_document(data, name, mime)

    def picture(self, name: str) -> tuple[str, bytes] | None:
        """Return MIME type and bytes of a picture on the screen."""
        file = self.emulator.world.files.get(name)
        return (self.mimes[name], file.data) if file and name in self.mimes else None

    def _renew(self, language: str) -> None:
        number = next(self.numbers)
        self.user = self.emulator.user(
            number, language_code=language, phone=f"+7701{number:07}", first_name="Testova"
        )

    def _shown(self, one: TelegramMessage) -> Params:
        photo = one.content.get("photo", [{}])[-1].get("file_id", "")
        inline = bool(one.markup and "inline_keyboard" in one.markup)
        return {
            "id": str(one.id),
            "mine": not one.from_bot,
            "at": one.date,
            "text": one.text,
            "entities": one.entities,
            "picture": photo if photo in self.mimes else "",
            "file": telegram_file(one.content) if photo not in self.mimes else "",
            "buttons": [
                [{"title": b.text, "data": b.data, "url": b.url} for b in row]
                for row in (one.buttons if inline else ())
            ],
            "edited": bool(one.edited),
            "deleted": one.deleted,
        }


def telegram_file(content: Params) -> str:
    """Return a short text to show in place of content that is not text."""
    if "document" in content:
        return str(content["document"].get("file_name", "file"))
    if "contact" in content:
        return str(content["contact"]["phone_number"])
    return ", ".join(sorted(content))


@dataclass
class WhatsAppPhone:
    """The phone with WhatsApp on the demo page, used by one person after another."""

    emulator: WhatsApp
    numbers: Iterator[int] = field(default_factory=new_user_ids)
    user: WhatsAppUser = field(init=False)

    def __post_init__(self) -> None:
        self._renew(hidden=False)

    def view(self) -> Params:
        """Return the content of the phone's screen."""
        hidden = self.user.person.known == "user_id"
        known = self.user.user_id if hidden else f"+{self.user.phone}"
        sent = len(self.user.received)
        return {
            "who": f"{self.user.person.name} {known}",
            "messages": [self._shown(one) for one in self.user.screen[-MAX_MESSAGES:]],
            "keyboard": [],
            "typing": self.user.typing,
            "toast": "",
            "empty": not self.user.chat,
            "count": sent,
        }

    async def do(self, act: str, p: Params) -> None:
        """Perform an action of the person; `p` contains its arguments."""
        match act:
            case "say":
                await self.user.say(p["text"])
            case "press":
                await self.user.press(p["data"], self.user.person.messages[p["message"]])
            case "choose":
                await self.user.choose(p["data"], self.user.person.messages[p["message"]])
            case "renew":
                self._renew(bool(p.get("hidden")))
            case _:
                raise LookupError(f"WhatsApp has no {act}")

    async def send(self, as_photo: bool, name: str, mime: str, data: bytes) -> None:
        """Send a file as this person, either as a photo or as a document."""
        if as_photo:
            await self.user.send("image", data, mime)
        else:
            await self.user.send_document(data, name, mime)

    def picture(self, name: str) -> tuple[str, bytes] | None:
        """Return MIME type and bytes of a picture on the screen."""
        media = self.emulator.world.media.get(name)
        return (media.mime, media.data) if media and media.mime in PICTURES else None

    def _renew(self, hidden: bool) -> None:
        phone = f"7701{next(self.numbers):07}"
        self.user = self.emulator.user(phone, known="user_id" if hidden else "both")

    def _shown(self, one: WhatsAppMessage) -> Params:
        picture = one.content.get("image", {}).get("id", "")
        kinds = [kind for kind in one.content if kind not in {"type", "text", "interactive"}]
        file = one.content.get("document", {}).get("filename", "")
        buttons = [[{"title": b.title, "data": b.data}] for b in one.buttons]
        if one.link:
            buttons.append([{"title": one.link[0], "url": one.link[1]}])
        return {
            "id": one.id,
            "mine": not one.from_bot,
            "at": int(one.at),
            "header": one.header,
            "text": one.text,
            "footer": one.footer,
            "picture": picture,
            "file": file or ("" if one.text or picture else ", ".join(kinds)),
            "buttons": buttons,
            "opener": one.opener,
            "rows": [
                {"title": r.title, "data": r.data, "more": r.description, "section": r.section}
                for r in one.rows
            ],
            "read": not one.from_bot and one.status == "read",
        }
