"""Pages that may be embedded in frames, and what an embedding page can send to the chat."""

import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import aiohttp
import pytest
from pydantic import ValidationError

from bot.attachments import case_files
from bot.attachments.case_files import NewFile
from bot.config.settings import Settings
from bot.db.connection import Transaction
from bot.people import identities
from bot.people.identities import Person
from bot.web.chat_rendering import FILES_URL
from tests.app_stack import AppStack, running_stack
from tests.person_client import Guest

pytestmark = pytest.mark.requirement("S-57", "S-61")

ORIGINS = ("https://consulate.example", "https://gov.example:8443")
STRICT = "frame-ancestors 'none'"
CHAT, VISIT, FRAMED = "__Host-kosh", "__Host-kosh-visit", "__Host-kosh-framed"
OTHER_COOKIES = (
    "/", "/info", "/privacy", "/press", "/status", "/console/sign-in", "/console/inbox",
    "/manifest.webmanifest", "/static/chat.js", "/p/x", "/chat/stream", "/nothing",
)  # fmt: skip


@pytest.fixture
async def embedded(chosen: Settings, admin_url: str) -> AsyncIterator[AppStack]:
    """Yield an application on https whose chat two origins (ORIGINS) may embed."""
    changes = {"public_url": "https://kosh.example", "embed_origins": ORIGINS}
    async with running_stack(chosen.model_copy(update=changes), admin_url) as stack:
        yield stack


async def _policy(stack: AppStack, path: str, **headers: str) -> str:
    async with stack.http.get(stack.url + path, headers=headers, allow_redirects=False) as answer:
        return str(answer.headers["content-security-policy"])


async def test_embedding_is_allowed_only_for_the_chat_on_listed_origins(embedded: AppStack) -> None:
    for path in ("/chat", "/away"):
        assert (await _policy(embedded, path)).endswith(f" frame-ancestors {' '.join(ORIGINS)}")
    for path in OTHER_COOKIES:
        assert (await _policy(embedded, path)).endswith(STRICT), path


async def test_embedding_is_forbidden_when_no_origin_is_configured(stack: AppStack) -> None:
    for path in ("/chat", "/away", *OTHER_COOKIES):
        assert (await _policy(stack, path)).endswith(STRICT), path


@pytest.mark.parametrize(
    "value",
    ["http://consulate.example", "https://consulate.example/page", "https://*.example", "*",
     "https://a.example; script-src *", "'self'", "consulate.example"],
)  # fmt: skip
def test_embedding_setting_accepts_only_https_origins(chosen: Settings, value: str) -> None:
    with pytest.raises(ValidationError, match="origins"):
        Settings.model_validate(chosen.model_dump() | {"embed_origins": value})


async def _post(
    stack: AppStack, name: str, text: str, cookie: str = FRAMED, **headers: str
) -> aiohttp.ClientResponse:
    form = {"text": text, "id": uuid4().hex, "chat": ""}
    cookies = {"Cookie": f"{cookie}={name}"}
    return await stack.http.post(
        f"{stack.url}/chat/said", data=form, headers=cookies | headers, allow_redirects=False
    )


async def test_embedding_page_cannot_post_to_the_chat(embedded: AppStack) -> None:
    guest = Guest(embedded.rt)
    await guest.consent()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": ORIGINS[0]}):
        answer = await _post(embedded, guest.name, "/delete", **headers)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_embedded_chat_has_its_own_cookie_and_exit_deletes_all_cookies(
    embedded: AppStack,
) -> None:
    guest = Guest(embedded.rt)
    await guest.consent()
    inside = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
    answer = await _post(embedded, guest.name, "/menu", **inside)
    (cookie,) = answer.headers.getall("set-cookie")
    attributes = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
    assert re.fullmatch(rf"{FRAMED}={guest.name}; Max-Age=\d+; {attributes}", cookie)
    answer = await _post(embedded, guest.name, "/exit", **inside)
    cookies = answer.headers.getall("set-cookie")
    assert [each.partition("=")[0] for each in cookies] == [CHAT, VISIT, FRAMED]
    assert all("Max-Age=0" in each for each in cookies)


async def test_embedding_setting_keeps_cookies_outside_frames_samesite_strict(
    embedded: AppStack,
) -> None:
    guest = Guest(embedded.rt)
    await guest.consent()
    answer = await _post(embedded, guest.name, "/menu", CHAT, **{"Sec-Fetch-Dest": "document"})
    (cookie,) = answer.headers.getall("set-cookie")
    assert cookie.startswith(f"{CHAT}=")
    assert "samesite=strict" in cookie.lower()


@pytest.mark.parametrize(
    ("cookie", "inside", "opens"),
    [
        (CHAT, {}, True),
        (FRAMED, {}, False),
        (CHAT, {"Sec-Fetch-Dest": "iframe"}, False),
        (CHAT, {"X-Kosh-Framed": "1"}, False),
        (FRAMED, {"Sec-Fetch-Dest": "iframe"}, True),
        (FRAMED, {"X-Kosh-Framed": "1"}, True),
    ],
)
async def test_embedded_chat_cookie_works_only_in_frames(
    embedded: AppStack, cookie: str, inside: dict[str, str], *, opens: bool
) -> None:
    guest = Guest(embedded.rt)
    await guest.consent()
    before = len(await guest.rows())
    answer = await _post(embedded, guest.name, "/menu", cookie, **inside)
    assert answer.status < 400
    assert (len(await guest.rows()) > before) is opens
    assert (guest.name in str(answer.headers.getall("set-cookie", []))) is opens


async def test_embedded_chat_file_can_be_downloaded_only_by_its_owner(
    embedded: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, other = Guest(embedded.rt), Guest(embedded.rt)
    await owner.consent()
    await other.consent()

    async def load(session: Transaction, person: Person, _id: UUID) -> NewFile | None:
        owning = await identities.find(embedded.rt, session, "web", owner.name)
        is_own = owning is not None and owning.id == person.id
        return NewFile("a.pdf", "application/pdf", b"%PDF") if is_own else None

    monkeypatch.setattr(case_files, "load", load)
    for cookie in (CHAT, FRAMED):
        for guest in (owner, other):
            headers = {"Cookie": f"{cookie}={guest.name}"}
            url = f"{embedded.url}{FILES_URL}/{uuid4()}"
            async with embedded.http.get(url, headers=headers) as answer:
                assert answer.status == (200 if guest is owner else 404)
