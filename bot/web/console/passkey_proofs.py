"""Create WebAuthn options for passkeys and verify the browser's proofs, with `webauthn`.

This library is loaded at the first call, because few processes need it. Loading takes up to a
second and 6 MB of memory. Call these functions in a thread.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.officers import credentials
from bot.officers.credentials import Passkey


@dataclass(frozen=True, slots=True)
class Site:
    """The site that passkeys belong to: its host name, and its origin (scheme and host)."""

    host: str
    origin: str


def creation_options(
    site: Site, officer_id: UUID, name: str, challenge: bytes, known: Sequence[Passkey]
) -> Any:
    """Return the WebAuthn options with which the browser creates a passkey.

    The options exclude devices that already have one of the passkeys in `known`.
    """
    import webauthn
    from webauthn.helpers import structs

    required = structs.UserVerificationRequirement.REQUIRED
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=credentials.ISSUER,
        user_id=officer_id.bytes,
        user_name=name,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED, user_verification=required
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each.id) for each in known],
    )
    return json.loads(webauthn.options_to_json(options))


def verify_creation(site: Site, officer_id: UUID, credential: str, challenge: bytes) -> Passkey:
    """Verify the proof of a new passkey and return the passkey.

    Raises ValueError if the proof is invalid.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        raise ValueError from error
    return Passkey(made.credential_id, officer_id, made.credential_public_key, made.sign_count)


def sign_in_options(site: Site, challenge: bytes) -> Any:
    """Return the WebAuthn options with which the browser signs in with a passkey of this site."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return json.loads(webauthn.options_to_json(options))


def key_id(credential: str) -> bytes:
    """Return the id of the passkey that made a proof. Raises ValueError if the proof has no id."""
    from webauthn.helpers import base64url_to_bytes

    try:
        return base64url_to_bytes(json.loads(credential)["id"])
    except (TypeError, KeyError) as error:
        raise ValueError from error


def verify_sign_in(site: Site, key: Passkey, credential: str, challenge: bytes) -> int:
    """Verify a sign-in with a passkey and return its new signature counter.

    Raises ValueError if the proof is invalid.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, TypeError, KeyError) as error:
        raise ValueError from error
    return found.new_sign_count
