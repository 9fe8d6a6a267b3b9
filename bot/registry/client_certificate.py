"""Client certificate for mutual TLS with the registry (RFC 8705); reloaded when its files change.

An access token is bound to the certificate, so a new certificate needs a new token.
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
    """A TLS context with a client certificate, and the certificate's SHA-256 thumbprint."""

    context: ssl.SSLContext
    thumbprint: str


class ClientCertificate:
    """A certificate chain and its private key, in PEM files that may be replaced while in use."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._read: _Version = ()
        self._identity: TlsIdentity | None = None

    def identity(self) -> TlsIdentity:
        """Return the TLS identity of the current files; reload the files if they changed.

        If certificate and key do not match, as during a replacement, the previous identity is used.
        Raises `Misconfigured` (E_REGISTRY_CERTIFICATE) if no matching pair was ever loaded.
        """
        try:
            version = tuple(_version(each) for each in self._files)
            if self._identity is None or version != self._read:
                # Store the files' version before loading them. If certificate and key do not match
                # each other, this method tries to load these files once, and not in each call.
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
    """Return the certificate's `x5t#S256`: SHA-256 of the DER in base64url (RFC 8705, 3.1)."""
    return urlsafe_b64encode(sha256(der).digest()).rstrip(b"=").decode()


async def is_refused(host: str, port: int, identity: TlsIdentity) -> bool:
    """Return True if the server rejects Kosh's client certificate during or after the handshake.

    A TLS 1.3 server sends its alert after the handshake, where asyncio reports only a closed
    connection. Therefore a second connection is opened with blocking sockets, in a thread.
    """
    return await asyncio.to_thread(_probe, host, port, identity.context)


def _probe(host: str, port: int, context: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection((host, port), timeout=PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            # A server that accepts the certificate sends nothing before it receives a request.
            return not secured.recv(1)
    except ssl.SSLError as error:
        reason = (error.reason or "").upper().replace(" ", "_")
        return "ALERT" in reason and any(each in reason for each in _REFUSALS)
    except OSError:
        return False


def _version(file: Path) -> tuple[int, int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size
