"""Preview an announcement in each language and script on each channel.

A language in one script is called a written form. The preview uses the layout code that also builds
the sent messages, so that the preview and the message look the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from bot import broadcasts
from bot.broadcasts import Draft
from bot.broadcasts.audience import push_channels
from bot.cases.canned_replies import BUILT
from bot.channels import Message
from bot.channels.limits import LIMITS
from bot.channels.telegram import layout as telegram_layout
from bot.channels.whatsapp import layout as whatsapp_layout
from bot.i18n import direction, tag
from bot.runtime import Runtime
from bot.web.chat_rendering import bubble_of

type Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bubble:
    """A previewed message: its text, and the labels of its buttons, row by row."""

    text: str
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A WhatsApp template by name and language, and the text that fills its placeholder."""

    name: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class ChannelPreview:
    """The preview of the announcement in one language and script on one channel.

    `length` and `limit` of the text are in the channel's unit of measure. `templates` are the
    WhatsApp template in this language and script, and the fallback templates in the order in which
    they are tried.
    """

    channel: str
    bubbles: tuple[Bubble, ...]
    length: int
    limit: int
    templates: tuple[Template, ...] = ()

    @property
    def fits(self) -> bool:
        return len(self.bubbles) == 1 and self.length <= self.limit


@dataclass(frozen=True, slots=True)
class Form:
    """The previews of the announcement in one language and script, one per channel.

    `source` is the language from which the text is converted, or "" if editors write the text
    themselves.
    """

    code: str
    own: str
    lang: str
    dir: str
    source: str
    looks: tuple[ChannelPreview, ...]


def previews(rt: Runtime, draft: Draft) -> list[Form]:
    """Return the announcement's previews, by language and script, on every configured channel."""
    return [form_of(rt, code, each) for code, each in broadcasts.samples(rt, draft).items()]


def form_of(rt: Runtime, code: str, message: Message) -> Form:
    """Return the previews of a message in one language and script, on every configured channel."""
    own = dict(rt.languages.languages())[code]
    source = BUILT[code][0] if code in BUILT else ""
    return Form(code, own, tag(code), direction(code), source, tuple(_previews(rt, message)))


def _previews(rt: Runtime, message: Message) -> Iterator[ChannelPreview]:
    if "telegram" in rt.channels:
        yield _preview("telegram", message, _on_telegram(message))
    if "whatsapp" in rt.channels:
        yield _preview("whatsapp", message, _on_whatsapp(rt, message), tuple(_templates(message)))
    # Only the demo sends announcements to the web chat. Otherwise people read them there as past
    # announcements, which have no buttons.
    shown = message if "web" in push_channels(rt) else replace(message, buttons=())
    yield _preview("web", message, (_on_web(shown),))


def _preview(
    channel: str,
    message: Message,
    bubbles: tuple[Bubble, ...],
    templates: tuple[Template, ...] = (),
) -> ChannelPreview:
    limits = LIMITS[channel]
    length = limits.measure("\n\n".join(message.paragraphs))
    return ChannelPreview(channel, bubbles, length, limits.text_over_buttons, templates)


def _on_telegram(message: Message) -> tuple[Bubble, ...]:
    return tuple(
        Bubble(text, tuple(map(tuple, telegram_layout.labels(markup))))
        for text, markup in telegram_layout.parts(message)
    )


def _on_whatsapp(rt: Runtime, message: Message) -> tuple[Bubble, ...]:
    return tuple(map(_bubble, whatsapp_layout.parts(message, rt.languages)))


def _bubble(content: Content) -> Bubble:
    if content["type"] == "text":
        return Bubble(content["text"]["body"])
    interactive = content["interactive"]
    labels = tuple((each["reply"]["title"],) for each in interactive["action"]["buttons"])
    return Bubble(interactive["body"]["text"], labels)


def _templates(message: Message) -> Iterator[Template]:
    if message.template is None:
        return
    for content in whatsapp_layout.templates(message.template, message.language):
        template = content["template"]
        values = [each["text"] for part in template["components"] for each in part["parameters"]]
        yield Template(template["name"], template["language"]["code"], " ".join(values))


def _on_web(message: Message) -> Bubble:
    shown: Any = bubble_of("", message)
    rows = tuple(tuple(each["label"] for each in row) for row in shown["buttons"])
    return Bubble("\n".join(shown["paragraphs"]), rows)
