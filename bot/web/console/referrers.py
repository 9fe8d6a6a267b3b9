"""Show organisations that refer people to Kosh; create, renew and end their invitations.

An organisation has a public page that invites people, and a secret page with its number of
registrations.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.editorial import referrers
from bot.editorial.referrers import Created
from bot.officers import directory
from bot.officers.permissions import Action
from bot.printing.qr_code import QrCode
from bot.web.console.forms import Line
from bot.web.console.labels import WORDS
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from bot.web.public_pages import CHAT
from bot.web.referral_pages import invitations

Code = Annotated[str, Form(max_length=16)]

router = APIRouter(route_class=ConsoleRoute)


@router.get("/referrers")
async def listing(context: Annotated[RequestContext, require(Action.REFERRER_READ)]) -> Response:
    """Return the page of organisations with their released numbers of registrations.

    A released number is the published count, which changes at most once a day.
    """
    return await _page(context)


@router.post("/referrers")
async def add(
    context: Annotated[RequestContext, require(Action.REFERRER_EDIT)],
    name: Annotated[Line, Form()] = "",
) -> Response:
    """Create an organisation's invitation; the secret address of its page is shown only once."""
    try:
        created = await referrers.add(context.rt, context.officer, name)
    except referrers.Unnamed:
        return await _page(context, 422, problem=context.say(WORDS["referrer_bad_name"]))
    return await _page(context, created=created)


@router.post("/referrers/renew")
async def renew(
    context: Annotated[RequestContext, require(Action.REFERRER_EDIT)], code: Code
) -> Response:
    """Replace the secret address of an organisation's page.

    Return 409 if the organisation's invitation has ended.
    """
    try:
        created = await referrers.renew(context.rt, context.officer, code)
    except referrers.Ended:
        return await _page(context, 409, problem=context.say(WORDS["stale"]))
    return await _page(context, created=created)


@router.post("/referrers/end")
async def end(
    context: Annotated[RequestContext, require(Action.REFERRER_EDIT)], code: Code
) -> Response:
    """End an organisation's invitation; 409 if it has ended already."""
    try:
        await referrers.end(context.rt, context.officer, code)
    except referrers.Ended:
        return await _page(context, 409, problem=context.say(WORDS["stale"]))
    return redirect("/referrers", "referrer_ended")


async def _page(
    context: RequestContext, status: int = 200, *, created: Created | None = None, problem: str = ""
) -> Response:
    found = await referrers.listing(context.rt, context.officer)
    site = context.rt.settings.public_url
    shown: dict[str, Any] = {"link": "", "whose": ""}
    if created is not None:
        name = next((each.name for each in found if each.code == created.code), "")
        shown = {"link": f"{site}/referrals/{created.token}", "whose": name}
    open_codes = [each.code for each in found if each.is_open]
    return page(
        context,
        "referrers.html",
        status,
        referrers=found,
        names=await directory.names(context.rt, context.officer),
        ways={each.code: invitations(context.rt.settings, each.code, context.say(CHAT))
              for each in found if each.is_open},
        codes=await asyncio.to_thread(_qr_codes, site, open_codes),
        edits=context.may(Action.REFERRER_EDIT),
        problem=problem,
        **shown,
    )  # fmt: skip


def _qr_codes(site: str, codes: Sequence[str]) -> dict[str, QrCode]:
    """Return the QR code of each invitation's web address, by invitation code.

    Many QR codes take tenths of a second, so call this function in a thread.
    """
    return {each: QrCode.of(f"{site}/r/{each}") for each in codes}
