"""schemathesis tests every operation of the API from the OpenAPI document alone."""

import json
from pathlib import Path

import pytest

from bot.officers.api_tokens import MAX_MINUTE_LIMIT
from bot.officers.permissions import Role, Scope
from bot.runtime import Runtime
from bot.web import api
from tests.schemathesis_runs import tried
from tests.web.api.integrator import integrator

pytestmark = pytest.mark.release

ROLES = (Role.EDITOR, Role.LEAD, Role.INTEGRATOR)


async def test_api_passes_schemathesis(rt: Runtime, tmp_path: Path) -> None:
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(api.openapi()))
    async with integrator(rt, *Scope, roles=ROLES, minute_limit=MAX_MINUTE_LIMIT) as system:
        status, output = await tried(schema, system.url, system.token)
    assert status == 0, output[-20_000:]
