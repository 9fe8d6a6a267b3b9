"""Static files such as scripts and styles, compressed once per process.

Pages that contain secrets are not compressed, because the compressed length could disclose a secret
(BREACH). Starlette's `GZipMiddleware` is not used: it would compress a file again at each request,
which delayed the first paint of pages (decision 45).
"""

import gzip
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

MAX_FILES = 256
COMPRESSIBLE = frozenset({".css", ".js", ".svg"})


class CompressedFiles(StaticFiles):
    """Serves static files, gzip-compressed and from memory if the client accepts gzip."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return a file's response, compressed if possible; a compressed file has a weak ETag."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if Path(full_path).suffix not in COMPRESSIBLE:
            return response
        response.headers.add_vary_header("Accept-Encoding")
        request = Headers(scope=scope)
        accepts = "gzip" in request.get("accept-encoding", "") and "range" not in request
        if not accepts or isinstance(response, NotModifiedResponse):
            return response
        body = _compress(os.fspath(full_path), stat_result.st_mtime_ns)
        headers = {
            name: response.headers[name] for name in ("Content-Type", "Last-Modified", "Vary")
        }
        headers |= {"Content-Encoding": "gzip", "ETag": f"W/{response.headers['etag']}"}
        return Response(body, status_code, headers)


@lru_cache(MAX_FILES)
def _compress(path: str, _modified: int) -> bytes:
    """Return the gzip-compressed file; the result is cached.

    The modification time is a parameter, so that a changed file is compressed again.
    """
    return gzip.compress(Path(path).read_bytes(), mtime=0)
