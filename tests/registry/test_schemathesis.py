"""schemathesis tests every operation of the registry contract from the OpenAPI document alone."""

import json
from pathlib import Path

import pytest

from bot.registry.sandbox import openapi
from tests.app_stack import AppStack
from tests.registry.conftest import Sandbox
from tests.schemathesis_runs import tried

pytestmark = pytest.mark.release


async def test_sandbox_passes_schemathesis(sandbox: Sandbox, tmp_path: Path) -> None:
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(openapi()))
    status, output = await tried(schema, sandbox.url, await sandbox.token())
    assert status == 0, output[-20_000:]


async def test_application_serves_no_openapi_document(stack: AppStack) -> None:
    """Check that a running application does not publish its OpenAPI document."""
    async with stack.http.get(f"{stack.url}/openapi.json") as answer:
        assert answer.status == 404
