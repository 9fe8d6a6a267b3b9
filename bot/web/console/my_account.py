"""Show and change an officer's own account: language, notifications, sessions, passkeys."""

from datetime import time
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from bot.notifications import LABELS, Kind, preferences, push_sender
from bot.notifications.preferences import DIGESTS, BadPreference, Preferences
from bot.officers import credentials, directory, sessions
from bot.officers.permissions import Action
from bot.web.console import labels_notifications as labels
from bot.web.console.passkeys import is_guarded
from bot.web.console.rendering import page, redirect
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require

router = APIRouter(route_class=ConsoleRoute)


@router.get("/own")
async def show(context: Annotated[RequestContext, require(Action.SELF)]) -> Response:
    """Return the page on which officers change their own account."""
    return await _account_page(context)


async def _account_page(
    context: RequestContext,
    status: int = 200,
    problem: str = "",
    typed: "NotificationForm | None" = None,
) -> Response:
    """Return the account's page; the notification settings are those of `typed` if given."""
    rt, own = context.rt, context.officer.id
    sender = push_sender(rt)
    async with directory.acting(rt, context.officer) as transaction:
        stored = await preferences.of_officer(transaction, own)
        return page(
            context,
            "my_account.html",
            status,
            problem=problem,
            chosen=typed or NotificationForm.stored(stored),
            browsers=await preferences.browsers(transaction, own),
            kinds=[(kind.value, context.say(label)) for kind, label in LABELS.items()],
            digests=[(str(each), context.say(labels.DIGESTS[each])) for each in DIGESTS],
            push_key=sender.public_key if sender else "",
            sends_email=rt.settings.smtp_host is not None,
            sessions=await sessions.of_officer(transaction, context.officer.id),
            passkeys=await credentials.passkeys(transaction, context.officer.id),
            key_prefix=credentials.KEY_PREFIX,
            guarded=await is_guarded(context, transaction),
        )


@router.post("/own/language")
async def set_language(
    context: Annotated[RequestContext, require(Action.SELF)],
    language: Annotated[str, Form()] = "",
) -> Response:
    """Set the language of the console for this officer; ignore an unknown language."""
    if language in dict(context.rt.languages.languages()):
        async with directory.console(context.rt).connection() as transaction:
            await credentials.set_language(transaction, context.officer.id, language)
    return redirect("/own", "saved")


class NotificationForm(BaseModel):
    """The officer's notification settings; `wanted` are the ticked kinds of notification."""

    email: str = ""
    wanted: list[Kind] = []
    quiet_from: str = ""
    quiet_until: str = ""
    digest: int = 0

    @classmethod
    def stored(cls, found: Preferences) -> Self:
        return cls(
            email=found.email,
            wanted=[kind for kind in Kind if kind.value not in found.unwanted],
            quiet_from=f"{found.quiet_from:%H:%M}" if found.quiet_from else "",
            quiet_until=f"{found.quiet_until:%H:%M}" if found.quiet_until else "",
            digest=found.digest_minutes,
        )

    def chosen(self) -> Preferences:
        """Return the officer's notification settings from the posted form.

        Raises BadPreference if the start or the end of the quiet hours is not a valid time.
        """
        try:
            opens, closes = (
                time.fromisoformat(each) if each else None
                for each in (self.quiet_from, self.quiet_until)
            )
        except ValueError:
            raise BadPreference from None
        unwanted = frozenset(kind.value for kind in Kind if kind not in self.wanted)
        return Preferences(self.email, unwanted, opens, closes, self.digest)


@router.post("/own/notifications")
async def save_notifications(
    context: Annotated[RequestContext, require(Action.SELF)],
    form: Annotated[NotificationForm, Form()],
) -> Response:
    """Save the officer's notification settings; 422 if they are invalid."""
    try:
        async with directory.acting(context.rt, context.officer) as transaction:
            await preferences.save(transaction, context.officer.id, form.chosen())
    except BadPreference:
        problem = context.say(labels.NOTIFYING["notify_wrong"])
        return await _account_page(context, 422, problem, form)
    return redirect("/own", "saved")


class BrowserForm(BaseModel):
    """The push subscription that a browser got from its push service.

    `former` is the endpoint of the browser's earlier subscription, which the page ended because the
    installation's push key has changed; otherwise empty.
    """

    endpoint: str
    public_key: str
    auth_secret: str
    former: str = ""


@router.post("/own/browser")
async def add_browser(
    context: Annotated[RequestContext, require(Action.SELF)],
    form: Annotated[BrowserForm, Form()],
) -> Response:
    """Send the officer's notifications to this browser too; 422 for an unknown push service."""
    hosts = context.rt.settings.push_hosts
    try:
        async with directory.acting(context.rt, context.officer) as transaction:
            await preferences.subscribe(
                transaction,
                context.officer.id,
                form.endpoint,
                form.public_key,
                form.auth_secret,
                hosts,
            )
            await preferences.end_former(transaction, context.officer.id, form.former)
    except BadPreference:
        return await _account_page(context, 422, context.say(labels.NOTIFYING["notify_wrong"]))
    return redirect("/own", "saved")


@router.post("/own/browser/remove")
async def remove_browser(
    context: Annotated[RequestContext, require(Action.SELF)],
    browser: Annotated[int, Form()],
) -> Response:
    """Delete the push subscription of one of the officer's browsers."""
    async with directory.acting(context.rt, context.officer) as transaction:
        await preferences.unsubscribe(transaction, context.officer.id, browser)
    return redirect("/own", "saved")


@router.post("/own/end")
async def end_session(
    context: Annotated[RequestContext, require(Action.SELF)],
    session: Annotated[UUID | Literal["others"], Form()],
) -> Response:
    """End one of the officer's sessions, or all of them except the current one."""
    async with directory.console(context.rt).connection() as transaction:
        if session == "others":
            await sessions.end_all(transaction, context.officer.id, but=context.session.id)
        else:
            await sessions.end(transaction, context.officer.id, session)
    return redirect("/own", "ended")
