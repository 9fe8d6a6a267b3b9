"""Counts of one chaos test, and which of them must be zero."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """Counts of what happened in a chaos test; `red` names the counts that violate a promise."""

    sent: int = 0
    acknowledged: int = 0
    deferred_by_shutdowns: int = 0
    expired: int = 0
    redelivered: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    unanswered: int = 0
    answered_twice: int = 0
    unfinished: int = 0
    replies: int = 0
    replies_doubled: int = 0
    replies_doubled_by_lost_responses: int = 0
    replies_doubled_without_a_crash: int = 0
    replies_out_of_order: int = 0
    replies_never_sent: int = 0
    replies_without_a_row: int = 0
    dropped: int = 0
    foreign_names: int = 0
    submitted: int = 0
    registered: int = 0
    second_registrations: int = 0
    missing_registrations: int = 0
    wrong_registrations: int = 0
    faults_with_unknown_outcome: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    findings: dict[str, int] = field(default_factory=dict)
    violations: dict[int, list[str]] = field(default_factory=dict)
    """Names of the wrong counts, by chat."""

    def wrong(self) -> Counter[str]:
        """Return the counts that must be zero."""
        return Counter({name: getattr(self, name) for name in MUST_BE_ZERO})

    def note(self, chat: int, before: Counter[str]) -> None:
        """Record which counts violate a promise because of the person in this chat.

        `before` is the result of `wrong` before this person's history was checked.
        """
        if more := self.wrong() - before:
            self.violations[chat] = sorted(more)

    def red(self) -> list[str]:
        """Return the names of the counts that violate a promise."""
        wrong = [name for name in MUST_BE_ZERO if getattr(self, name)]
        wrong += [name for name in FINDINGS_ZERO if self.findings.get(name)]
        if self.replies_doubled > self.faults_with_unknown_outcome:
            wrong.append("replies_doubled")
        empty = [name for name in MUST_NOT_BE_ZERO if not getattr(self, name)]
        return wrong + empty + [name for name in FINDINGS_SOME if self.findings.get(name) == 0]


MUST_BE_ZERO = (
    *("lost", "doubled", "out_of_order", "unanswered", "answered_twice", "unfinished"),
    *("replies_doubled_without_a_crash", "replies_out_of_order", "replies_never_sent"),
    *("replies_without_a_row", "foreign_names", "second_registrations", "missing_registrations"),
    "wrong_registrations",
)
FINDINGS_ZERO = (
    *("people_without_handle", "orphaned_rows", "invalid_conversations", "leaked_names"),
    *("broken_audit_chain", "unexpected_exits"),
    *("slow_shutdowns", "late_503_responses", "starts_with_wrong_keys", "failed_turns"),
)
FINDINGS_SOME = ("sent_before_upgrade", "sent_during_upgrade", "sent_after_upgrade")
"""Counts that must not be zero in a run with an upgrade: people write all the time."""
MUST_NOT_BE_ZERO = ("acknowledged", "redelivered", "replies", "registered")
