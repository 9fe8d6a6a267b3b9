"""The registry's planning figures, for officers; queries are audited here and at the registry.

Planning figures are counts of registered people. Officers see them unchanged, because a filter, a
sum or a difference could reveal a count that the registry suppressed.
"""

from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.registry.planning import DIMENSIONS, Dimension, Figures
from bot.runtime import Runtime
from bot.security import audit_log

SUBJECT = "registry"


async def figures(rt: Runtime, officer: Officer, by: tuple[Dimension, ...]) -> Figures | None:
    """Return the planning figures by one or two dimensions; None if no registry is configured.

    The query is audited before it is sent, so that it is recorded even if the answer is lost. The
    registry gets the officer's id but not the name. Raises RegistryError.
    """
    permissions.require(officer, Action.PLANNING_READ, Subject(officer.mission))
    if rt.registry is None:
        return None
    ordered = tuple(each for each in DIMENSIONS if each in by)
    async with directory.acting(rt, officer) as transaction:
        await audit_log.append(
            transaction,
            actor=str(officer.id),
            action=Action.PLANNING_READ,
            subject=SUBJECT,
            detail=",".join(ordered),
        )
    return await rt.registry.planning(ordered, officer=str(officer.id))
