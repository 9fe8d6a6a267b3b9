"""Static files, compressed once per process.

Pages with secrets are not compressed, since the length could disclose a secret (BREACH).
"""

import gzip
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

MAX_FILES = 256


class CompressedFiles(StaticFiles):
    """Serves files with gzip to clients that accept it, from memory."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the response for a file; the ETag of a compressed one is weak."""
        plain = super().file_response(full_path, stat_result, scope, status_code)
        headers = MutableHeaders(raw=list(plain.raw_headers))
        headers.add_vary_header("Accept-Encoding")
        request = Headers(scope=scope)
        if isinstance(plain, NotModifiedResponse) or "range" in request:
            return plain
        if "gzip" not in request.get("accept-encoding", ""):
            plain.raw_headers = headers.raw
            return plain
        body = _compressed(os.fspath(full_path), stat_result.st_mtime_ns)
        headers["Content-Encoding"], headers["ETag"] = "gzip", f"W/{headers['etag']}"
        headers["Content-Length"] = str(len(body))
        del headers["Accept-Ranges"]
        return Response(body, status_code, dict(headers))


@lru_cache(MAX_FILES)
def _compressed(path: str, _modified: int) -> bytes:
    """Return the compressed file; another time of change reads it again."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)
