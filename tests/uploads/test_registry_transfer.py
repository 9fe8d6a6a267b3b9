"""Transfers whose earlier attempt has an unknown outcome, and whose lookup is refused."""

from typing import Any, cast
from uuid import UUID

import pytest

from bot.registry.client import Registry
from bot.registry.errors import Refused, Unavailable
from bot.uploads import registry_transfer
from bot.uploads.registry_transfer import ClaimedUpload


class RefusingRegistry:
    """Refuses to list the documents, and counts the uploads."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.uploads = 0

    async def documents(self, number: str) -> tuple[Any, ...]:
        raise Refused("E_REGISTRY_REFUSED", "no list", problem=self.problem)

    async def upload(self, *arguments: Any, key: str) -> str:
        self.uploads += 1
        return "document"


async def send_again(registry: RefusingRegistry) -> Any:
    claimed = ClaimedUpload(
        UUID(int=1), cast("Any", None), "photo", True, 2, "number", cast("Any", None)
    )
    return await registry_transfer.call(cast("Any", None), cast("Registry", registry), claimed)


async def test_upload_is_not_repeated_when_its_lookup_is_refused() -> None:
    registry = RefusingRegistry("forbidden")
    with pytest.raises(Unavailable) as raised:
        await send_again(registry)
    assert (raised.value.code, registry.uploads) == ("E_REGISTRY_LOOKUP", 0)


async def test_upload_is_repeated_when_the_registry_lacks_the_registration() -> None:
    registry = RefusingRegistry("not-found")
    assert await send_again(registry) == "document"
    assert registry.uploads == 1
