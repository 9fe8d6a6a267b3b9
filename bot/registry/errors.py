"""Errors of registry calls, grouped by what must be done next."""

from typing import ClassVar

from bot.registry.problems import FieldError


class RegistryError(Exception):
    """A registry call without a reliable answer; `code` is stable, no text repeats the input."""

    next_step: ClassVar[str]

    def __init__(self, code: str, happened: str) -> None:
        super().__init__(f"{code}: {happened}; {self.next_step}")
        self.code = code


class Unavailable(RegistryError):
    """Nothing was written; retry, after `retry_after` seconds if the registry gave them."""

    next_step = "try again later"

    def __init__(self, code: str, happened: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, happened)
        self.retry_after = retry_after


class InProgress(Unavailable):
    """An earlier request with the same key is in progress; retry with that same key."""


class OutcomeUnknown(RegistryError):
    """A write may or may not have happened: `find` it by its key before anything else."""

    next_step = "look it up by its key before any retry"


class Refused(RegistryError):
    """The registry refuses the request as it is; an officer checks `problem` and `fields`."""

    next_step = "hand it to an officer"

    def __init__(
        self, code: str, happened: str, *, problem: str, fields: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(code, happened)
        self.problem = problem
        self.fields = fields


class Misconfigured(RegistryError):
    """Nothing was written: URL, credentials, certificate or contract do not match the registry."""

    next_step = "check the registry's settings, then try again"
