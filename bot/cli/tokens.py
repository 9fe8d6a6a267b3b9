"""`tokens`: manages the tokens with which other systems call the API, and their contacts."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from bot.cli.environment import AsJson, Data, print_json, running_servers
from bot.db.connection import Transaction
from bot.notifications import preferences
from bot.notifications.preferences import BadPreference
from bot.officers import api_tokens, directory
from bot.officers.api_tokens import ApiToken
from bot.officers.permissions import Scope
from bot.runtime import Runtime, runtime
from bot.security import audit_log

app = typer.Typer(no_args_is_help=True, help="Tokens of other systems for the API.")

Account = Annotated[str, typer.Argument(help="The account in whose name the token acts.")]
Scopes = Annotated[
    list[Scope], typer.Option("--scope", help="What the token may do; may come several times.")
]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day, in UTC.")]
Limit = Annotated[
    int,
    typer.Option(min=1, max=api_tokens.MAX_MINUTE_LIMIT, help="Requests a minute."),
]
Mission = Annotated[str, typer.Option(help="The mission of a new account.")]
System = Annotated[str, typer.Argument(help="The account of the other system.")]
Email = Annotated[str, typer.Argument(help='An e-mail address, or "" for none.')]
TokenId = Annotated[UUID, typer.Argument(help="Its id, as `tokens list` prints it.")]


@app.command()
def create(
    account: Account,
    scope: Scopes,
    until: Until = None,
    per_minute: Limit = api_tokens.MINUTE_LIMIT,
    mission: Mission = "general",
    data: Data = None,
) -> None:
    """Create an API token that acts in the name of an account, and print the token once.

    If the account does not exist, create it as the account of another system.
    """
    if until and until.date() < datetime.now(UTC).date():
        raise typer.BadParameter("the last day is over; choose a later one", param_hint="--until")

    async def action(rt: Runtime, transaction: Transaction) -> str:
        try:
            owner = await directory.by_name(transaction, account)
        except LookupError:
            owner = await directory.enter_system(transaction, account, mission)
        day = until.date() if until else None
        return await api_tokens.create(
            rt, transaction, owner, scope, last_day=day, minute_limit=per_minute
        )

    typer.echo(_with(data, action))


@app.command("list")
def list_(as_json: AsJson = False, data: Data = None) -> None:
    """List the API tokens: id, account, scopes, requests per minute, days of creation and end."""

    async def action(_rt: Runtime, transaction: Transaction) -> list[ApiToken]:
        return await api_tokens.listing(transaction)

    found = [_as_dict(each) for each in _with(data, action)]
    if as_json:
        print_json(found)
    for each in found if not as_json else ():
        days = f"{each['created_on']} until {each['last_day'] or 'revoked'}"
        used = f"last used {each['used_on'] or 'never'}"
        scopes = ",".join(each["scopes"])
        typer.echo(
            f"{each['id']}  {each['account']}  {scopes}  {each['per_minute']}  {days}, {used}"
        )


@app.command()
def revoke(token: TokenId, data: Data = None) -> None:
    """Revoke an API token; requests with it fail immediately."""
    _with(data, lambda _rt, transaction: api_tokens.revoke(transaction, token))
    typer.echo("The token is revoked.")


@app.command()
def contact(account: System, email: Email, data: Data = None) -> None:
    """Store the e-mail address of another system's operator; an empty address removes it.

    Kosh sends an e-mail to this address when it disables a webhook endpoint of the system.
    """

    async def action(rt: Runtime, transaction: Transaction) -> None:
        owner = await directory.by_name(transaction, account)
        async with directory.acting(rt, owner) as own:
            await preferences.set_contact(own, owner, email)
        await audit_log.append(
            transaction, actor="terminal", action="officer.changed", subject=str(owner.id)
        )

    try:
        _with(data, action)
    except BadPreference:
        typer.echo("Nothing is stored: no e-mail address, or not another system.", err=True)
        raise typer.Exit(1) from None
    typer.echo("The contact is stored." if email else "The contact is removed.")


def _as_dict(token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.id),
        "account": token.owner.name,
        "active": token.owner.active,
        "scopes": sorted(token.scopes),
        "per_minute": token.minute_limit,
        "created_on": str(token.created_on),
        "last_day": str(token.last_day) if token.last_day else "",
        "used_on": str(token.used_on) if token.used_on else "",
    }


def _with[T](
    data: Path | None, action: Callable[[Runtime, Transaction], Coroutine[Any, Any, T]]
) -> T:
    async def run_action() -> T:
        async with runtime(settings) as rt, rt.pool.connection() as transaction:
            return await action(rt, transaction)

    with running_servers(data, None, fresh=False, demo=False) as (settings, _sandbox):
        try:
            return asyncio.run(run_action())
        except BadPreference:
            raise
        except (LookupError, ValueError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
