"""Job queue: jobs are deferred by task name in the caller's transaction and run by a worker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import procrastinate
import psycopg
from procrastinate import types
from procrastinate.exceptions import ConnectorException

from bot.db.connection import Transaction

app = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer(
    transaction: Transaction,
    task: str,
    /,
    *,
    queue: str = "default",
    priority: int = 0,
    **arguments: str | int,
) -> None:
    """Defer a job in the caller's transaction.

    `task` is the name of the task. `arguments` must be ids or names of things, not personal data.
    """
    deferrer = app.configure_task(task, queue=queue, priority=priority, connection=transaction)
    with _database_errors():
        await deferrer.defer_async(**arguments)


async def defer_all(
    transaction: Transaction,
    task: str,
    /,
    *arguments: Mapping[str, str | int],
    queue: str = "default",
    priority: int = 0,
) -> None:
    """Defer several jobs of one task in one round trip; each job gets one of the `arguments`."""
    deferrer = app.configure_task(task, queue=queue, priority=priority, connection=transaction)
    jobs: list[types.JSONDict] = [{**each} for each in arguments]
    if jobs:
        with _database_errors():
            await deferrer.batch_defer_async(*jobs)


@contextmanager
def _database_errors() -> Iterator[None]:
    """Replace procrastinate's error by the driver's error, so that callers recognize an outage.

    Otherwise an update that fails during an outage would count as an update that always fails, and
    would be quarantined.
    """
    try:
        yield
    except ConnectorException as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error.__cause__ from error
        raise
