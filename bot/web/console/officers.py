"""Manage officers: their list and permissions, one-time sign-in links, linked accounts.

An officer is an employee who answers people.
"""

from typing import Annotated

import psycopg
from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot.officers import credentials, directory, permissions, sessions
from bot.officers.directory import LastAdministrator, NoSuchRole, Officer, Stale
from bot.officers.permissions import Action, DenialReason
from bot.security import audit_log
from bot.web.console import labels as console_labels
from bot.web.console import oidc
from bot.web.console.forms import Checkbox, Codes, Line, OfficerForm
from bot.web.console.labels_common import ROLES
from bot.web.console.rendering import labels, page, redirect
from bot.web.console.request_context import ROOT, RequestContext
from bot.web.console.routing import ConsoleRoute, require
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.offices import desk_name

router = APIRouter(prefix="/officers", route_class=ConsoleRoute)


class Scope(BaseModel):
    """The mission and roles of an officer, and the languages and topics of the officer's cases."""

    mission: Line = ""
    roles: Codes = ()
    languages: Codes = ()
    topics: Codes = ()


class NewOfficerForm(Scope):
    """The name of a new officer, with mission, roles, languages and topics."""

    name: str = ""


class ChangeForm(OfficerForm, Scope):
    """The new mission, roles, languages and topics of an existing officer.

    If `active` is not ticked, the officer can no longer sign in. `seen` is the digest of the
    account that the page showed.
    """

    active: Checkbox = False
    seen: str = ""


class LinkAccountForm(OfficerForm):
    """An officer, and the id (`subject`) of the officer's account at the sign-in service."""

    subject: Line = ""


@router.get("")
async def listing(
    context: Annotated[RequestContext, require(Action.OFFICERS_READ)],
) -> Response:
    """Return the page of officers: for an administrator all, for others those of their mission."""
    return await _page(context)


async def _page(
    context: RequestContext,
    status: int = 200,
    problem: str = "",
    link: str = "",
    whose: str = "",
    typed: NewOfficerForm | OfficerForm | None = None,
) -> Response:
    """Return the page of officers.

    If the form `typed` was refused, the problem and its values are shown at this form.
    """
    async with directory.console(context.rt).connection() as transaction:
        everyone = await directory.everyone(transaction)
    edits = context.may(Action.OFFICERS_EDIT)
    own = [each for each in everyone if edits or each.mission == context.officer.mission]
    return page(
        context,
        "officers.html",
        status,
        everyone=own,
        edits=edits,
        missions=_missions(context, everyone),
        roles=labels(context, ROLES),
        topics=labels(context, console_labels.TOPICS),
        service=context.rt.settings.has_service,
        oneself=context.say(console_labels.WHYS[DenialReason.ONESELF]),
        link=link,
        whose=whose,
        problem=problem,
        digest=directory.digest,
        new=typed if isinstance(typed, NewOfficerForm) else None,
        refused=typed.officer if isinstance(typed, OfficerForm) else None,
        unsent=_texts(context, typed),
    )


def _texts(context: RequestContext, form: NewOfficerForm | OfficerForm | None) -> str:
    """Return the values of a form about an officer's account, one a line with its label.

    Return "" for other forms.
    """
    if not isinstance(form, ChangeForm):
        return ""
    t = console_labels.Wording(context.rt.languages, context.language)
    languages = dict(context.rt.languages.languages())
    values = {
        "mission": context.say(desk_name(form.mission)),
        "roles": ", ".join(context.say(ROLES[each]) for each in form.roles if each in ROLES),
        "languages": ", ".join(languages.get(each, each) for each in form.languages),
        "topics": ", ".join(
            context.say(console_labels.TOPICS[each])
            for each in form.topics
            if each in console_labels.TOPICS
        ),
        "active": "✓" if form.active else "",
    }
    return "\n".join(f"{t(name)}: {text or '—'}" for name, text in values.items())


def _missions(context: RequestContext, everyone: list[Officer]) -> list[tuple[str, str]]:
    """Return the missions to choose from, as key and label.

    These are the missions that Kosh knows, and any others to which officers belong.
    """
    keys = (GENERAL, *(each.key for each in MISSIONS), *(each.mission for each in everyone))
    return [(key, context.say(desk_name(key))) for key in dict.fromkeys(keys)]


@router.post("")
async def add(
    context: Annotated[RequestContext, require(Action.OFFICERS_EDIT)],
    form: Annotated[NewOfficerForm, Form()],
) -> Response:
    """Add an officer; show the officer's one-time sign-in link once. 409 if the name is taken."""
    try:
        officer = await directory.enter(
            context.rt,
            context.officer,
            form.name,
            form.mission or GENERAL,
            form.roles,
            form.languages,
            form.topics,
        )
    except psycopg.errors.UniqueViolation:
        problem = context.say(console_labels.WORDS["name_taken"])
        return await _page(context, 409, problem, typed=form)
    except NoSuchRole:
        problem = context.say(
            console_labels.WORDS["role_needed"]
            if form.name.strip()
            else console_labels.REFUSALS["empty"]
        )
        return await _page(context, 422, problem, typed=form)
    return await _invite(context, officer)


@router.post("/change")
async def change(
    context: Annotated[RequestContext, require(Action.OFFICERS_EDIT)],
    form: Annotated[ChangeForm, Form()],
) -> Response:
    """Change mission, roles, languages and topics of another officer, or disable the officer.

    That officer's sessions end, so that the change applies at once. Return 409 if the account
    changed after the page was loaded, or if fewer than two administrators would remain.
    """
    try:
        await directory.change(
            context.rt,
            context.officer,
            form.officer,
            mission=form.mission or None,
            roles=form.roles,
            languages=form.languages,
            topics=form.topics,
            active=form.active,
            seen=form.seen,
        )
    except LastAdministrator:
        problem = context.say(console_labels.WORDS["last_administrator"])
        return await _page(context, 409, problem, typed=form)
    except Stale:
        problem = context.say(console_labels.WORDS["stale"])
        return await _page(context, 409, problem, typed=form)
    except NoSuchRole:
        problem = context.say(console_labels.WORDS["role_needed"])
        return await _page(context, 422, problem, typed=form)
    async with directory.console(context.rt).connection() as transaction:
        await sessions.end_all(transaction, form.officer)
    return redirect("/officers", "saved")


@router.post("/invite")
async def invite(
    context: Annotated[RequestContext, require(Action.OFFICERS_EDIT)],
    form: Annotated[OfficerForm, Form()],
) -> Response:
    """Issue a new one-time sign-in link for an officer who lost the password or the phone.

    All sessions of that officer end.
    """
    async with directory.console(context.rt).connection() as transaction:
        officer = await directory.find(transaction, form.officer)
        if officer is None:
            raise directory.NoSuchOfficer
    return await _invite(context, officer)


@router.post("/tie")
async def link_account(
    context: Annotated[RequestContext, require(Action.OFFICERS_EDIT)],
    form: Annotated[LinkAccountForm, Form()],
) -> Response:
    """Link an account of the external sign-in service to another officer.

    The officer can then sign in with this account.
    """
    if not form.subject:
        problem = context.say(console_labels.REFUSALS["empty"])
        return await _page(context, 422, problem, typed=form)
    permissions.require_another(context.officer, form.officer)
    hashed = oidc.indexes(context.rt, form.subject)[0]
    try:
        async with directory.acting(context.rt, context.officer) as transaction:
            await credentials.link_identity(transaction, form.officer, hashed)
            await audit_log.append(
                transaction,
                actor=str(context.officer.id),
                action="officer.tied",
                subject=str(form.officer),
            )
    except psycopg.errors.UniqueViolation:
        problem = context.say(console_labels.WORDS["tied_already"])
        return await _page(context, 409, problem, typed=form)
    return redirect("/officers", "saved")


async def _invite(context: RequestContext, officer: Officer) -> Response:
    async with directory.acting(context.rt, context.officer) as transaction:
        await sessions.end_all(transaction, officer.id)
        token = await credentials.invite(transaction, context.officer.id, officer.id)
    link = f"{context.rt.settings.public_url}{ROOT}/welcome?token={token}"
    return await _page(context, link=link, whose=officer.name)
