"""`whatsapp`: lists the message templates that Kosh needs, with their status at Meta."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import aiohttp
import typer

from bot.channels import SendError
from bot.channels.whatsapp import service_templates
from bot.channels.whatsapp.client import Listed, WhatsApp
from bot.channels.whatsapp.service_templates import ServiceTemplate
from bot.cli.environment import AsJson, Data, print_json, read
from bot.cli.whatsapp_templates import APPROVED
from bot.clients import platforms
from bot.config.settings import Settings
from bot.i18n import Languages

app = typer.Typer(no_args_is_help=True, help="WhatsApp: the templates of service messages.")

UNKNOWN, MISSING = "unknown", "MISSING"
Texts = Annotated[bool, typer.Option("--texts", help="Print what to enter in Meta's manager.")]


@app.callback()
def _group() -> None:
    """Keep `templates` a subcommand: without a callback, plain `whatsapp` would run it, too."""


@app.command()
def templates(data: Data = None, texts: Texts = False, as_json: AsJson = False) -> None:
    """List the templates for messages to people who last wrote over 24 hours ago.

    Exit with 1 if a template is missing or not approved. The status of the templates is unknown
    unless KOSH_WHATSAPP_ACCOUNT_ID is set.
    """
    needed = list(service_templates.required_templates(Languages()))
    try:
        existing = asyncio.run(_fetch_templates(read(data_dir=data)))
    except SendError as error:
        typer.echo(f"WhatsApp does not show its templates: {error.code}", err=True)
        sys.exit(2)
    found = [(each, _state(each, existing)) for each in needed]
    if as_json:
        print_json([{**_as_dict(each), "state": state} for each, state in found])
    else:
        for each, state in found:
            typer.echo(f"{each.name:<20} {each.language:<6} {state}")
            if texts:
                typer.echo(f"    utility · {each.body} · [{each.button}]")
        if existing is None:
            typer.echo(
                "No state is known: set KOSH_WHATSAPP_ACCOUNT_ID and KOSH_WHATSAPP_TOKEN.", err=True
            )
    sys.exit(1 if any(state not in (APPROVED, UNKNOWN) for _each, state in found) else 0)


async def _fetch_templates(settings: Settings) -> list[Listed] | None:
    """Return the templates of the WhatsApp business account; None if no account is configured."""
    if settings.whatsapp_account_id is None:
        return None
    async with aiohttp.ClientSession() as http:
        channel = platforms(settings, http, Languages()).get(WhatsApp.name)
        if not isinstance(channel, WhatsApp):
            return None
        return await channel.templates(settings.whatsapp_account_id)


def _state(needed: ServiceTemplate, templates: Sequence[Listed] | None) -> str:
    if templates is None:
        return UNKNOWN
    key = needed.name, needed.language
    return next((each.status for each in templates if (each.name, each.language) == key), MISSING)


def _as_dict(each: ServiceTemplate) -> dict[str, str]:
    return {
        "name": each.name,
        "language": each.language,
        "category": "UTILITY",
        "body": each.body,
        "button": each.button,
    }
