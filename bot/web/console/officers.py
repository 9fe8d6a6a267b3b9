"""Officers: who works here, what each may do; the link by which a new one comes in."""

from uuid import UUID

import psycopg
from starlette.responses import Response

from bot.officers import credentials, directory, permissions, sessions
from bot.officers.directory import LastAdministrator, NoSuchRole, Officer
from bot.officers.permissions import Action, DenialReason, Role
from bot.security import audit_log
from bot.web.console import labels as console_labels
from bot.web.console import oidc
from bot.web.console.rendering import done, labels, page
from bot.web.console.request_context import ROOT, Form, Visit
from bot.web.console.routing import get, post
from flows.knowledge.missions import GENERAL, MISSIONS
from flows.knowledge.offices import desk_name


async def listing(visit: Visit) -> Response:
    return await _listed(visit)


async def _listed(
    visit: Visit, status: int = 200, problem: str = "", link: str = "", whose: str = ""
) -> Response:
    async with directory.console(visit.rt).connection() as connection:
        everyone = await directory.everyone(connection)
    edits = visit.may(Action.OFFICERS_EDIT)
    own = [each for each in everyone if edits or each.mission == visit.officer.mission]
    return page(
        visit,
        "officers.html",
        status,
        everyone=own,
        edits=edits,
        missions=_desks(visit, everyone),
        roles=labels(visit, console_labels.ROLES),
        topics=labels(visit, console_labels.TOPICS),
        service=visit.rt.settings.has_service,
        oneself=visit.say(console_labels.WHYS[DenialReason.ONESELF]),
        link=link,
        whose=whose,
        problem=problem,
    )


def _desks(visit: Visit, everyone: list[Officer]) -> list[tuple[str, str]]:
    """Every desk that somebody may be given a place at, and those where somebody has one."""
    keys = (GENERAL, *(each.key for each in MISSIONS), *(each.mission for each in everyone))
    return [(key, visit.say(desk_name(key))) for key in dict.fromkeys(keys)]


async def enter(visit: Visit, form: Form) -> Response:
    """A new officer, and the link for them."""
    try:
        officer = await directory.enter(
            visit.rt,
            visit.officer,
            form.get("name", ""),
            form.get("mission", "").strip() or "general",
            form.get("roles", "").split(),
            form.get("languages", "").split(),
            form.get("topics", "").split(),
        )
    except psycopg.errors.UniqueViolation:
        return await _listed(visit, 409, visit.say(console_labels.WORDS["name_taken"]))
    except NoSuchRole:
        return await _listed(visit, 422, visit.say(console_labels.REFUSALS["empty"]))
    return await _invited(visit, officer)


async def change(visit: Visit, form: Form) -> Response:
    """Change somebody else; their sessions end at once, so that the change holds at once."""
    officer_id = _id(form)
    try:
        await directory.change(
            visit.rt,
            visit.officer,
            officer_id,
            mission=form.get("mission", "").strip() or None,
            roles=form.get("roles", "").split() or [Role.OFFICER],
            languages=form.get("languages", "").split(),
            topics=form.get("topics", "").split(),
            active=bool(form.get("active")),
        )
    except LastAdministrator:
        return await _listed(visit, 409, visit.say(console_labels.WORDS["last_administrator"]))
    except NoSuchRole:
        return await _listed(visit, 422, visit.say(console_labels.REFUSALS["empty"]))
    async with directory.console(visit.rt).connection() as connection:
        await sessions.end_all(connection, officer_id)
    return done("/officers", "saved")


async def invite(visit: Visit, form: Form) -> Response:
    """A new one-time link, when a password or a phone was lost; older sessions end."""
    async with directory.console(visit.rt).connection() as connection:
        officer = await directory.find(connection, _id(form))
        if officer is None:
            raise LookupError("E_OFFICER: there is no such officer; look at the list")
    return await _invited(visit, officer)


async def tie(visit: Visit, form: Form) -> Response:
    """Let another officer sign in with the work account of that id from now on."""
    subject = form.get("subject", "").strip()
    if not subject:
        return await _listed(visit, 422, visit.say(console_labels.REFUSALS["empty"]))
    officer_id = _id(form)
    permissions.require_another(visit.officer, officer_id)
    try:
        async with directory.acting(visit.rt, visit.officer) as connection:
            await credentials.link_identity(
                connection, officer_id, oidc.indexes(visit.rt, subject)[0]
            )
            await audit_log.append(
                connection,
                actor=str(visit.officer.id),
                action="officer.tied",
                subject=str(officer_id),
            )
    except psycopg.errors.UniqueViolation:
        return await _listed(visit, 409, visit.say(console_labels.WORDS["tied_already"]))
    return done("/officers", "saved")


async def _invited(visit: Visit, officer: Officer) -> Response:
    async with directory.acting(visit.rt, visit.officer) as connection:
        await sessions.end_all(connection, officer.id)
        token = await credentials.invite(connection, visit.officer.id, officer.id)
    link = f"{visit.rt.settings.public_url}{ROOT}/welcome?token={token}"
    return await _listed(visit, link=link, whose=officer.name)


def _id(form: Form) -> UUID:
    try:
        return UUID(form.get("officer", ""))
    except ValueError:
        raise LookupError("E_OFFICER: there is no such officer; look at the list") from None


ROUTES = [
    get("/officers", Action.OFFICERS_READ, listing),
    post("/officers", Action.OFFICERS_EDIT, enter),
    post("/officers/change", Action.OFFICERS_EDIT, change),
    post("/officers/invite", Action.OFFICERS_EDIT, invite),
    post("/officers/tie", Action.OFFICERS_EDIT, tie),
]
