"""Officers of missions and migration departments."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from bot.queue import Session


@dataclass(frozen=True, slots=True)
class Officer:
    id: UUID
    name: str
    mission: str


async def named(session: Session, name: str, mission: str) -> Officer:
    """The officer of that name; entered at the first use of the terminal desk."""
    await session.execute(
        "INSERT INTO officers (id, name, mission) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (uuid4(), name, mission),
    )
    cursor = await session.execute(
        "SELECT id, name, mission FROM officers WHERE name = %s AND active", (name,)
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("E_OFFICER: this officer is disabled; ask an administrator")
    return Officer(*row)
