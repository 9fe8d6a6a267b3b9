"""Runs schemathesis, a tool that tries every operation of an OpenAPI document, with every check.

One check is left out, that everything which fits the schema is accepted: the hash of a file has to
be that of the file, and 1990.0 is an integer to JSON Schema and none to us.

Deeper: `EXAMPLES=300 pytest tests/registry/test_schemathesis.py`.
"""

import asyncio
import os
import sys
from pathlib import Path

EXAMPLES = os.environ.get("EXAMPLES", "4")


async def tried(schema: Path, url: str, token: str) -> tuple[int, str]:
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
