"""Errors of registry calls, with one class for each way in which the caller must react."""

from typing import ClassVar

from bot.registry.problems import FieldError


class RegistryError(Exception):
    """A failed call to the registry.

    `code` identifies the kind of failure and never changes. The text never repeats the request,
    which may contain personal data.
    """

    next_step: ClassVar[str]

    def __init__(self, code: str, happened: str) -> None:
        super().__init__(f"{code}: {happened}; {self.next_step}")
        self.code = code


class Unavailable(RegistryError):
    """Nothing was written: retry, after `retry_after` seconds if the registry named a delay."""

    next_step = "try again later"

    def __init__(self, code: str, happened: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, happened)
        self.retry_after = retry_after


class InProgress(Unavailable):
    """An earlier request with the same idempotency key is in progress; retry with the same key."""


class OutcomeUnknown(RegistryError):
    """The write may or may not have taken effect: look it up by its key (`find`) before a retry."""

    next_step = "look it up by its key before any retry"


class Refused(RegistryError):
    """The registry rejects the request; an officer has to look at `problem` and `fields`."""

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
