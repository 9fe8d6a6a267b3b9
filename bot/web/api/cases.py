"""Cases that other systems start: one-time links by which a person asks an officer for help.

A case is a person's request to officers.
"""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from pydantic import Field

from bot.cases import invitations
from bot.cases.invitations import CaseInvitation, InvitationState, KeyReused
from bot.config.settings import Settings
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Scope
from bot.runtime import Runtime
from bot.web.api.problems import Refusal, ResponseBody, problems
from bot.web.api.requests import IdempotencyKey, RequestBody, api_router, needs, note
from flows.officer import TOPIC

type Topic = Literal[
    "danger",
    "trouble",
    "stay_ends",
    "passport",
    "general",
    "registration",
    "other_person",
    "minor",
    "former_citizen",
    "no_papers",
    "spouse",
]
type Language = Literal["kk", "kk_Arab", "ru", "uz", "uz_Cyrl", "zh_Hans"]
assert {option.key for option in TOPIC.among} == set(Topic.__value__.__args__)


class CaseRequest(RequestBody):
    """The topic, language and country of a person's request; it does not identify the person."""

    topic: Topic
    language: Language
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    """The country where the person lives (ISO 3166-1 alpha-2); it selects the mission."""


class InvitedCase(ResponseBody):
    """An invitation of a person to open a case, and the state of the case.

    `id` identifies the invitation, not the case. The content of the case is never part of a
    response.
    """

    id: UUID
    """Id of the invitation, for looking up its state."""
    state: InvitationState
    topic: str
    """Topic of the case, as the system chose it."""
    expires_at: datetime
    """The time until which the links work."""

    @classmethod
    def of(cls, found: CaseInvitation) -> "InvitedCase":
        return cls(id=found.id, state=found.state, topic=found.topic, expires_at=found.expires_at)


class Links(ResponseBody):
    """One-time links that open a case, one per channel; using one makes all of them invalid."""

    telegram: str | None
    """Link that opens the bot in Telegram; null if the installation has none."""
    whatsapp: str | None
    """Link that opens a chat in WhatsApp; null if the installation has none."""
    web: str
    """The address of the web chat, in which the person sends the `words`."""
    words: str
    """The text that opens the invitation when it is sent in any channel."""


class NewCase(InvitedCase):
    """A new invitation to open a case, with one-time links; show the links only to the person."""

    links: Links


router = api_router("cases")
Inviter = Annotated[Officer, needs(Scope.CASES_WRITE)]


@router.post("", status_code=201, responses=problems("bad-key", "refused", body=True))
async def invite_person(
    request: Request, what: CaseRequest, system: Inviter, key: IdempotencyKey
) -> NewCase:
    """Create one-time links by which a person can ask an officer for help.

    The case is opened after the person's consent. The same Idempotency-Key returns the same
    invitation and links again.
    """
    rt: Runtime = request.app.state.rt
    fields = what.model_dump()
    async with rt.pool.connection() as transaction:
        try:
            found, word = await invitations.invite(rt, transaction, system.id, key, **fields)
        except KeyReused:
            raise Refusal("refused", "key") from None
        await note(transaction, system, Action.CASE_INVITE, str(found.id))
    shown = InvitedCase.of(found).model_dump()
    return NewCase(**shown, links=_links(rt.settings, word))


@router.get("/{id}", responses=problems("not-found"))
async def read_case(request: Request, id: UUID, system: Inviter) -> InvitedCase:
    """Return the state of a case that the account of the API token started."""
    rt: Runtime = request.app.state.rt
    async with rt.pool.connection() as transaction:
        return InvitedCase.of(await invitations.find(transaction, system.id, id))


def _links(settings: Settings, word: str) -> Links:
    telegram = whatsapp = None
    words = f"/start {word}"
    if settings.has_telegram and settings.telegram_name:
        telegram = f"https://t.me/{settings.telegram_name}?start={word}"
    if settings.has_whatsapp and settings.whatsapp_phone:
        whatsapp = f"https://wa.me/{settings.whatsapp_phone}?text={quote(words)}"
    web = f"{settings.public_url}/chat"
    return Links(telegram=telegram, whatsapp=whatsapp, web=web, words=words)
