"""Denied actions in the audit log."""

from tests.app_stack import AppStack


async def denials(stack: AppStack) -> list[tuple[str, str, str]]:
    """Return (officer, action, method and reason) of each audited denial, oldest first."""
    return await stack.rows(
        "SELECT o.name, a.subject, a.detail FROM audit_entries a JOIN officers o ON o.id::text ="
        " a.actor"
        " WHERE a.action = 'denied' ORDER BY a.seq",
    )
