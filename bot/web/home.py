"""Serve the front page, the privacy page, the press kit, posters and the web manifest.

These routes start no chat, set no cookie and store nothing.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from bot.channels.telegram.profile import DESCRIPTION, SHORT
from bot.config.settings import Settings
from bot.conversations.posters import POSTER
from bot.i18n import direction, tag
from bot.printing.poster import Poster
from bot.printing.qr_code import QrCode
from bot.web.health import METHODS
from bot.web.public_pages import (
    CHAT,
    NAME,
    PRESS,
    PRIVACY,
    Reader,
    Values,
    cached_page,
    public_headers,
    reader_of,
)
from bot.web.secure_page import TO_CHAT
from flows import FLOWS
from flows.about import OFFICIAL, RUN_BY, RUN_BY_UNNAMED
from flows.engine import labels
from flows.engine.flow import Consent
from flows.engine.text import Text, _
from flows.knowledge.intents.answer import part_texts
from flows.knowledge.intents.answers import BY_INTENT
from flows.preregistration.before_consent import RISK

TITLE = _("Papers and steps for ethnic Kazakhs abroad")
LEAD = _(
    "Are you thinking about moving to Kazakhstan, or do you only want to know how it goes? Kosh"
    " tells you which papers you need, in which order, and where to turn."
)
FINDS_TITLE = _("What you find here")
FINDS = {
    "list": ("checklist", _("A few questions without your name: which papers, and where from.")),
    "way": ("eligibility", _("Which ways there are, what comes first, and what it costs.")),
    "person": ("officer", _("An officer answers what a program cannot. You can ask at any step.")),
}
LINKS_TITLE = _("How to reach Kosh")
QR = _("address for the camera")
QR_HINT = _("To open it on a phone, point its camera at the square.")
READ_TITLE = _("Read without a chat")
NOTE_TITLE = _("Please note")
ANSWERS = _("Questions and answers")
LISTS = _("Papers by country")
CONTACTS = _("Missions of Kazakhstan")
READING = {
    "/info": ANSWERS,
    "/info/papers": LISTS,
    "/info/contacts": CONTACTS,
    "/info/announcements": labels.ANNOUNCEMENTS,
}

SHORT_TITLE = _("In two sentences")
# Translators: a heading above sentences for journalists.
FACTS_TITLE = _("Facts")
PRESS_FACTS = (
    _("Kosh is the Kazakh word for the caravan of a move."),
    _("Six written forms: Kazakh in two scripts, Russian, Chinese, and Uzbek in two scripts."),
    _("Kosh answers in Telegram, in WhatsApp and in a chat on the website."),
    _("A program chooses among checked sentences; it writes none. Officers answer the rest."),
    _("Questions are answered without a name. Nothing about a person is kept before they agree."),
    _("The program is open: anybody may read, use and change it."),
)
POSTERS_TITLE = _("Posters to print")
LOGO_TITLE = _("Logo and picture")
# Translators: the logo as a drawing that stays sharp at any size.
DRAWING = _("Logo as a drawing")
PICTURE = _("Logo as a picture")
CARD = _("Picture for a link")
NO_PROMISES = _(
    "Please write that Kosh is not an authority, decides nothing and promises no place and no"
    " money."
)

# Paths of SVG icons: a list, a signpost, a person. They were drawn for this page.
ICONS = {
    "list": "M9 6h11M9 12h11M9 18h11M4 5.5l1 1 2-2M4 11.5l1 1 2-2M4 17.5l1 1 2-2",
    "way": "M12 3v18M12 5h6l2 2-2 2h-6M12 11H6l-2 2 2 2h6M9 21h6",
    "person": "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c0-4 3.5-7 8-7s8 3 8 7",
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ChatLink:
    """A channel by which people reach Kosh.

    `href` is the link to the channel, `shown` the same address in a form for reading.
    """

    name: str
    href: str
    shown: str
    qr: QrCode

    @property
    def key(self) -> str:
        """Return the channel's name in the paths of its posters: web, telegram or whatsapp."""
        return "web" if self.href == "/chat" else self.name.lower()


@router.api_route("/", methods=METHODS)
async def home(request: Request, lang: str = "") -> Response:
    """Return the front page in the reader's language; it starts no chat."""
    return cached_page(request, reader_of(request, lang), "home.html", _home)


@router.api_route("/privacy", methods=METHODS)
async def privacy(request: Request, lang: str = "") -> Response:
    """Return the privacy page, with the texts that people read before they consent."""
    return cached_page(request, reader_of(request, lang), "privacy.html", _privacy)


@router.api_route("/press", methods=METHODS)
async def press(request: Request, lang: str = "") -> Response:
    """Return the press kit: short texts about Kosh in each language and script, facts, a logo."""
    return cached_page(request, reader_of(request, lang), "press.html", _press)


@router.api_route("/press/poster-{way}.pdf", methods=METHODS)
async def poster(
    request: Request, way: Literal["web", "telegram", "whatsapp"], lang: str = ""
) -> Response:
    """Return the PDF poster with a channel's QR code; 404 if the channel is not configured."""
    reader = reader_of(request, lang)
    settings = reader.rt.settings
    found = {each.key: each for each in chat_links(settings, reader.say(CHAT))}.get(way)
    if found is None:
        return Response(status_code=404)
    say = reader.say
    code = QrCode.of(poster_link(settings, found))
    sheet = Poster(
        reader.language, say(TITLE), say(LEAD), found.name, found.shown, say(QR_HINT), code
    )
    pdf = await asyncio.to_thread(sheet.pdf)
    return Response(pdf, media_type="application/pdf", headers=public_headers(reader.rt))


@router.api_route("/manifest.webmanifest", methods=METHODS)
async def manifest(request: Request, lang: str = "") -> Response:
    """Return the web manifest, with which phones can install the chat on the home screen."""
    reader = reader_of(request, lang)
    icons = [
        {"src": f"/static/icons/kosh-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    maskable = {**icons[-1], "src": "/static/icons/kosh-maskable-512.png", "purpose": "maskable"}
    written = {
        "id": "/chat",
        "name": reader.say(NAME),
        "short_name": reader.say(NAME),
        "description": reader.say(SHORT),
        "lang": tag(reader.language),
        "dir": direction(reader.language),
        "start_url": "/chat",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f2ec",
        "theme_color": "#0d5c54",
        "icons": [*icons, maskable],
    }
    headers = public_headers(reader.rt)
    return JSONResponse(written, headers=headers, media_type="application/manifest+json")


def chat_links(settings: Settings, chat: str) -> list[ChatLink]:
    """Return the configured channels by which people reach Kosh.

    `chat` is the displayed name of the web chat.
    """
    host = settings.public_url.partition("://")[2]
    found = [ChatLink(chat, "/chat", host, QrCode.of(f"{settings.public_url}/chat"))]
    if settings.has_telegram and settings.telegram_name:
        link = f"https://t.me/{settings.telegram_name}"
        found.append(ChatLink("Telegram", link, f"@{settings.telegram_name}", QrCode.of(link)))
    if settings.has_whatsapp and settings.whatsapp_phone:
        link = f"https://wa.me/{settings.whatsapp_phone}"
        found.append(ChatLink("WhatsApp", link, f"+{settings.whatsapp_phone}", QrCode.of(link)))
    return found


def poster_link(settings: Settings, way: ChatLink) -> str:
    """Return the address in the QR code of a channel's poster.

    Kosh counts the chats that people open from this address.
    """
    match way.key:
        case "telegram":
            return f"{way.href}?start={POSTER}"
        case "whatsapp":
            return f"{way.href}?text=%2Fstart%20{POSTER}"
        case _:
            return f"{settings.public_url}/chat?from={POSTER}"


def _home(reader: Reader) -> Values:
    say = reader.say
    return {
        "title": say(TITLE),
        "description": say(SHORT),
        "lead": say(LEAD),
        "to_chat": say(TO_CHAT),
        "icons": ICONS,
        "finds_title": say(FINDS_TITLE),
        "finds": [
            (icon, say(FLOWS[flow].title), say(words)) for icon, (flow, words) in FINDS.items()
        ],
        "ways_title": say(LINKS_TITLE),
        "ways": chat_links(reader.rt.settings, say(CHAT)),
        "qr_label": say(QR),
        "qr_hint": say(QR_HINT),
        "read_title": say(READ_TITLE),
        "reading": [(reader.url(path), say(text)) for path, text in READING.items()],
        "note_title": say(NOTE_TITLE),
        "notes": [
            *_sentences(reader, "bot.what")[:1],
            *_limits(reader),
            *_privacy_sentences(reader),
        ],
    }


def _limits(reader: Reader) -> list[str]:
    operator = reader.rt.settings.operator
    run_by = Text(RUN_BY.msgid, (("operator", operator),)) if operator else RUN_BY_UNNAMED
    return [reader.say(OFFICIAL), reader.say(run_by)]


def _privacy_sentences(reader: Reader) -> list[str]:
    return _sentences(reader, "privacy.what")


def _sentences(reader: Reader, intent: str) -> list[str]:
    """Return the sentences with which the assistant answers questions of an intent."""
    return [
        reader.say(each) for each in part_texts(BY_INTENT[intent].ordered("")[0], reader.edition)
    ]


def _privacy(reader: Reader) -> Values:
    """Return the values of the privacy page: description, risk notice, consents of all flows.

    The generated docs/reference/notice.md has the same texts.
    """
    consents = [
        (reader.say(flow.title), reader.say(item.text))
        for flow in reader.rt.flows.values()
        for item in flow.items
        if isinstance(item, Consent)
    ]
    headings = dict.fromkeys(head for head, _words in consents)
    asked = [(head, [words for each, words in consents if each == head]) for head in headings]
    return {
        "title": reader.say(PRIVACY),
        "description": reader.say(SHORT),
        "opening": [reader.say(DESCRIPTION), *_privacy_sentences(reader)],
        "sections": [(reader.say(RISK.label), [reader.say(RISK.text)]), *asked],
    }


def _press(reader: Reader) -> Values:
    languages = reader.rt.languages
    return {
        "title": reader.say(PRESS),
        "description": reader.say(SHORT),
        "short_title": reader.say(SHORT_TITLE),
        "short": [
            (tag(code), direction(code), languages.render(SHORT, code))
            for code, _own in languages.languages()
        ],
        "facts_title": reader.say(FACTS_TITLE),
        "facts": [reader.say(each) for each in PRESS_FACTS],
        "posters_title": reader.say(POSTERS_TITLE),
        "posters": [
            (f"/press/poster-{each.key}.pdf?lang={reader.language}", each.name)
            for each in chat_links(reader.rt.settings, reader.say(CHAT))
        ],
        "logo_title": reader.say(LOGO_TITLE),
        "pictures": [
            ("kosh.svg", 64, 64, reader.say(DRAWING)),
            ("kosh-512.png", 64, 64, reader.say(PICTURE)),
            ("card.png", 122, 64, reader.say(CARD)),
        ],
        "note_title": reader.say(NOTE_TITLE),
        "notes": [reader.say(NO_PROMISES), *_limits(reader)],
    }
