"""Planning figures of the registry, for officers; each query is audited here and there.

The counts are passed on as the registry released them. A filter, a sum or a difference made here
could show what the registry hides.
"""

from bot.officers import directory, permissions
from bot.officers.directory import Officer
from bot.officers.permissions import Action, Subject
from bot.registry.planning import DIMENSIONS, Dimension, Figures
from bot.runtime import Runtime
from bot.security import audit_log

SUBJECT = "registry"


async def figures(rt: Runtime, officer: Officer, by: tuple[Dimension, ...]) -> Figures | None:
    """Return the counts by one or two dimensions; None if no registry is configured.

    The query is in the audit log before it is sent, so that a lost answer is there too. The
    registry gets the officer's id and no name. Raises RegistryError.
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
