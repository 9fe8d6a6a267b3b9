"""Officers sign in through an external identity provider (OpenID Connect).

The tests use an emulated provider, and invalid ID tokens.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.embedded.server_process import free_port
from bot.officers import credentials, directory
from bot.web.app import create_app
from bot.web.console import demo_officers, oidc
from bot.web.console.oidc import NotProven, checked
from tests.app_stack import AppStack, serving, shared_runtime
from tests.console_client import Console, Screen, ru
from tests.officer_names import AIGUL, BERIK
from tests.passkey import Device
from tests.web.console_sign_in import (
    NAME,
    add_credential,
    add_passkey,
    create_credential,
    enrol,
    passkey_ids,
    redeem_link,
)

CLIENT, SECRET = "kosh-console", "b7c2" * 10
KEY = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048)
KEYS: Any = {"keys": [KEY.as_dict(private=False)]}


@dataclass
class Provider:
    """An emulated OpenID Connect provider that identifies every visitor as `subject`.

    `parameters` has the parameters of the last authorization request.
    """

    issuer: str = ""
    subject: str = "subject-1"
    parameters: dict[str, str] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )

    async def _metadata(self, request: Request) -> Response:
        address = self.issuer.removesuffix("/")
        return JSONResponse({
            "issuer": self.issuer,
            "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token",
            "jwks_uri": f"{address}/keys",
        })  # fmt: skip

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        right = form["client_secret"] == [SECRET]
        right = right and oidc._challenge(form["code_verifier"][0]) == self.parameters[
            "code_challenge"
        ]  # fmt: skip
        if not right or form["code"] != ["the-code"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = _claims(self.issuer, self.parameters["nonce"]) | {"sub": self.subject}
        return JSONResponse({"id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)})

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(KEYS)


def _claims(issuer: str, nonce: str) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer, "aud": CLIENT, "nonce": nonce, "sub": "subject-1", "iat": now,
            "exp": now + 300}  # fmt: skip


@pytest.fixture
async def office(
    stack: AppStack, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[AppStack, Provider, str]]:
    """Serve the console with an emulated provider; yield application, provider and console URL.

    A test may give the end of the issuer as the fixture's parameter.
    """
    await demo_officers.enter(stack.rt)
    provider, port = Provider(), free_port()
    async with serving(provider.app()) as address:
        provider.issuer = address + getattr(request, "param", "")
        settings = stack.rt.settings.model_copy(update={
            "public_url": f"http://127.0.0.1:{port}", "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET),
        })  # fmt: skip
        rt = replace(stack.rt, settings=settings)
        async with serving(create_app(shared_runtime(rt)), port) as url:
            yield replace(stack, rt=rt, url=url), provider, url


async def _start_sign_in(console: Console, provider: Provider) -> None:
    """Begin the sign-in; store the parameters of the redirect to the provider in `parameters`."""
    await console.get("/console/sign-in")
    form = console.screen.form("/service")
    screen = await console.send(form)
    redirect = re.search(r'content="0;url=([^"]+)"', screen.html)
    assert redirect is not None
    location = urlsplit(unescape(redirect[1]))
    provider.parameters = {name: values[0] for name, values in parse_qs(location.query).items()}
    assert provider.parameters["code_challenge_method"] == "S256"


async def _link_identity(stack: AppStack, subject: str, name: str = AIGUL) -> None:
    assert stack.rt.console is not None
    async with stack.rt.console.connection() as session:
        officer = await directory.by_name(session, name)
        await credentials.link_identity(session, officer.id, oidc.indexes(stack.rt, subject)[0])


async def _finish_sign_in(console: Console, provider: Provider) -> Screen:
    """Sign in through the provider; return the page that follows."""
    await _start_sign_in(console, provider)
    state = provider.parameters["state"]
    screen = await console.get(f"/console/service/back?code=the-code&state={state}")
    redirect = re.search(r'content="0;url=([^"]+)"', screen.html)
    return screen if redirect is None else await console.get(redirect[1])


@pytest.mark.parametrize("office", ["", "/"], indirect=True)
async def test_linked_work_account_signs_in_to_the_console(
    office: tuple[AppStack, Provider, str],
) -> None:
    """Check an issuer without and with a slash at its end; Authentik and Auth0 have one."""
    stack, provider, url = office
    await _link_identity(stack, "subject-1")
    async with Console.at(url) as console:
        assert (await _finish_sign_in(console, provider)).path == "/console/inbox"
        assert AIGUL in console.screen.text


async def test_unlinked_work_account_is_refused(office: tuple[AppStack, Provider, str]) -> None:
    _stack, provider, url = office
    async with Console.at(url) as console:
        assert ru("service_unknown") in (await _finish_sign_in(console, provider)).text
        assert (await console.get("/console/inbox")).path == "/console/sign-in"


@pytest.mark.requirement("S-55", "S-56")
async def test_linked_officer_adds_a_passkey_only_after_work_account_sign_in(
    office: tuple[AppStack, Provider, str],
) -> None:
    stack, provider, url = office
    async with Console.at(url) as console:
        await enrol(stack, console, NAME)
        await _link_identity(stack, "subject-1", NAME)
        device = Device(stack.rt.settings.public_url)
        assert "passkey" not in (await console.get("/console/own")).actions
        assert ru("passkeys_guarded") in console.screen.text
        options = {"csrf": console.screen.form("/language").fields["csrf"]}
        screen = await console.post("/console/own/passkey/options", options)
        assert ru("passkey_needed") in screen.text
        await _finish_sign_in(console, provider)
        assert (
            ru("done_passkey")
            in (await add_credential(console, await create_credential(console, device))).text
        )
    assert await passkey_ids(stack) == {device.id}


async def test_work_account_is_ignored_when_oidc_is_not_configured(stack: AppStack) -> None:
    await demo_officers.enter(stack.rt)
    async with Console.at(stack.url) as console:
        await enrol(stack, console, NAME)
        await _link_identity(stack, "subject-1", NAME)
        await add_passkey(stack, console)


@pytest.mark.requirement("S-55", "S-56")
async def test_second_enrolment_link_unlinks_the_work_account(
    office: tuple[AppStack, Provider, str],
) -> None:
    stack, provider, url = office
    await _link_identity(stack, "subject-1", BERIK)
    async with Console.at(url) as console:
        await redeem_link(stack, console, await credentials.reissue_link(stack.rt, BERIK))
        assert (await _finish_sign_in(console, provider)).path == "/console/inbox", (
            "tied before it came in"
        )
        await redeem_link(stack, console, await credentials.reissue_link(stack.rt, BERIK))
        await console.get("/console/own")
        assert "passkey" in console.screen.actions
        assert ru("service_unknown") in (await _finish_sign_in(console, provider)).text
    query = "SELECT o.name FROM audit_entries a JOIN officers o ON o.id::text = a.subject"
    assert await stack.rows(f"{query} WHERE a.action = 'officer.untied'") == [(BERIK,)]


@pytest.mark.parametrize("spoil", ["state", "code", "cookie", "nonce", "issuer"])
@pytest.mark.requirement("S-56")
async def test_oidc_sign_in_with_altered_parameters_is_refused(
    office: tuple[AppStack, Provider, str], spoil: str
) -> None:
    stack, provider, url = office
    await _link_identity(stack, "subject-1")
    async with Console.at(url) as console:
        await _start_sign_in(console, provider)
        state, code = provider.parameters["state"], "the-code"
        match spoil:
            case "state":
                state = "another"
            case "code":
                code = "another"
            case "cookie":
                console.session.cookie_jar.clear()
            case "nonce":
                provider.parameters["nonce"] = "another"
            case _:
                provider.issuer += "/another"
        screen = await console.get(f"/console/service/back?code={code}&state={state}")
        assert ru("service_failed") in screen.text


def _forged_tokens() -> dict[str, Callable[[], Any]]:
    issuer, nonce = "https://service.example", "n"
    good = _claims(issuer, nonce)
    public = json.dumps(KEY.as_dict(private=False)).encode()

    def sign(claims: dict[str, Any], header: dict[str, Any], key: Any = KEY) -> str:
        registry = jws.JWSRegistry(strict_check_header=False)
        return str(jwt.encode({"alg": "RS256", **header}, claims, key, registry=registry))

    unsigned = sign(good, {"kid": "one"}).rsplit(".", 1)[0] + "."
    return {
        "of another key": lambda: sign(good, {}, OTHER),
        "with its own key": lambda: sign(good, {"jwk": OTHER.as_dict(private=False)}, OTHER),
        "of no kind": lambda: "eyJhbGciOiJub25lIn0." + unsigned.split(".")[1] + ".",
        "without a signature": lambda: unsigned,
        "signed with the public key": lambda: jwt.encode(
            {"alg": "HS256"}, good, OctKey.import_key(public), algorithms=["HS256"]
        ),
        "of another issuer": lambda: sign(good | {"iss": "https://evil.example"}, {"kid": "one"}),
        "for somebody else": lambda: sign(good | {"aud": "another"}, {"kid": "one"}),
        "for several": lambda: sign(good | {"aud": [CLIENT, "another"]}, {"kid": "one"}),
        "of another journey": lambda: sign(good | {"nonce": "m"}, {"kid": "one"}),
        "too late": lambda: sign(good | {"exp": good["iat"] - 600}, {"kid": "one"}),
        "about nobody": lambda: sign(
            {name: value for name, value in good.items() if name != "sub"}, {"kid": "one"}
        ),
        "too long": lambda: sign(good | {"x": "y" * 9000}, {"kid": "one"}),
        "nothing": lambda: None,
    }


def test_oidc_token_is_accepted_and_returns_its_subject() -> None:
    good = _claims("https://service.example", "n")
    token = jwt.encode({"alg": "RS256", "kid": "one"}, good, KEY)
    claims = {"issuer": "https://service.example", "audience": CLIENT, "nonce": "n"}
    assert checked(token, KEYS, **claims) == "subject-1"


@pytest.mark.parametrize("kind", list(_forged_tokens()))
@pytest.mark.requirement("S-56")
@pytest.mark.row(92)
def test_oidc_token_is_refused_when_forged(kind: str) -> None:
    claims = {"issuer": "https://service.example", "audience": CLIENT, "nonce": "n"}
    with pytest.raises(NotProven):
        checked(_forged_tokens()[kind](), KEYS, **claims)
