"""What can go wrong with a registry call, sorted by what must be done next."""

from typing import ClassVar

from bot.registry.contract import FieldError


class RegistryError(Exception):
    """A registry call without an answer to rely on; `code` is stable, no text repeats the input."""

    next_step: ClassVar[str]

    def __init__(self, code: str, happened: str) -> None:
        super().__init__(f"{code}: {happened}; {self.next_step}")
        self.code = code


class Unavailable(RegistryError):
    """Nothing was written; try again, after `retry_after` seconds if the registry named them."""

    next_step = "try again later"

    def __init__(self, code: str, happened: str, *, retry_after: float | None = None) -> None:
        super().__init__(code, happened)
        self.retry_after = retry_after


class InProgress(Unavailable):
    """An earlier request with the same key is being worked on; ask again with that same key."""


class OutcomeUnknown(RegistryError):
    """The write may or may not have happened: `find` it by its key before anything else."""

    next_step = "look it up by its key before any retry"


class Refused(RegistryError):
    """The registry won't have it as it is; an officer looks at `problem` and `fields`."""

    next_step = "hand it to an officer"

    def __init__(
        self, code: str, happened: str, *, problem: str, fields: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(code, happened)
        self.problem = problem
        self.fields = fields


class Misconfigured(RegistryError):
    """Nothing was written: address, login, certificate or contract don't fit the registry's."""

    next_step = "check the registry's settings, then try again"
