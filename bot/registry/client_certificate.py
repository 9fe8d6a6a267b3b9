"""The client's certificate for mutual TLS at the registry (RFC 8705), read again when it changes.

An access token is bound to the certificate: after a change, a new token is needed.
"""

import asyncio
import socket
import ssl
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.observability import logging
from bot.registry.errors import Misconfigured

_logger = logging.get()

type _Version = tuple[tuple[int, int, int], ...]
PROBE_SECONDS = 2
_REFUSALS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """A TLS context with a client certificate, and the certificate's thumbprint."""

    context: ssl.SSLContext
    thumbprint: str


class ClientCertificate:
    """A certificate chain and its private key, as PEM files that may be replaced at any time."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._read: _Version = ()
        self._identity: TlsIdentity | None = None

    def identity(self) -> TlsIdentity:
        """Return the identity of the files as they are now.

        While a replacement is incomplete, the earlier one stays. Raises `Misconfigured`
        (E_REGISTRY_CERTIFICATE) if there is none.
        """
        try:
            version = tuple(_version(each) for each in self._files)
            if self._identity is None or version != self._read:
                # Before the attempt, so that a half replaced pair is tried once, not at each call.
                self._read = version
                self._identity = self._load()
        except (OSError, ValueError) as error:
            if self._identity is None:
                raise Misconfigured(
                    "E_REGISTRY_CERTIFICATE", "our client certificate cannot be read"
                ) from None
            _logger.warning("registry.certificate_kept", code=type(error).__name__)
        return self._identity

    def _load(self) -> TlsIdentity:
        certificate, key = self._files
        context = ssl.create_default_context()
        context.load_cert_chain(certificate, key)
        first, end = certificate.read_text("ascii"), ssl.PEM_FOOTER
        der = ssl.PEM_cert_to_DER_cert(first[first.index(ssl.PEM_HEADER) : first.index(end)] + end)
        return TlsIdentity(context, thumbprint(der))


def thumbprint(der: bytes) -> str:
    """Return the `x5t#S256` of a certificate (RFC 8705, 3.1)."""
    return urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()


async def is_refused(host: str, port: int, identity: TlsIdentity) -> bool:
    """Return True if the server ends a connection right after our certificate.

    With TLS 1.3 its alert comes after the handshake, where asyncio reads it as the end of a
    connection. So one more connection is opened, in a thread.
    """
    return await asyncio.to_thread(_probe, host, port, identity.context)


def _probe(host: str, port: int, context: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection((host, port), timeout=PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            # A server that accepts the certificate waits for a request.
            return not secured.recv(1)
    except ssl.SSLError as error:
        reason = (error.reason or "").upper().replace(" ", "_")
        return "ALERT" in reason and any(each in reason for each in _REFUSALS)
    except OSError:
        return False


def _version(file: Path) -> tuple[int, int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size
