"""Jobs of a newer version: an old worker leaves jobs whose task it does not know to a newer one."""

from typing import Any, overload

import procrastinate
from procrastinate.tasks import Task

from bot.notifications import NewerKind
from bot.observability import logging

# A worker retries a job of a newer version after this time.
RETRY_SECONDS = 10

_logger = logging.get()

type AnyTask = Task[Any, Any, Any]


class NewerTask(Exception):
    """This worker does not know the job's task, which a newer version of Kosh added."""

    code = "E_JOB_NEWER"


NEWER = (NewerKind, NewerTask)
RETRY = procrastinate.RetryStrategy(wait=RETRY_SECONDS, retry_exceptions=NEWER)


def worker_app() -> procrastinate.App:
    """Return an app without tasks, whose workers retry jobs of unknown tasks.

    A worker of procrastinate marks a job as failed if it does not know the job's task, and nothing
    would run this job again.
    """
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    async def leave(**_arguments: Any) -> None:
        _logger.warning("job.newer", code=NewerTask.code)
        raise NewerTask

    unknown: AnyTask = Task(leave, blueprint=app, name="newer", queue="default", retry=RETRY)
    app.tasks = _Tasks(app.tasks, unknown)
    return app


class _Tasks(dict[str, AnyTask]):
    """Tasks by name; `get`, with which a worker looks up a task, returns `unknown` as default."""

    def __init__(self, known: dict[str, AnyTask], unknown: AnyTask) -> None:
        super().__init__(known)
        self._unknown = unknown

    @overload
    def get(self, name: str, default: None = None, /) -> AnyTask | None: ...
    @overload
    def get(self, name: str, default: AnyTask, /) -> AnyTask: ...
    @overload
    def get[Default](self, name: str, default: Default, /) -> AnyTask | Default: ...
    def get(self, name: str, default: object = None, /) -> object:
        return super().get(name) or default or self._unknown
