"""An authenticator that creates a passkey and signs with it, as a browser does (WebAuthn)."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """An authenticator with one passkey.

    `origin` is the page's origin that the browser reports, `uses` the signature counter.
    """

    origin: str
    id: bytes = field(default_factory=lambda: token_bytes(16))
    uses: int = 0
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def made(self, options: dict[str, Any]) -> str:
        """Return the JSON that a page sends after it created the passkey from these options."""
        client_data = self._client_data("webauthn.create", options["challenge"])
        public = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        authenticator_data = self._authenticator_data(
            options["rp"]["id"], PRESENT | VERIFIED | ATTESTED
        )
        authenticator_data += bytes(16) + len(self.id).to_bytes(2) + self.id + encode_cbor(cose)
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": authenticator_data})
        return self._sent(client_data, attestationObject=attested)

    def signed(self, options: dict[str, Any]) -> str:
        """Return the JSON that a page sends to sign in with the passkey."""
        self.uses += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        authenticator_data = self._authenticator_data(options["rpId"], PRESENT | VERIFIED)
        signature = self._key.sign(
            authenticator_data + sha256(client_data).digest(), ec.ECDSA(SHA256())
        )
        return self._sent(client_data, authenticatorData=authenticator_data, signature=signature)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _authenticator_data(self, site: str, flags: int) -> bytes:
        return sha256(site.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4)

    def _sent(self, client_data: bytes, **parts: bytes) -> str:
        name = bytes_to_base64url(self.id)
        response = {part: bytes_to_base64url(value) for part, value in parts.items()}
        response["clientDataJSON"] = bytes_to_base64url(client_data)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
