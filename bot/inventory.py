"""Every stored field: why it exists, how it is protected, how long it stays, who is told of it.

The export, the erasure, retention and the tests read this list; a column without an entry fails.
"""

from dataclasses import dataclass
from enum import StrEnum


class Protection(StrEnum):
    SEALED = "sealed under the person's key"
    TRANSIENT = "sealed under the epoch's key"
    BLIND = "keyed hash"
    PLAIN = "plain, says nothing about who a person is"


class Erased(StrEnum):
    """What becomes of a field when a person is erased."""

    GONE = "deleted with the person"
    CUT = "kept, no longer tied to anybody"
    NEVER = "is about no person"


@dataclass(frozen=True, slots=True)
class Entry:
    """Fields of one table that share purpose and fate; `exported` under /mydata."""

    table: str
    columns: tuple[str, ...]
    purpose: str
    protection: Protection
    kept: str
    erased: Erased
    exported: bool = False


_S, _T, _B, _P = Protection.SEALED, Protection.TRANSIENT, Protection.BLIND, Protection.PLAIN
_GONE, _CUT, _NEVER = Erased.GONE, Erased.CUT, Erased.NEVER
_LIFE = "while the person is known: draft 30 days idle, case + 30 days, submission + 12 months"

INVENTORY = (
    Entry("people", ("id", "created_at"), "know a person who asked for it", _P, _LIFE, _GONE),
    Entry("people", ("key", "key_epoch"), "seal what is kept", _S, _LIFE, _GONE),
    Entry("people", ("mission",), "route to a mission", _P, _LIFE, _GONE),
    Entry("handles", ("channel", "blocked", "created_at", "person_id"), "answer", _P, _LIFE, _GONE),
    Entry("handles", ("bidx",), "find the person again", _B, _LIFE, _GONE),
    Entry("handles", ("address",), "answer the person", _S, _LIFE, _GONE),
    Entry("conversations", ("state",), "answers and place in the form", _S,
          f"{_LIFE}; answers 24 hours after the registry accepted them", _GONE, True),
    Entry("conversations", ("language",), "language", _P, _LIFE, _GONE, True),
    Entry("conversations", ("person_id", "channel", "quiet", "epoch", "updated_at"),
          "order, silence and retention", _P, _LIFE, _GONE),
    Entry("updates", ("channel", "at"), "deduplication", _P, "8 days", _NEVER),
    Entry("updates", ("key",), "deduplication", _B, "8 days", _NEVER),
    Entry("quarantine", ("id", "channel", "reason", "size", "attempts", "at"),
          "what could not be processed", _P, "72 hours", _NEVER),
    Entry("quarantine", ("key",), "deduplication", _B, "72 hours", _NEVER),
    Entry("quarantine", ("body",), "mend and process", _T, "72 hours", _NEVER),
    Entry("messages", ("body",), "text on its way", _S, "until delivered", _GONE),
    Entry("messages", ("external_id",), "delete from the chat", _P, "7 days", _GONE),
    Entry("messages", ("id", "person_id", "channel", "act", "epoch", "case_id", "officer", "state",
                       "attempt", "reason", "due_at", "lease_until", "created_at", "done_at"),
          "deliver once and in order", _P, "7 days", _GONE),
    Entry("consents", ("id", "person_id", "purpose", "given", "text_sha256", "language", "channel",
                       "at"),
          "prove consent", _P, _LIFE, _GONE, True),
    Entry("tombstones", ("mark",), "stay erased after a restore", _B, "while backups live", _CUT),
    Entry("tombstones", ("at",), "stay erased after a restore", _P, "while backups live", _CUT),
    Entry("registrations", ("id", "person_id", "state", "number", "version", "answers_gone",
                            "created_at", "state_at"),
          "receipt and status", _P, "12 months after the final state", _CUT, True),
    Entry("registry_writes", ("payload",), "send to the registry; of an erasure only the hash of"
          " the consent that is taken back", _S, "until accepted", _GONE),
    Entry("registry_writes", ("id", "registration_id", "number", "kind", "state", "attempts",
                              "reason", "created_at", "due_at", "done_at"),
          "write once", _P, "with the registration", _CUT),
    Entry("cases", ("id", "person_id", "mission", "topic", "urgent", "language", "state", "owner",
                    "version", "opened_at", "state_at"),
          "reach an officer", _P, "30 days after closing", _GONE, True),
    Entry("case_words", ("body",), "talk with an officer", _S,
          "30 days after closing", _GONE, True),
    Entry("case_words", ("id", "case_id", "person_id", "officer", "at"), "order of the talk", _P,
          "30 days after closing", _GONE),
    Entry("officers", ("id", "name", "mission", "active", "created_at"), "who answers", _P,
          "while employed", _NEVER),
    Entry("audit", ("seq", "at", "actor", "action", "subject", "hash"), "account for actions", _P,
          "3 years", _CUT),
    Entry("audit_head", ("one", "seq", "hash"), "chain the audit", _P, "always", _NEVER),
)  # fmt: skip
