"""Write the changes that editors published as an Atom feed."""

from collections.abc import Sequence
from datetime import date
from xml.etree import ElementTree

from bot.content.model import Body, Kind, sentence
from bot.i18n import tag
from bot.web.public_pages import Reader
from flows.engine.text import Text, _
from flows.knowledge.facts import COLLECTED

TITLE = _("Information for Kazakhs abroad")
FEED = _("Changes as a feed")
FEED_PATH = "/info/feed.atom"
ATOM = "http://www.w3.org/2005/Atom"


def changes(reader: Reader) -> Sequence[tuple[str, Body, str]]:
    """Return the published facts and notices that are valid today, as id, content and text.

    Other kinds of content are omitted, because some of them are internal, such as canned replies.
    The newest is first, by the day on which an editor checked it.
    """
    languages = reader.rt.languages
    found = [
        (item, body, reader.say(sentence(languages, body.texts)))
        for item, body in reader.rt.content.snapshot.bodies.items()
        if _is_shown(reader, item, body)
    ]
    return sorted(found, key=lambda each: each[1].checked, reverse=True)


def _is_shown(reader: Reader, item: str, body: Body) -> bool:
    """Return True if the item is a fact or notice with a text that people are shown today."""
    kind, _colon, key = item.partition(":")
    if kind == Kind.NOTICE:
        return not body.silent and body.since <= reader.edition <= body.until
    fact = reader.rt.content.snapshot.facts.get(key) if kind == Kind.FACT else None
    return fact is not None and fact.current(reader.edition)


def feed(reader: Reader, title: Text = TITLE) -> bytes:
    """Return the Atom feed as XML with an entry for each published change."""
    ElementTree.register_namespace("", ATOM)
    site = reader.rt.settings.public_url
    # Feed readers recognize entries by ids that begin with this address, so it must not change.
    here = f"{site}{reader.url('/info')}"
    found = changes(reader)
    newest = found[0][1].checked if found else COLLECTED
    root = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": tag(reader.language)})
    _describe(root, here, reader.say(title), newest)
    ElementTree.SubElement(root, f"{{{ATOM}}}link", href=here)
    itself = f"{site}{reader.url(FEED_PATH)}"
    ElementTree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=itself)
    author = ElementTree.SubElement(root, f"{{{ATOM}}}author")
    ElementTree.SubElement(author, f"{{{ATOM}}}name").text = "Kosh"
    for item, body, words in found:
        entry = ElementTree.SubElement(root, f"{{{ATOM}}}entry")
        _describe(entry, f"{here}#{item}", words, body.checked)
        page = f"{site}{reader.url('/info/announcements')}#{item}"
        ElementTree.SubElement(entry, f"{{{ATOM}}}link", href=page)
        ElementTree.SubElement(entry, f"{{{ATOM}}}content").text = words
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written


def _describe(parent: ElementTree.Element, identity: str, title: str, day: date) -> None:
    for name, text in (("id", identity), ("title", title), ("updated", f"{day}T00:00:00Z")):
        ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = text
