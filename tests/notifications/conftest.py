"""The office that most tests of notifications use."""

from collections.abc import AsyncIterator

import pytest

from bot.runtime import Runtime
from tests.notifications.office import Office, open_office


@pytest.fixture
async def office(rt: Runtime) -> AsyncIterator[Office]:
    async with open_office(rt) as found:
        yield found
