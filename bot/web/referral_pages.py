"""Serve the pages of organisations that refer people: invitation, poster, number of registrations.

The invitation page sets no cookie and stores nothing. Each organisation also has a page with a
secret address. The secret page shows only the released number of registrations, which changes at
most once a day.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from bot.config.settings import Settings
from bot.editorial import referrers
from bot.i18n import tag
from bot.printing.poster import Poster
from bot.printing.qr_code import QrCode
from bot.web.health import METHODS
from bot.web.home import LEAD, QR_HINT, TITLE
from bot.web.public_pages import CHAT, Reader, Values, reader_of, rendered
from bot.web.secure_page import TO_CHAT
from flows.engine.referral_screens import ENDED, MIN_SHOWN
from flows.engine.referrals import read_code
from flows.engine.text import Text, _

INVITED = _("An invitation")
INVITED_BY = _("{name} invites you to this assistant.")
REFERRER_SEES = _(
    "The organisation learns nothing about you. If you register and agree to it, you are counted"
    " in a number that it sees."
)
KEPT = _("We keep nothing about you until you agree to it.")
MESSENGERS_TITLE = _("Or in a messenger")
COUNT = _("Registered through your invitation")
FEWER = _("fewer than {least}")
COUNT_HINT = _("The number changes at most once a day, and never by less than {least}.")
COUNT_DAY = _("Released on {date}. The invitation ends on {until}.")
SHARE = _("Share your invitation")
SHARE_HINT = _(
    "Send one of these addresses, or print the poster. Please send us no lists of people: each"
    " person decides for themselves."
)
POSTER = _("Poster to print")
NO_PAGE = _("This page does not exist, or its address was replaced by a new one.")

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
Code = Annotated[str, Path(max_length=16)]
Token = Annotated[str, Path(max_length=64)]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Invitation:
    """The address of an invitation on one channel; `channel` is the channel's displayed name."""

    channel: str
    address: str


def invitations(settings: Settings, code: str, web: str) -> list[Invitation]:
    """Return the invitation's addresses, one per configured channel.

    `web` is the displayed name of the web chat. The address of the web page is always the first.
    """
    found = [Invitation(web, f"{settings.public_url}/r/{code}")]
    if settings.has_telegram and settings.telegram_name:
        address = f"https://t.me/{settings.telegram_name}?start={code}"
        found.append(Invitation("Telegram", address))
    if settings.has_whatsapp and settings.whatsapp_phone:
        address = f"https://wa.me/{settings.whatsapp_phone}?text={code}"
        found.append(Invitation("WhatsApp", address))
    return found


@router.api_route("/r/{code}", methods=METHODS)
async def invitation(request: Request, code: Code, lang: str = "") -> Response:
    """Return the page that invites a person in the name of an organisation.

    The page says what the organisation learns about people: only how many have registered.

    Return 404 for an unknown or ended invitation.
    """
    reader = reader_of(request, lang)
    name = await _name(reader, code)
    say = reader.say
    if not name:
        return _page(request, reader, "referral.html", _empty_values(say(INVITED), say(ENDED)), 404)
    web, *messengers = invitations(reader.rt.settings, read_code(code), say(CHAT))
    values: Values = {
        "title": say(INVITED),
        "description": say(TITLE),
        "lines": [say(Text(INVITED_BY.msgid, (("name", name),))), say(REFERRER_SEES), say(KEPT)],
        "code": read_code(code),
        "to_chat": say(TO_CHAT),
        "chat": web.channel,
        "ways_title": say(MESSENGERS_TITLE),
        "ways": messengers,
    }
    return _page(request, reader, "referral.html", values)


@router.api_route("/r/{code}/poster.pdf", methods=METHODS)
async def poster(request: Request, code: Code, lang: str = "") -> Response:
    """Return an invitation's poster as PDF, with a QR code of the invitation page.

    Return 404 for an unknown or ended invitation.
    """
    reader = reader_of(request, lang)
    name = await _name(reader, code)
    if not name:
        return Response(status_code=404)
    say, settings = reader.say, reader.rt.settings
    address = f"{settings.public_url}/r/{read_code(code)}"
    shown = address.partition("://")[2]
    lead = say(LEAD)
    sheet = Poster(reader.language, say(TITLE), lead, name, shown, say(QR_HINT), QrCode.of(address))
    pdf = await asyncio.to_thread(sheet.pdf)
    return Response(pdf, media_type="application/pdf", headers=HEADERS)


@router.api_route("/referrals/{token}", methods=METHODS)
async def counts(request: Request, token: Token, lang: str = "") -> Response:
    """Return an organisation's page: the released number of registrations, and addresses to share.

    Return 404 for an unknown or replaced token.
    """
    reader = reader_of(request, lang)
    say = reader.say
    found = await referrers.view(reader.rt, token)
    if found is None:
        return _page(request, reader, "referral.html", _empty_values(say(COUNT), say(NO_PAGE)), 404)
    day = (("date", found.released_on), ("until", found.ends_on))
    shown = invitations(reader.rt.settings, found.code, say(CHAT)) if found.is_open else []
    values: Values = {
        "title": say(COUNT),
        "description": say(TITLE),
        "organisation": found.name,
        "count": str(found.registered or say(Text(FEWER.msgid, (("least", MIN_SHOWN),)))),
        "lines": [
            say(Text(COUNT_HINT.msgid, (("least", MIN_SHOWN),))),
            say(Text(COUNT_DAY.msgid, day)),
        ],
        "share_title": say(SHARE) if shown else "",
        "share_hint": say(SHARE_HINT),
        "shown": shown,
        "posters": [
            (f"/r/{found.code}/poster.pdf?lang={code}", tag(code), own)
            for code, own in reader.rt.languages.languages()
        ],
        "poster_title": say(POSTER),
    }
    return _page(request, reader, "referral_counts.html", values)


async def _name(reader: Reader, code: str) -> str:
    async with reader.rt.pool.connection() as transaction:
        return await referrers.find(transaction, read_code(code))


def _empty_values(title: str, line: str) -> Values:
    return {"title": title, "description": title, "lines": [line], "code": "", "ways": []}


def _page(
    request: Request, reader: Reader, template: str, values: Values, status: int = 200
) -> Response:
    """Return a page that no cache stores and no search engine indexes."""
    html = rendered(reader, request.url.path, template, values)
    headers = HEADERS | {"Content-Language": tag(reader.language)}
    return HTMLResponse(html, status, headers=headers)
