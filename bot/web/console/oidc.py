"""Sign in through an external service of the ministry or a mission: OpenID Connect, code flow.

The flow uses PKCE, state and nonce, and requires the exact issuer. A token must be signed with one
of the listed algorithms and with a key that the service publishes. So a token can neither name its
own key nor be unsigned. An account that no administrator has linked to an officer is rejected.
"""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated, Any
from urllib.parse import urlencode

import aiohttp
from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from bot.officers import credentials, directory
from bot.officers.sessions import AuthMethod
from bot.runtime import Runtime
from bot.security.key_files import VaultError
from bot.web.console.forms import OpenFormRoute
from bot.web.console.rendering import signed_out_page
from bot.web.console.request_context import ROOT, is_https
from bot.web.console.sign_in import SERVICE, admit, failure, is_rate_limited
from bot.web.request_parsing import Refused

KINDS = ["RS256", "PS256", "ES256", "EdDSA"]
MAX_TOKEN = 8 * 1024
MAX_ANSWER = 256 * 1024
BACK = f"{ROOT}/service/back"
SERVICE_COOKIE = "service"
SERVICE_COOKIE_SECONDS = 600
LEEWAY_SECONDS = 60

open_router = APIRouter(prefix="/service", route_class=OpenFormRoute)


class NotProven(Exception):
    """The sign-in service's response does not prove the identity of an account."""

    code = "E_OIDC"


@dataclass(frozen=True, slots=True)
class ServiceSignIn:
    """Values of one sign-in, kept in an encrypted cookie while the browser is at the service.

    `next` is the path of the page to show after the sign-in.
    """

    state: str
    nonce: str
    verifier: str
    next: str


@open_router.post("")
async def leave(request: Request, wanted: Annotated[str, Form(alias="next")] = "") -> Response:
    """Redirect the browser to the sign-in service; store the values of this sign-in in a cookie.

    Raises Refused (403) if no service is configured or after too many attempts.
    """
    rt: Runtime = request.app.state.rt
    if not rt.settings.has_service or await is_rate_limited(rt, request, SERVICE):
        raise Refused(403)
    try:
        published = await _discovery_document(rt)
    except NotProven:
        return failure("service", wanted)
    pending = ServiceSignIn(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), wanted[:300])
    asked = {
        "response_type": "code",
        "scope": "openid",
        "client_id": rt.settings.oidc_client_id,
        "redirect_uri": f"{rt.settings.public_url}{BACK}",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": _challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    # The response is a page that redirects by itself. An HTTP redirect in response to a form would
    # be blocked, because browsers apply our `form-action 'self'` policy to it.
    there = f"{published['authorization_endpoint']}?{urlencode(asked)}"
    answer = signed_out_page(request, "redirect.html", location=there)
    sealed = rt.vault.seal_transient(json.dumps(_flat(pending)).encode(), SERVICE_COOKIE).hex()
    # SameSite=Lax, because the request that returns to `back` comes from the service's site.
    answer.set_cookie(
        SERVICE_COOKIE,
        sealed,
        max_age=SERVICE_COOKIE_SECONDS,
        path=ROOT,
        secure=is_https(rt),
        httponly=True,
        samesite="lax",
    )
    return answer


def _flat(pending: ServiceSignIn) -> list[str]:
    return [pending.state, pending.nonce, pending.verifier, pending.next]


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


@open_router.get("/back")
async def back(request: Request) -> Response:
    """Exchange the service's code for an ID token, check the token and sign the officer in.

    Redirect to the sign-in page if the code or the token is invalid, or if the account is not
    linked to an active officer.
    """
    rt: Runtime = request.app.state.rt
    if not rt.settings.has_service:
        raise Refused(403)
    try:
        pending = _pending(rt, request)
        subject = await _fetch_subject(rt, request.query_params.get("code", ""), pending)
    except NotProven:
        return _failure("service", "")
    async with directory.console(rt).connection() as connection:
        known = await credentials.find_by_subject(connection, *indexes(rt, subject))
        officer = await directory.find(connection, known) if known else None
        if officer is None or not officer.active:
            return _failure("unknown", pending.next)
        answer = await admit(request, connection, officer.id, AuthMethod.SERVICE, pending.next)
    return _onward(request, answer)


def _onward(request: Request, admitted: Response) -> Response:
    """Return a page that redirects within our site and sets the new session's cookie.

    An HTTP redirect would not work: after a redirect from another site, browsers do not send a
    SameSite=Strict cookie.
    """
    answer = signed_out_page(request, "redirect.html", location=admitted.headers["location"])
    for name, value in admitted.headers.items():
        if name == "set-cookie":
            answer.headers.append(name, value)
    answer.delete_cookie(SERVICE_COOKIE, path=ROOT)
    return answer


def _failure(why: str, wanted: str) -> Response:
    answer = failure(why, wanted)
    answer.delete_cookie(SERVICE_COOKIE, path=ROOT)
    return answer


def _pending(rt: Runtime, request: Request) -> ServiceSignIn:
    try:
        sealed = bytes.fromhex(request.cookies.get(SERVICE_COOKIE, ""))
        pending = ServiceSignIn(*json.loads(rt.vault.unseal_transient(sealed, SERVICE_COOKIE)))
    except (ValueError, TypeError, VaultError):
        raise NotProven from None
    state = request.query_params.get("state", "")
    if not hmac.compare_digest(state.encode(), pending.state.encode()):
        raise NotProven
    return pending


def indexes(rt: Runtime, subject: str) -> tuple[bytes, ...]:
    """Return the keyed hashes of an account's id (`subject`), one per version of the key.

    For an account that is linked to an officer, only such a hash is stored.
    """
    return rt.vault.indexes("subject", f"{rt.settings.oidc_issuer}\0{subject}")


async def _fetch_subject(rt: Runtime, code: str, pending: ServiceSignIn) -> str:
    """Exchange the code for an ID token, and return the account's id (`subject`) in the token.

    Raises NotProven on any failure.
    """
    published = await _discovery_document(rt)
    secret = rt.settings.oidc_client_secret
    answered = await _json(
        rt,
        "POST",
        published["token_endpoint"],
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{rt.settings.public_url}{BACK}",
            "client_id": rt.settings.oidc_client_id,
            "client_secret": secret.get_secret_value() if secret else "",
            "code_verifier": pending.verifier,
        },
    )
    keys = await _json(rt, "GET", published["jwks_uri"])
    return await asyncio.to_thread(
        checked,
        answered.get("id_token"),
        keys,
        issuer=rt.settings.oidc_issuer or "",
        audience=rt.settings.oidc_client_id or "",
        nonce=pending.nonce,
    )


def checked(token: Any, keys: dict[str, Any], *, issuer: str, audience: str, nonce: str) -> str:
    """Return the account's id (`sub`) in an ID token.

    Raises NotProven unless the signature and all required claims are valid. Call it in a thread,
    because the first call loads the library.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        raise NotProven
    try:
        found = jwt.decode(token, KeySet.import_key_set(keys), algorithms=KINDS)  # type: ignore[arg-type]
        if {"jwk", "jku", "x5u", "x5c", "crit"} & found.header.keys():
            raise NotProven
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(found.claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise NotProven from None
    audiences = found.claims["aud"]
    if isinstance(audiences, list) and len(audiences) > 1 and found.claims.get("azp") != audience:
        raise NotProven
    return str(found.claims["sub"])


async def _discovery_document(rt: Runtime) -> dict[str, Any]:
    """Return the sign-in service's discovery document (OpenID Connect), which names its endpoints.

    Raises NotProven if the document's issuer is not the configured one, or if an endpoint is
    missing.
    """
    issuer = rt.settings.oidc_issuer or ""
    # The issuer may end with a slash, as that of Authentik or Auth0; its address then has no second
    # slash (OpenID Connect Discovery 1.0, section 4).
    address = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    found = await _json(rt, "GET", address)
    endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != issuer or not all(
        isinstance(found.get(each), str) for each in endpoints
    ):
        raise NotProven
    return found


async def _json(rt: Runtime, method: str, url: str, **more: Any) -> dict[str, Any]:
    try:
        async with asyncio.timeout(10), rt.http.request(
            method, url, allow_redirects=False, **more
        ) as answer:  # fmt: skip
            raw = await answer.content.read(MAX_ANSWER)
            parsed = json.loads(raw) if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise NotProven from None
    if not isinstance(parsed, dict):
        raise NotProven
    return parsed
