"""The page about the API: its commands are run as printed, and it shows all operations."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from bot.web import api
from tests.web.api.integrator import Integrator, integrator

PAGE = (Path(__file__).parents[3] / "docs/how-to/call-the-api.md").read_text("utf-8")
BLOCKS = [each for each in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "export" not in each]
ROLES = (Role.EDITOR, Role.LEAD, Role.INTEGRATOR)


async def _run(commands: str, system: Integrator, folder: Path) -> str:
    environment = os.environ | {"API": system.url, "TOKEN": system.token}
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", commands),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        cwd=folder,
    )
    said, _ = await shell.communicate()
    assert shell.returncode == 0, said.decode()
    return said.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_api_page_commands_run_as_printed(rt: Runtime, tmp_path: Path) -> None:
    async with integrator(rt, *Scope, roles=ROLES) as system:
        said = await _run("".join(BLOCKS), system, tmp_path)
    assert '"state":"draft"' in said
    assert '"state":"cancelled"' in said
    assert '"state":"invited"' in said
    assert "urn:kosh:problem:not-found" in said


def test_api_page_lists_every_operation_and_scope() -> None:
    paths = [each.removeprefix("/api/v1") for each in api.openapi()["paths"]]
    shown = PAGE.replace("$ID", "{id}").replace("…/announcements", "/api/v1/announcements")
    verbs = {"/announcements/{id}/{verb}": "/announcements/{id}/cancel"}
    missing = [each for each in paths if f"/api/v1{verbs.get(each, each)}" not in shown]
    assert missing == []
    assert [each for each in Scope if f"| `{each.value}` |" not in PAGE] == []
