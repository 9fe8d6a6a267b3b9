"""OAuth client assertions (RFC 7523, private_key_jwt): sign-in without sending a secret."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
MAX_ASSERTION_SECONDS = 300

_ALGORITHM = "ES256"


def assertion(client_id: str, audience: str, key: str) -> str:
    """Return a JWT for the token endpoint `audience`, signed with `key` (PEM, P-256)."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": uuid4().hex,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    signing = ECKey.import_key(key)
    return jwt.encode({"alg": _ALGORITHM, "kid": signing.thumbprint()}, claims, signing)


def verify(
    text: str, client_id: str, audience: str, keys: Sequence[Mapping[str, Any]]
) -> str | None:
    """Return the assertion's `jti` if one of the public keys signed it for client and `audience`.

    Returns None if the assertion is invalid or expired. Several keys are accepted while a key is
    being rotated. The caller must reject a `jti` that was used before.
    """
    for key in keys:
        try:
            claims = jwt.decode(text, KeySet.import_key_set({"keys": [dict(key)]}), [_ALGORITHM])
        except (JoseError, ValueError):
            continue
        found = claims.claims
        left = found.get("exp", 0) - time.time()
        named = found.get("iss") == found.get("sub") == client_id
        if named and 0 < left <= MAX_ASSERTION_SECONDS and found.get("aud") == audience:
            return str(found.get("jti") or "") or None
    return None
