"""The office that most tests of notifications use."""

from collections.abc import AsyncIterator

import pytest

from bot.runtime import Runtime
from tests.notifications.notification_servers import NotificationServers, open_notification_servers


@pytest.fixture
async def office(rt: Runtime) -> AsyncIterator[NotificationServers]:
    async with open_notification_servers(rt) as found:
        yield found
