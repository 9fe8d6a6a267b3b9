"""Text as Telegram processes it: cleaned, parsed from HTML, trimmed, counted in UTF-16 units."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .wire import bad, strict

Entity = dict[str, Any]
STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
LITERALS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z]+));?")
START = re.compile(
    r"""<([^\s>]*)((?:\s+[^\s=>/"']+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9.-]+(?=[\s>])))?)*)\s*>"""
)
ATTRIBUTE = re.compile(r"""([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]+)))?""")
END = re.compile(r"</([^\s>]*)\s*>")
# Control characters become spaces. \r, directional embeddings and some combining marks are removed.
CLEANED = {code: " " for code in range(33) if code not in (10, 13)}
CLEANED |= {13: ""} | dict.fromkeys((*range(0x2028, 0x202F), 0x333, 0x33F, 0x30A), "")
INVISIBLE = set("\u180e\u200b\u200c\u200d\u2060\u2800\ufeff\ufffc")
MENTION = re.compile(r"tg://user\?id=(\d+)")
COMMAND = re.compile(r"(?:^|(?<=\s))/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?!\w)")


def units(text: str) -> int:
    """Return the length as Telegram counts it: UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


@dataclass(frozen=True, slots=True)
class Formatted:
    """Plain text and its entities, with offsets and lengths in UTF-16 units."""

    text: str
    entities: list[Entity]


@dataclass(slots=True)
class Tag:
    """A start tag that is not closed yet."""

    name: str
    offset: int
    attributes: dict[str, str] = field(default_factory=dict)


def formatted(text: str, parse_mode: str, entities: list[Entity], limit: int) -> Formatted:
    """Return a text as Telegram stores it: cleaned, parsed and trimmed; it may be empty.

    Raise Refusal if the result has more than `limit` UTF-16 units.
    """
    if len(text.encode()) > 1 << 15:
        raise bad("text is too long")
    plain = text.translate(CLEANED)
    match parse_mode.lower():
        case "":
            found = Formatted(plain, [checked_entity(entity, plain) for entity in entities])
        case "html":
            found = parse_html(plain)
        case "markdown" | "markdownv2":
            raise strict("Markdown isn't emulated: use HTML")
        case _:
            raise bad("unsupported parse_mode")
    found = trimmed(found)
    if units(found.text) > limit:
        raise bad(f"message {'caption ' if limit == 1024 else ''}is too long")
    return found


def checked_entity(entity: Entity, text: str) -> Entity:
    """Return the entity that the bot sent; raise Refusal if it is not inside the text."""
    if entity["offset"] < 0 or entity["length"] < 1:
        raise strict("an entity's offset is below 0 or its length below 1")
    if entity["offset"] + entity["length"] > units(text):
        raise strict("an entity ends after its text")
    return entity


def parse_html(source: str) -> Formatted:
    """Return the text and entities of Telegram's HTML.

    Raise Refusal with the byte offset for tags that are unknown, not closed or badly nested.
    """
    text, entities, opened, at = "", list[Entity](), list[Tag](), 0
    while (begin := source.find("<", at)) >= 0:
        text += decoded(source[at:begin])
        if source.startswith("</", begin):
            at = close_tag(source, begin, opened, entities, text)
        else:
            at = open_tag(source, begin, opened, units(text))
    if opened:
        raise unparsable(f'Can\'t find end tag corresponding to start tag "{opened[-1].name}"')
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(text + decoded(source[at:]), entities)


def open_tag(source: str, begin: int, opened: list[Tag], offset: int) -> int:
    """Parse the start tag at the index `begin` and add it to `opened`; return the index after it.

    `offset` is the tag's position in the visible text, in UTF-16 units.
    """
    where = f"at byte offset {len(source[:begin].encode())}"
    name = re.split(r"[\s>]", source[begin + 1 :], maxsplit=1)[0].lower()
    if begin + 1 + len(name) == len(source):
        raise unparsable(f"Unclosed start tag {where}")
    if name not in STYLES:
        raise unparsable(f'Unsupported start tag "{name}" {where}')
    if (found := START.match(source, begin)) is None:
        raise unparsable(f'Unclosed start tag "{name}" {where}')
    attributes = {key: decoded(a or b or c) for key, a, b, c in ATTRIBUTE.findall(found[2])}
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise unparsable(f'Tag "span" must have class "tg-spoiler" {where}')
    opened.append(Tag(name, offset, attributes))
    return found.end()


def close_tag(source: str, begin: int, opened: list[Tag], entities: list[Entity], text: str) -> int:
    """Parse the end tag at the index `begin`; return the index after it.

    Remove its start tag from `opened` and add an entity for the part of `text` between the tags.
    """
    where = f"at byte offset {len(source[:begin].encode())}"
    if not opened:
        raise unparsable(f"Unexpected end tag {where}")
    if (found := END.match(source, begin)) is None:
        raise unparsable(f"Unclosed end tag {where}")
    tag = opened.pop()
    if (name := found[1].lower()) not in ("", tag.name):
        raise unparsable(f'Unmatched end tag {where}, expected "</{tag.name}>", found "</{name}>"')
    if (length := units(text) - tag.offset) > 0:
        inside = text.encode("utf-16-le")[2 * tag.offset :].decode("utf-16-le")
        entities.append({"offset": tag.offset, "length": length, **style(tag, inside)})
    return found.end()


def style(tag: Tag, inside: str) -> Entity:
    """Return the type and attributes of the entity for a tag around the text `inside`."""
    match tag.name:
        case "a":
            url = tag.attributes.get("href") or inside
            if found := MENTION.fullmatch(url):
                return {"type": "text_mention", "user": {"id": int(found[1])}}
            return {"type": "text_link", "url": checked_url(url, "the link")}
        case "blockquote" if "expandable" in tag.attributes:
            return {"type": "expandable_blockquote"}
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": tag.attributes.get("emoji-id", "")}
        case name:
            return {"type": STYLES[name]}


def checked_url(url: str, what: str) -> str:
    """Return the link; raise Refusal if it is neither tg:// nor http(s) with a dot in the host."""
    parts = urlsplit(url)
    if parts.scheme == "tg" and parts.netloc:
        return url
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        raise bad(f"{what} URL '{url}' is invalid: Wrong HTTP URL")
    return url


def decoded(text: str) -> str:
    """Replace HTML character references by their characters; leave unknown references unchanged."""

    def one(found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else int(found[2] or 0)
        known = 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if known else LITERALS.get(found[3] or "", found[0])

    return REFERENCE.sub(one, text) if "&" in text else text


def trimmed(found: Formatted) -> Formatted:
    """Remove white space at the end, and at the start before the first entity."""
    if is_blank(found.text):
        return Formatted("", [])
    text = found.text.rstrip(" \n")
    first = min((entity["offset"] for entity in found.entities), default=len(text))
    lead = min(len(text) - len(text.lstrip(" \n")), first)
    return Formatted(text[lead:], clipped(found.entities, lead, units(text)))


def clipped(entities: list[Entity], lead: int, end: int) -> list[Entity]:
    """Return the entities moved left by `lead` and cut at `end`; leave out those cut to nothing."""
    kept = []
    for entity in entities:
        length = min(entity["offset"] + entity["length"], end) - entity["offset"]
        if length > 0:
            kept.append({**entity, "offset": entity["offset"] - lead, "length": length})
    return kept


def is_blank(text: str) -> bool:
    """Return True if no character of the text is visible."""
    return all(char.isspace() or char in INVISIBLE for char in text)


def commands_in(text: str) -> list[Entity]:
    """Return the `bot_command` entities of a person's text."""
    return [
        {
            "type": "bot_command",
            "offset": units(text[: found.start()]),
            "length": units(found[0]),
        }
        for found in COMMAND.finditer(text)
    ]


def unparsable(why: str) -> Exception:
    """Return the Refusal of a call with invalid HTML; `why` is the parser's message."""
    return bad(f"can't parse entities: {why}")
