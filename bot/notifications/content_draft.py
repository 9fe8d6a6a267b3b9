"""The subject of a notification that a draft of content waits for approval."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ContentDraft:
    """A draft of content: its item, such as "fact:mci", and the officer who wrote it.

    The author is part of the subject, because the worker's database role reads no drafts.
    """

    item: str
    author: UUID

    @classmethod
    def parse(cls, subject: str) -> Self:
        """Return the draft that a notification's subject names."""
        item, _space, author = subject.rpartition(" ")
        return cls(item, UUID(author))

    def __str__(self) -> str:
        return f"{self.item} {self.author}"
