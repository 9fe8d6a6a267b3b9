"""Documents of a registration: streamed, stored once per key, deleted when consent ends."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest

from bot.registry.client import Registry
from bot.registry.documents import MAX_DOCUMENT_BYTES, DocumentLabel
from bot.registry.errors import Refused
from bot.registry.problems import FieldError
from tests.registry.conftest import Sandbox
from tests.registry.example import consent_withdrawal, new_key, pre_registration

BYTES = b"\xff\xd8\xff" + b"an invented picture" * 20_000


def label(contents: bytes = BYTES, **changes: Any) -> DocumentLabel:
    """Return the correct metadata of a document; `changes` replace some of its fields."""
    fields: dict[str, Any] = {
        "kind": "ID_DOCUMENT",
        "media_type": "image/jpeg",
        "pages": 1,
        "size": len(contents),
        "sha256": sha256(contents).hexdigest(),
    }
    return DocumentLabel(**fields | changes)


async def streamed(contents: bytes = BYTES) -> AsyncIterator[bytes]:
    for at in range(0, len(contents), 65_536):
        yield contents[at : at + 65_536]


async def registered(registry: Registry) -> str:
    return (await registry.create(pre_registration(), key=new_key())).number


async def test_registry_document_is_uploaded_and_listed(
    registry: Registry, sandbox: Sandbox
) -> None:
    number, key = await registered(registry), new_key()
    document = await registry.upload(number, label(), streamed, key=key)
    assert document.model_dump(include=set(DocumentLabel.model_fields)) == label().model_dump()
    assert await registry.documents(number) == (document,)
    (entry,) = await sandbox.entries()
    assert [each["sha256"] for each in entry["documents"]] == [label().sha256]
    async with sandbox.session.get(sandbox.url) as page:
        assert label().sha256[:16] in await page.text()


async def test_document_upload_with_the_same_key_is_idempotent(
    registry: Registry, sandbox: Sandbox
) -> None:
    number, key = await registered(registry), new_key()
    first = await registry.upload(number, label(), streamed, key=key)
    assert await registry.upload(number, label(), streamed, key=key) == first
    (entry,) = await sandbox.entries()
    assert [each["repeats"] for each in entry["documents"]] == [1]


async def test_document_idempotency_key_is_refused_for_another_document(registry: Registry) -> None:
    number, key = await registered(registry), new_key()
    await registry.upload(number, label(), streamed, key=key)
    with pytest.raises(Refused) as refused:
        await registry.upload(number, label(kind="HUKOU"), streamed, key=key)
    assert refused.value.problem == "key-reused"
    assert len(await registry.documents(number)) == 1


async def test_document_upload_is_refused_when_its_digest_does_not_match(
    registry: Registry,
) -> None:
    number = await registered(registry)
    with pytest.raises(Refused) as refused:
        await registry.upload(number, label(sha256="0" * 64), streamed, key=new_key())
    assert refused.value.fields == (FieldError(pointer="/sha256", code="MISMATCH"),)
    assert await registry.documents(number) == ()


async def test_document_stream_restarts_after_a_token_renewal(
    registry: Registry, sandbox: Sandbox
) -> None:
    number = await registered(registry)
    await sandbox.fault("expired_token", count=1, on="writes")
    begun = 0

    def counted() -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        return streamed()

    await registry.upload(number, label(), counted, key=new_key())
    assert begun == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/html"}, 415),
        ({"Document-Kind": "SELFIE"}, 422),
        ({"Document-Pages": "0"}, 422),
        ({"Document-Pages": "\u0663"}, 422),
        ({"Document-Sha256": "no hash"}, 422),
        ({"Idempotency-Key": "short"}, 400),
    ],
)
async def test_document_upload_is_refused_when_a_header_is_invalid(
    registry: Registry, sandbox: Sandbox, headers: dict[str, str], status: int
) -> None:
    number = await registered(registry)
    all_headers = label().headers() | {"Idempotency-Key": new_key()} | headers
    path = f"/v1/pre-registrations/{number}/documents"
    answer = await sandbox.call("POST", path, data=BYTES, headers=all_headers)
    assert (answer.status, answer.media_type) == (status, "application/problem+json")
    assert b"SELFIE" not in answer.body


async def test_document_over_the_size_limit_is_refused(
    registry: Registry, sandbox: Sandbox
) -> None:
    number = await registered(registry)
    headers = label().headers() | {"Idempotency-Key": new_key()}
    del headers["Content-Length"]
    path = f"/v1/pre-registrations/{number}/documents"
    large = streamed(b"\0" * (MAX_DOCUMENT_BYTES + 1))
    answer = await sandbox.call("POST", path, data=large, headers=headers)
    assert answer.status == 413


async def test_withdrawn_registration_refuses_and_deletes_documents(
    registry: Registry,
) -> None:
    number = await registered(registry)
    await registry.upload(number, label(), streamed, key=new_key())
    await registry.withdraw_consent(consent_withdrawal(number), key=new_key())
    assert await registry.documents(number) == ()
    with pytest.raises(Refused) as refused:
        await registry.upload(number, label(), streamed, key=new_key())
    assert refused.value.problem == "closed"


async def test_documents_of_an_unknown_registration_are_not_found(registry: Registry) -> None:
    with pytest.raises(Refused) as refused:
        await registry.documents("KS-2026-7F3K-9Q2M")
    assert refused.value.problem == "not-found"
