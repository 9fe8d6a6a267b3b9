"""Mutual TLS between client and registry (RFC 8705).

Access tokens are bound to the client's certificate, certificates are rotated, scopes are limited.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientSession
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.cli import doctor
from bot.cli.findings import Grade
from bot.config.settings import settings
from bot.registry.client import Registry
from bot.registry.client_certificate import ClientCertificate, thumbprint
from bot.registry.contract import Token
from bot.registry.errors import Misconfigured
from bot.registry.sandbox import create_app, state
from bot.registry.scopes import SCOPES, Scope, scope_of
from tests.app_stack import serving
from tests.registry.conftest import CALLBACK_SECRET, CLIENT_ID, CLIENT_SECRET
from tests.registry.example import new_key, operations, pre_registration


@dataclass
class Authority:
    """A certificate authority created for one test, with its files in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testova authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.file = self.folder / "authority.pem"
        public = self._certificate(self.name, self.key.public_key(), constraints)
        self.file.write_bytes(public.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> ClientCertificate:
        """Write a certificate for 127.0.0.1 and its key; replace earlier files of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        public = self._certificate(subject, key.public_key(), local)
        pem = serialization.Encoding.PEM
        form = serialization.PrivateFormat.PKCS8
        self._put(f"{name}.key", key.private_bytes(pem, form, serialization.NoEncryption()))
        self._put(f"{name}.pem", public.public_bytes(pem))
        return ClientCertificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def _put(self, name: str, content: bytes) -> None:
        """Replace a file atomically, as operators should when they rotate a certificate."""
        (self.folder / "new").write_bytes(content)
        os.replace(self.folder / "new", self.folder / name)

    def _certificate(self, subject: x509.Name, key: Any, extension: Any) -> x509.Certificate:
        start = datetime.now(UTC) - timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=3))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_usage(signs=subject == self.name), critical=True)
            .sign(self.key, hashes.SHA256())
        )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Return a certificate authority that this process trusts during the test."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@asynccontextmanager
async def _serve_mutual_tls(
    database_url: str,
    authority: Authority,
    *known: ClientCertificate,
    scopes: tuple[Scope, ...] = SCOPES,
    demand: ssl.VerifyMode = ssl.CERT_OPTIONAL,
) -> AsyncIterator[str]:
    """Serve a sandbox over TLS that knows these client certificates; yield its URL.

    `demand` decides whether a TLS connection without a client certificate is rejected.
    """
    authority.issue("server")
    app = create_app(
        state.Sandbox(
            database_url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_thumbprints=frozenset(each.identity().thumbprint for each in known),
            client_scopes=frozenset(scopes),
            callback_url=None,
            callback_secret=CALLBACK_SECRET,
        )
    )
    tls: dict[str, Any] = {
        "ssl_certfile": authority.folder / "server.pem",
        "ssl_keyfile": authority.folder / "server.key",
        "ssl_ca_certs": str(authority.file),
        "ssl_cert_reqs": demand,
    }
    async with serving(app, **tls) as url:
        yield url.replace("http:", "https:")
        # The event loop ends with the test. Before, the server must close the sockets of clients
        # whose certificate it rejected, which it does in a task of the event loop.
        opening = [each for each in asyncio.all_tasks() if "_accept_connection" in repr(each)]
        await asyncio.wait_for(asyncio.gather(*opening, return_exceptions=True), 5)
        await asyncio.sleep(0)


def _registry(session: ClientSession, url: str, own: ClientCertificate | None) -> Registry:
    return Registry(session, url, CLIENT_ID, "wrong", certificate=own)


async def _registers(registry: Registry) -> str:
    return (await registry.create(pre_registration(), key=new_key())).state


async def test_registry_client_signs_in_by_certificate_without_a_secret(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own = authority.issue("kosh")
    async with _serve_mutual_tls(database_url, authority, own) as url:
        assert await _registers(_registry(session, url, own)) == "RECEIVED"


async def test_registry_client_with_an_unknown_certificate_is_refused(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own, other = authority.issue("kosh"), authority.issue("other")
    async with _serve_mutual_tls(database_url, authority, own) as url:
        with pytest.raises(Misconfigured) as refused:
            await _registers(_registry(session, url, other))
        assert refused.value.code == "E_REGISTRY_LOGIN"


async def test_registry_client_with_a_certificate_of_an_unknown_ca_is_refused(
    session: ClientSession, database_url: str, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    own, strange = authority.issue("kosh"), Authority(tmp_path / "stranger").issue("kosh")
    async with _serve_mutual_tls(database_url, authority, own, demand=ssl.CERT_REQUIRED) as url:
        with pytest.raises(Misconfigured) as refused:
            await _registers(_registry(session, url, strange))
        assert refused.value.code == "E_REGISTRY_CERTIFICATE"
        assert await _registers(_registry(session, url, own)) == "RECEIVED"


async def test_registry_token_is_bound_to_its_client_certificate(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own, other = authority.issue("kosh"), authority.issue("other")
    async with _serve_mutual_tls(database_url, authority, own, other) as url:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
        statuses = []
        async with session.post(
            f"{url}/oauth/token", data=form, ssl=own.identity().context
        ) as answer:
            token = Token.model_validate_json(await answer.read()).access_token
        for each in (own, other):
            headers = {"Authorization": f"Bearer {token}"}
            read = session.get(
                f"{url}/v1/reference/regions", headers=headers, ssl=each.identity().context
            )
            async with read as answer:
                statuses.append(answer.status)
        assert statuses == [200, 401]


async def test_registry_client_reloads_a_replaced_certificate_without_a_restart(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own = authority.issue("kosh")
    old = own.identity().thumbprint
    renewed = authority.issue("next")
    async with _serve_mutual_tls(database_url, authority, own, renewed) as url:
        registry = _registry(session, url, own)
        assert await _registers(registry) == "RECEIVED"
        for end in (".key", ".pem"):
            os.replace(authority.folder / f"next{end}", authority.folder / f"kosh{end}")
            assert await _registers(registry) == "RECEIVED", "the earlier pair stays until then"
        assert own.identity().thumbprint not in ("", old)


def test_registry_client_keeps_its_certificate_when_only_the_key_is_new(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = authority.issue("kosh")
    kept = own.identity()
    authority.issue("next")
    os.replace(authority.folder / "next.key", authority.folder / "kosh.key")
    assert own.identity() is kept
    monkeypatch.setattr(ClientCertificate, "_load", Mock(side_effect=AssertionError))
    assert own.identity() is kept


def test_registry_client_reports_an_unreadable_certificate(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        ClientCertificate(tmp_path / "no.pem", tmp_path / "no.key").identity()
    assert refused.value.code == "E_REGISTRY_CERTIFICATE"


def test_certificate_thumbprint_is_the_hash_of_rfc_8705() -> None:
    assert thumbprint(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


async def test_registry_client_requests_only_the_scope_of_the_call(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own = authority.issue("kosh")
    allowed: tuple[Scope, ...] = ("registrations.write",)
    async with _serve_mutual_tls(database_url, authority, own, scopes=allowed) as url:
        registry = _registry(session, url, own)
        assert await _registers(registry) == "RECEIVED"
        with pytest.raises(Misconfigured) as refused:
            await registry.reference("regions")
        assert refused.value.code == "E_REGISTRY_SCOPE"
        assert "reference.read" in str(refused.value)


async def test_registry_token_allows_only_operations_of_its_scope(
    session: ClientSession, database_url: str, authority: Authority
) -> None:
    own = authority.issue("kosh")
    async with _serve_mutual_tls(database_url, authority, own) as url:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID}
        context = own.identity().context
        async with session.post(
            f"{url}/oauth/token", data=form | {"scope": "reference.read"}, ssl=context
        ) as answer:
            token = Token.model_validate_json(await answer.read()).access_token
        headers = {"Authorization": f"Bearer {token}"}
        for path, status in (("reference/regions", 200), ("registrations", 403)):
            async with session.get(f"{url}/v1/{path}", headers=headers, ssl=context) as answer:
                assert answer.status == status


def test_registry_operations_each_have_a_scope_and_every_scope_is_used() -> None:
    assert {scope_of(method.upper(), path) for method, path, _each in operations()} == set(SCOPES)


async def test_doctor_reports_a_rejected_registry_certificate(
    database_url: str, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    strange = Authority(tmp_path / "stranger")
    strange.issue("kosh")
    async with _serve_mutual_tls(database_url, authority, demand=ssl.CERT_REQUIRED) as url:
        chosen = settings(
            registry_url=url,
            registry_client_id=CLIENT_ID,
            registry_client_secret="s" * 32,
            registry_callback_secret="c" * 32,
            registry_client_certificate=strange.folder / "kosh.pem",
            registry_client_certificate_key=strange.folder / "kosh.key",
            demo=True,
        )
        (found,) = [each async for each in doctor._registry(chosen)]
    assert found.grade is Grade.WRONG
    assert "E_REGISTRY_CERTIFICATE" in found.said
