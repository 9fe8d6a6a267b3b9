"""Files that are sent with messages: loads a file, and extends the lease of its message."""

from uuid import UUID

from sqlalchemy import BigInteger, Integer, bindparam, update

from bot.attachments import case_files
from bot.attachments.case_files import NewFile
from bot.db import tables as t
from bot.db.statements import execute, seconds_from_now, statement
from bot.people.identities import Person
from bot.runtime import Runtime

# A platform may take two minutes to receive a file, and the text parts of the message also take
# time. With the usual lease, another process would send the message again during the upload.
FILE_LEASE_SECONDS = 300

_EXTEND_LEASE = statement(
    update(t.Message)
    .where(
        t.Message.id == bindparam("id", type_=BigInteger()),
        t.Message.attempt == bindparam("of_attempt", type_=Integer()),
        t.Message.state == "sending",
    )
    .values(lease_until=seconds_from_now("lease"))
)


async def load(
    rt: Runtime, person: Person, row_id: int, attempt: int, file_id: UUID
) -> NewFile | None:
    """Return the file that is sent with a claimed row, and extend the row's lease for its upload.

    Return None if the file was deleted.
    """
    async with rt.pool.connection() as transaction:
        values = {"id": row_id, "of_attempt": attempt, "lease": FILE_LEASE_SECONDS}
        await execute(transaction, _EXTEND_LEASE, **values)
        return await case_files.load(transaction, person, file_id)
