"""Every operation of the contract, tried by a stranger's tool with every check but one.

Not asked: that whatever fits the schema is accepted. The hash of a file has to be that of the file,
and 1990.0 is an integer to JSON Schema and none to us.

Deeper: `EXAMPLES=300 pytest tests/registry/test_schemathesis.py`.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from bot.registry.sandbox import openapi
from tests.app_stack import House
from tests.registry.conftest import Sandbox

EXAMPLES = os.environ.get("EXAMPLES", "4")


async def _tried(schema: Path, url: str, token: str) -> tuple[int, str]:
    tool = Path(sys.executable).parent / "schemathesis"
    ran = await asyncio.create_subprocess_exec(
        *(tool, "run", schema, "--url", url, "--checks", "all", "--max-examples", EXAMPLES),
        *("--exclude-checks", "positive_data_acceptance"),
        *("--phases", "coverage,fuzzing", "--header", f"Authorization: Bearer {token}"),
        *("--seed", "1", "--generation-database", "none", "--no-color", "--max-failures", "20"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=schema.parent,
    )
    said, _ = await ran.communicate()
    return ran.returncode or 0, said.decode()


async def test_sandbox_passes_schemathesis(sandbox: Sandbox, tmp_path: Path) -> None:
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(openapi()))
    status, said = await _tried(schema, sandbox.url, await sandbox.token())
    assert status == 0, said[-20_000:]


async def test_application_serves_no_openapi_document(house: House) -> None:
    """The application has pages, webhooks and forms; a new API would have to be tested here too."""
    async with house.http.get(f"{house.url}/openapi.json") as answer:
        assert answer.status == 404
