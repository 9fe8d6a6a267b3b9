"""Messages as a person sees them in WhatsApp."""

from dataclasses import dataclass, field
from typing import Literal

from .templates import Hydrated, Template
from .wire import Params

Status = Literal["", "sent", "delivered", "read", "failed"]


@dataclass(frozen=True, slots=True)
class Button:
    """A reply button or, with `quick`, a template's quick reply; a press sends `data` to Kosh."""

    title: str
    data: str
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list message; choosing it sends `data` to Kosh."""

    title: str
    data: str
    description: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """The current state of a message. `id` is its wamid; times are Unix seconds.

    `content` holds a person's content other than text, or the file that Kosh sent, in Meta's
    format. `price` is the price of a message of Kosh.
    """

    id: str
    at: float
    from_bot: bool
    kind: str
    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    opener: str = ""
    rows: tuple[Row, ...] = ()
    link: tuple[str, str] | None = None
    content: Params = field(default_factory=dict)
    template: str = ""
    reply_to: str = ""
    opaque: str = ""
    status: Status = ""
    price: Params = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """Return the titles of the message's buttons, or of its list rows."""
        return [one.title for one in self.buttons or self.rows]

    @property
    def seen(self) -> bool:
        """Return True if the message reached the person's phone."""
        return not self.from_bot or self.status in ("delivered", "read")


def drawn(values: Params, wamid: str, at: float) -> Message:
    """Return the message that a send request without a template creates, with id and time."""
    kind = values.get("type", "text")
    content = values[kind]
    fields = {
        "id": wamid,
        "at": at,
        "from_bot": True,
        "reply_to": values.get("context", {}).get("message_id", ""),
        "opaque": values.get("biz_opaque_callback_data", ""),
    }
    match kind:
        case "text":
            return Message(kind=kind, text=content["body"], **fields)
        case "interactive":
            return Message(kind=content["type"], **fields, **interactive_parts(content))
        case _:
            text = content.get("caption", "")
            return Message(kind=kind, text=text, content={kind: content}, **fields)


def interactive_parts(content: Params) -> Params:
    """Return the fields of Message that hold the visible parts of an interactive message."""
    header = content.get("header", {})
    parts: Params = {
        "text": content["body"]["text"],
        "header": header.get("text", ""),
        "footer": content.get("footer", {}).get("text", ""),
        "content": {k: v for k, v in header.items() if k in ("image", "document")},
    }
    action = content["action"]
    match content["type"]:
        case "button":
            replies = (one["reply"] for one in action["buttons"])
            buttons = tuple(Button(one["title"], one["id"]) for one in replies)
            return parts | {"buttons": buttons}
        case "list":
            return parts | {"opener": action["button"], "rows": rows_of(action["sections"])}
        case _:
            parameters = action["parameters"]
            return parts | {"link": (parameters["display_text"], parameters["url"])}


def rows_of(sections: list[Params]) -> tuple[Row, ...]:
    """Return the rows of all sections of a list message."""
    return tuple(
        Row(row["title"], row["id"], row.get("description", ""), section.get("title", ""))
        for section in sections
        for row in section["rows"]
    )


def drawn_template(
    values: Params, template: Template, filled: Hydrated, wamid: str, at: float
) -> Message:
    """Return the message that a send request with a template creates, with id and time."""
    return Message(
        id=wamid,
        at=at,
        from_bot=True,
        kind="template",
        text=filled.body,
        header=filled.header,
        footer=template.footer,
        buttons=tuple(Button(title, data, quick=True) for title, data in filled.replies),
        link=filled.link,
        template=template.name,
        opaque=values.get("biz_opaque_callback_data", ""),
    )
