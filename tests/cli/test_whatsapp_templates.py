"""`./kosh whatsapp templates` lists the templates of service messages with their approval state."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.channels.whatsapp import service_templates
from bot.cli import assembled
from bot.i18n import Languages
from tests.emulators import whatsapp as wa

NEEDED = list(service_templates.required_templates(Languages()))


async def _listed(*more: str) -> tuple[int, list[dict[str, Any]]]:
    words = ["whatsapp", "templates", "--json", *more]
    done = await asyncio.to_thread(CliRunner().invoke, assembled("whatsapp"), words)
    return done.exit_code, json.loads(done.output)


def _connect(monkeypatch: pytest.MonkeyPatch, folder: Path, platform: wa.Emulator) -> None:
    chosen = {
        "data_dir": str(folder),
        "demo": "true",
        "whatsapp_token": "ATestTokenThatIsPlainlyInvented",
        "whatsapp_number_id": wa.NUMBER_ID,
        "whatsapp_app_secret": "0" * 32,
        "whatsapp_verify_token": "1" * 32,
        "whatsapp_api": f"{platform.url}/v26.0",
    }
    for name, value in chosen.items():
        monkeypatch.setenv(f"KOSH_{name.upper()}", value)


async def test_whatsapp_templates_are_listed_with_their_state_at_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = "ATestTokenThatIsPlainlyInvented"
    async with wa.Emulator(token=token, secret="0" * 32, limits=False) as platform:
        _connect(monkeypatch, tmp_path, platform)
        code, unknown = await _listed()
        assert (code, {each["state"] for each in unknown}) == (0, {"unknown"})
        words = ["whatsapp", "templates"]
        done = await asyncio.to_thread(CliRunner().invoke, assembled("whatsapp"), words)
        assert "set KOSH_WHATSAPP_ACCOUNT_ID" in done.stderr
        monkeypatch.setenv("KOSH_WHATSAPP_ACCOUNT_ID", platform.world.account)
        first, second, *others = NEEDED
        for each in (second, *others):
            platform.add_templates(wa.Template(each.name, each.language, each.body))
        platform.add_templates(
            wa.Template(second.name, second.language, second.body, state="paused")
        )
        code, listed = await _listed()
        assert code == 1
        states = [each["state"] for each in listed]
        assert states == ["MISSING", "PAUSED", *["APPROVED"] * len(others)]
        assert listed[0]["body"] == first.body
        for each in (first, second):
            platform.add_templates(wa.Template(each.name, each.language, each.body))
        code, listed = await _listed()
        assert (code, {each["state"] for each in listed}) == (0, {"APPROVED"})
