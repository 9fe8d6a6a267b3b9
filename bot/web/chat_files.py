"""Serve the files that officers sent to people of the web chat."""

from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from bot.attachments import case_files
from bot.runtime import Runtime
from bot.web.chat_rendering import FILES_URL
from bot.web.chat_session import VISIT, find_session

router = APIRouter()


@router.get(FILES_URL + "/{file_id}")
async def sent_file(request: Request, file_id: UUID) -> Response:
    """Return a file that an officer sent to the person whom the request's chat cookie identifies.

    Raises HTTPException (404) for any other file.
    """
    rt: Runtime = request.app.state.rt
    file = None
    # The browser does not report which page started a download. Try the cookies for a visit and for
    # a framed chat too.
    framed = [("", True)] if rt.settings.embed_origins else []
    for name, is_framed in (("", False), (VISIT, False), *framed):
        session = await find_session(request, name, framed=is_framed)
        if session.person is not None:
            async with rt.pool.connection() as transaction:
                file = await case_files.load(transaction, session.person, file_id)
        if file is not None:
            break
    if file is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "attachment"}
    return Response(file.contents, media_type=file.media_type, headers=headers)
