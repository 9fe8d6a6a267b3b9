"""The client logs in at the registry with a secret, or with a private key that it never sends."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from joserfc import jwt
from joserfc.jwk import ECKey

from bot.registry.client import Registry
from bot.registry.errors import Misconfigured
from bot.registry.sandbox import create_app, state
from tests.app_stack import serving
from tests.registry.conftest import CALLBACK_SECRET, CLIENT_ID, CLIENT_SECRET, Sandbox
from tests.registry.example import new_key, pre_registration

OLD, NEW, STRANGE = (ECKey.generate_key("P-256", auto_kid=True) for _ in range(3))
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _pem(key: ECKey) -> str:
    return key.as_pem(private=True).decode()


def _claims(url: str, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": f"{url}/oauth/token", "jti": uuid4().hex}
    return claims | {"iat": now, "exp": now + 60} | changes


async def _token(session: ClientSession, url: str, assertion: str) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": BEARER,
        "client_assertion": assertion,
    }
    async with session.post(f"{url}/oauth/token", data=form) as answer:
        return answer.status, json.loads(await answer.read())


def _with_keys(database_url: str, url: str) -> Any:
    return create_app(
        state.Sandbox(
            database_url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_keys=(OLD.as_dict(private=False), NEW.as_dict(private=False)),
            callback_url=None,
            callback_secret=CALLBACK_SECRET,
        )
    )


async def test_registry_token_endpoint_rejects_a_wrong_secret(sandbox: Sandbox) -> None:
    login = base64.b64encode(f"{CLIENT_ID}:wrong".encode()).decode()
    answer = await sandbox.session.post(
        f"{sandbox.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {login}"},
    )
    assert (answer.status, await answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize("key", [OLD, NEW], ids=["old", "new"])
async def test_registry_client_signs_in_with_the_old_and_the_new_key(
    session: ClientSession, database_url: str, key: ECKey
) -> None:
    async with serving(_with_keys(database_url, "")) as url:
        registry = Registry(session, url, CLIENT_ID, "", signing_key=_pem(key))
        assert (await registry.create(pre_registration(), key=new_key())).state == "RECEIVED"


async def test_registry_client_with_an_unknown_signing_key_is_refused(
    session: ClientSession, database_url: str
) -> None:
    async with serving(_with_keys(database_url, "")) as url:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET, signing_key=_pem(STRANGE))
        with pytest.raises(Misconfigured):
            await registry.create(pre_registration(), key=new_key())


async def test_registry_client_assertion_is_single_use_and_bound_to_its_audience(
    session: ClientSession, database_url: str
) -> None:
    async with serving(_with_keys(database_url, "")) as url:
        good = jwt.encode({"alg": "ES256"}, _claims(url), OLD)
        assert (await _token(session, url, good))[0] == 200
        assert (await _token(session, url, good))[0] == 401, "a copy of an assertion"
        for wrong in (
            {"aud": "https://elsewhere.invalid/oauth/token"},
            {"exp": int(time.time()) - 5},
            {"exp": int(time.time()) + 86_400},
            {"sub": "another"},
        ):
            bad = jwt.encode({"alg": "ES256"}, _claims(url, **wrong), OLD)
            assert (await _token(session, url, bad))[0] == 401, wrong
