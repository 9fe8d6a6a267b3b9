"""docs/how-to/call-the-api.md lists all operations, and its commands succeed as printed."""

import asyncio
import os
import re
import shutil
import socket
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.officers.permissions import Role, Scope
from bot.outgoing_webhooks import addresses, signature
from bot.runtime import Runtime
from bot.web import api
from bot.web.api import client
from tests.web.api.integrator import Integrator, integrator

PAGE = (Path(__file__).parents[3] / "docs/how-to/call-the-api.md").read_text("utf-8")
BLOCKS = [
    textwrap.dedent(each)
    for each in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    if "export" not in each
]
RECEIVER = re.findall(r"```python\n(from aiohttp.*?)```", PAGE, re.DOTALL)
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
    output, _ = await shell.communicate()
    assert shell.returncode == 0, output.decode()
    return output.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_api_docs_commands_run_as_printed(
    rt: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_addresses", _public_address)
    async with integrator(rt, *Scope, roles=ROLES) as system:
        output = await _run("".join(BLOCKS), system, tmp_path)
    assert '"state":"draft"' in output
    assert '"state":"cancelled"' in output
    assert '"state":"invited"' in output
    assert "urn:kosh:problem:not-found" in output


def _public_address(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return [{"hostname": host, "host": "93.184.215.14", "port": port, "family": family}]


async def test_api_docs_example_receiver_accepts_only_a_signed_webhook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored: list[tuple[str, ...]] = []

    async def store_once(*event: str) -> None:
        stored.append(event)

    monkeypatch.setitem(sys.modules, "client", client)
    secret = signature.new_secret()
    names: dict[str, Any] = {"SECRET": secret, "store_once": store_once}
    exec("".join(RECEIVER), names)
    body, at = (
        b'{"id": "evt_1", "type": "webhook.test", "data": {"resource": "r"}}',
        int(time.time()),
    )
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(at)}
    for key, status in ((secret, 204), (signature.new_secret(), 401)):
        signed = headers | {"webhook-signature": signature.sign([key], "evt_1", at, body)}
        request = make_mocked_request("POST", "/kosh", signed)
        request._read_bytes = body
        assert (await names["receive"](request)).status == status
    assert stored == [("evt_1", "webhook.test", "r")]


def test_api_docs_list_every_operation_and_scope() -> None:
    paths = [each.removeprefix("/api/v1") for each in api.openapi()["paths"]]
    page = PAGE.replace("$ID", "{id}").replace("…/", "/api/v1/")
    verbs = {"/announcements/{id}/{verb}": "/announcements/{id}/cancel"}
    missing = [each for each in paths if f"/api/v1{verbs.get(each, each)}" not in page]
    assert missing == []
    assert [each for each in Scope if f"| `{each.value}` |" not in PAGE] == []
