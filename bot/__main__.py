"""The command line: `./kosh demo` and its kin."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer
import uvicorn
from fastapi import FastAPI

from bot import (
    accounts,
    audit,
    cases,
    desk,
    facttools,
    flowtools,
    jobs,
    languagetools,
    log,
    officers,
    reading,
    terminal,
)
from bot.access import Forbidden, Reason
from bot.channels.telegram import Telegram
from bot.migrations import migrate as upgrade
from bot.officers import Officer
from bot.registry import sandbox
from bot.runtime import Runtime, runtime
from bot.services import Databases, ServiceError, drop_database, postgres, prepare, valkey
from bot.settings import ConfigError, Settings, settings
from bot.web import create_app
from bot.web.console import demo_crew

ROOT = Path(__file__).parents[1]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Kosh: an assistant for the Kazakh diaspora on Telegram and the web.",
)

desk_app = typer.Typer(no_args_is_help=True, help="The officers' desk, in the terminal.")
app.add_typer(desk_app, name="desk")
app.add_typer(languagetools.app, name="languages")
app.command()(languagetools.script)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
)
def bench(context: typer.Context) -> None:
    """Measure costs side by side in one run: `bench turn`."""
    try:
        from tests.benchmarks import command
    except ImportError:
        typer.echo("E_BENCH: the group `bench` isn't installed; call it as ./kosh bench", err=True)
        raise typer.Exit(2) from None
    command.app(args=context.args)


app.add_typer(flowtools.app, name="flows")
app.add_typer(facttools.app, name="facts")

Name = Annotated[str, typer.Option("--officer", help="The officer's name.")]
Number = Annotated[int, typer.Argument(help="The case's number, from the list.")]
Data = Annotated[Path | None, typer.Option(help="Directory of databases, keys and logs.")]
Port = Annotated[
    int | None, typer.Option(help="Port of the web server; the sandbox takes the next.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin with empty databases.")]
Channels = Annotated[
    bool,
    typer.Option("--channels", help="Emulated Telegram and WhatsApp too, on a page to try them."),
]


@app.command()
def demo(
    data: Data = None, port: Port = None, fresh: Fresh = False, channels: Channels = False
) -> None:
    """Try everything here: services, sandbox registry, web chat, worker; Ctrl-C ends it."""
    with (
        _surroundings(data, port, fresh=fresh, demo=True) as (chosen, sandbox_database),
        _phones(chosen) if channels else nullcontext(chosen) as joined,
    ):
        _run(lambda: _demo(joined, sandbox_database))


@app.command()
def run(data: Data = None, port: Port = None, fresh: Fresh = False) -> None:
    """Web and worker in one process; PostgreSQL and Valkey are embedded unless given."""
    with _surroundings(data, port, fresh=fresh, demo=False) as (chosen, _sandbox):
        _run(lambda: _serve_all(chosen, []))


@app.command()
def web(port: Port = None) -> None:
    """The web server alone: webhooks, web chat, health."""
    chosen = _settings(port=port)
    _run(lambda: _serve_web(chosen))


@app.command()
def work() -> None:
    """A worker alone: registry writes, sweeps, retention."""
    chosen = _settings()
    _run(lambda: _with_runtime(chosen, jobs.work))


@app.command()
def poll() -> None:
    """Fetch Telegram updates by long polling, without a public address; run a worker beside it."""
    chosen = _settings()
    _run(lambda: _with_runtime(chosen, jobs.poll))


@app.command()
def chat(
    language: Annotated[str, typer.Option("--lang", help="Language, such as kk or kk_Arab.")] = "",
    flow: Annotated[str, typer.Option(help="Flow to begin with, such as preregistration.")] = "",
) -> None:
    """Talk to the assistant in the terminal, without any service; nothing is kept."""
    terminal.chat(language, flow)


@app.command()
def profile() -> None:
    """Set the Telegram bot's commands and texts in every language, and its webhook where public."""
    chosen = _settings()
    _run(lambda: _with_runtime(chosen, _introduce))


async def _introduce(rt: Runtime) -> None:
    channel = rt.channels.get(Telegram.name)
    if not isinstance(channel, Telegram):
        raise ConfigError("KOSH_TELEGRAM_TOKEN isn't set; set it to the token of your bot")
    typer.echo(f"Profile texts changed: {await channel.set_profile(rt.languages)}")
    if rt.settings.public_url.startswith("https:"):
        secret = rt.settings.require_webhook_secret()
        await channel.set_webhook(f"{rt.settings.public_url}/webhooks/telegram", secret)
        typer.echo("The webhook is set.")


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, as KOSH_DATABASE_OWNER_URL."""
    chosen = _settings()
    upgrade(chosen.sqlalchemy("owner"))
    typer.echo("The schema is up to date.")


@desk_app.command("list")
def desk_list(officer: Name, data: Data = None) -> None:
    """Open cases of the mission: urgent ones first, then what must be answered soonest."""
    wanted = reading.Filter(reading.Queue.ALL)
    page = _at_the_desk(data, officer, lambda rt, who: reading.listing(rt, who, wanted))
    for line in page.lines:
        case, mark = line.case, "!" if line.case.urgent else " "
        holder = line.holder or "free"
        typer.echo(
            f"{mark} {case.number:6} {case.topic:16} {case.language:8} {case.state:14} {holder}"
        )


@desk_app.command("read")
def desk_read(case: Number, officer: Name, data: Data = None) -> None:
    """The words and notes of a case; that they were read is audited."""

    async def read(rt: Runtime, who: Officer) -> reading.View:
        found = await _numbered(rt, who, case)
        return await reading.view(rt, who, found.id, Reason.ANSWER)

    view = _at_the_desk(data, officer, read)
    for said in view.thread:
        typer.echo(f"{said.officer or said.by}: {said.words}  {said.delivery}".rstrip())
    for note in view.notes:
        typer.echo(f"note of {note.officer}: {note.words}")


@desk_app.command("claim")
def desk_claim(case: Number, officer: Name, data: Data = None) -> None:
    """Take a case; the form is silent from then on."""
    _do(data, officer, case, desk.claim)
    typer.echo("The case is yours.")


@desk_app.command("answer")
def desk_answer(case: Number, officer: Name, words: str, data: Data = None) -> None:
    """Write to the person."""
    _do(data, officer, case, desk.reply, words=words)
    typer.echo("Sent, or on its way.")


@desk_app.command("note")
def desk_note(case: Number, officer: Name, words: str, data: Data = None) -> None:
    """Tell colleagues something about a case; the person never sees it."""
    _do(data, officer, case, desk.note, words=words)
    typer.echo("Noted.")


@desk_app.command("release")
def desk_release(case: Number, officer: Name, data: Data = None) -> None:
    """Give a case back to the queue."""
    _do(data, officer, case, desk.release)
    typer.echo("The case is back in the queue.")


@desk_app.command("resolve")
def desk_resolve(
    case: Number,
    officer: Name,
    where: Annotated[str, typer.Option(help="Where the bot goes on: menu, or a flow.")] = "",
    data: Data = None,
) -> None:
    """Close a case; the bot goes on where the person was, or where you say."""
    _do(data, officer, case, desk.resolve, where=where)
    typer.echo("The case is closed.")


audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option(help="A head that this command printed before.")] = "",
    data: Data = None,
) -> None:
    """Walk the chain of the audit log; prints its head, to be kept somewhere else."""

    async def verify(chosen: Settings) -> tuple[int | None, audit.Head]:
        async with runtime(chosen) as rt, rt.pool.connection() as session:
            return await audit.broken(session, head), await audit.head(session)

    with _surroundings(data, None, fresh=False, demo=False) as (chosen, _sandbox):
        broken, now = asyncio.run(verify(chosen))
    if broken is not None:
        typer.echo(
            f"E_AUDIT: the chain breaks at link {broken}; keep a copy, and look why", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"The chain is whole. Its head: {now}")


officers_app = typer.Typer(no_args_is_help=True, help="Officers: ways into the console.")
app.add_typer(officers_app, name="officers")
OfficerName = Annotated[str, typer.Argument(help="The name with which the officer signs in.")]


@officers_app.command("first")
def officers_first(name: OfficerName, data: Data = None) -> None:
    """Enter the first administrator; prints a link that opens the console once."""
    _let_in(data, name, accounts.first)


@officers_app.command("link")
def officers_link(name: OfficerName, data: Data = None) -> None:
    """Print a new one-time link for an officer who lost the password or the phone."""
    _let_in(data, name, accounts.again)


def _let_in(
    data: Path | None, name: str, act: Callable[[Runtime, str], Coroutine[Any, Any, str]]
) -> None:
    async def open_and_act(chosen: Settings) -> str:
        async with runtime(chosen) as rt:
            return await act(rt, name)

    with _surroundings(data, None, fresh=False, demo=False) as (chosen, _sandbox):
        try:
            token = asyncio.run(open_and_act(chosen))
        except (officers.LastAdministrator, LookupError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    typer.echo(f"Once, within 24 hours: {chosen.public_url}/console/welcome?token={token}")


async def _numbered(rt: Runtime, who: Officer, number: int) -> cases.Case:
    """The case of a number, open or closed."""
    for queue in (reading.Queue.ALL, reading.Queue.RESOLVED):
        page = await reading.listing(rt, who, reading.Filter(queue, number=number))
        if page.lines:
            return page.lines[0].case
    raise LookupError("E_CASE: there is no such case; look at the list")


def _do(
    data: Path | None,
    name: str,
    number: int,
    verb: Callable[..., Coroutine[Any, Any, Any]],
    **more: str,
) -> None:
    """One act at the desk, on the case as it is now."""

    async def act(rt: Runtime, who: Officer) -> None:
        case = await _numbered(rt, who, number)
        await verb(rt, who, case.id, case.version, key=token_hex(16), **more)

    _at_the_desk(data, name, act)


def _at_the_desk[T](
    data: Path | None, name: str, act: Callable[[Runtime, Officer], Coroutine[Any, Any, T]]
) -> T:
    async def open_and_act(chosen: Settings) -> T:
        async with runtime(chosen) as rt:
            async with rt.pool.connection() as session:
                officer = await officers.named(session, name, cases.ANYWHERE)
            return await act(rt, officer)

    with _surroundings(data, None, fresh=False, demo=False) as (chosen, _sandbox):
        try:
            return asyncio.run(open_and_act(chosen))
        except cases.Taken as taken:
            holder = taken.holder or "nobody"
            typer.echo(f"E_CASE_TAKEN: it was changed meanwhile; held by {holder}.", err=True)
        except (LookupError, Forbidden, desk.Refused) as error:
            typer.echo(str(error), err=True)
        raise typer.Exit(1)


@app.command()
def test(quick: Annotated[bool, typer.Option(help="Leave out the crash test.")] = False) -> None:
    """Everything a change must pass: lint, types, layers, catalogues, flows, tests, crashes."""
    python = sys.executable
    steps = {
        "lint": [python, "-m", "ruff", "check", "."],
        "format": [python, "-m", "ruff", "format", "--check", "."],
        "types": [python, "-m", "mypy"],
        "layers": [str(Path(python).parent / "lint-imports")],
        "catalogues": [python, "-m", "bot", "languages", "check"],
        "flows": [python, "-m", "bot", "flows", "check"],
        "tests": [python, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-m", "not slow"],
    }
    if not quick:
        # Alone, since it measures silence: beside other tests a slow machine looks like a dead one.
        steps["crashes"] = [python, "-m", "tests.chaos", *CRASHES]
    failed = [name for name, command in steps.items() if not _passes(name, command)]
    if failed:
        typer.echo(f"Failed: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


CRASHES = ("--people", "60", "--updates", "1200", "--kills", "8", "--seed", "1")


def _passes(name: str, command: list[str]) -> bool:
    typer.echo(f"== {name}")
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> None:
    """Run a command; what is wrong with a setting or a service is said in one line."""
    try:
        app()
    except (ConfigError, ServiceError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


def _settings(**chosen: Any) -> Settings:
    read = settings(**{name: value for name, value in chosen.items() if value is not None})
    log.configure(read.log_level)
    return read


@contextmanager
def _surroundings(
    data: Path | None, port: int | None, *, fresh: bool, demo: bool
) -> Iterator[tuple[Settings, str]]:
    """Settings with every service they need, and the sandbox's database; embedded if not given."""
    chosen = _settings(data=data, port=port, demo=demo or None)
    chosen.data.mkdir(parents=True, exist_ok=True)
    with _databases(chosen, fresh) as databases, _valkey(chosen) as redis_url:
        urls: dict[str, Any] = {"redis_url": redis_url}
        if databases is not None:
            urls |= {
                "database_url": databases[0].app,
                "database_owner_url": databases[0].owner,
                "database_retention_url": databases[0].retention,
                "database_console_url": databases[0].console,
            }
        ready = _settings(data=data, port=port, demo=demo or None, **urls)
        if ready.database_owner_url is not None:
            upgrade(ready.sqlalchemy("owner"))
        yield ready, databases[1].owner if databases else ready.database("owner")


@contextmanager
def _databases(chosen: Settings, fresh: bool) -> Iterator[tuple[Databases, Databases] | None]:
    if chosen.database_url is not None:
        yield None
        return
    with postgres(chosen.data / "postgres") as admin_url:
        for name in ("kosh", "kosh_sandbox") if fresh else ():
            drop_database(admin_url, name)
        passwords = chosen.data / "passwords"
        yield (
            prepare(admin_url, "kosh", passwords),
            prepare(admin_url, "kosh_sandbox", passwords),
        )


@contextmanager
def _valkey(chosen: Settings) -> Iterator[str | None]:
    if chosen.redis_url is not None:
        yield None
        return
    with valkey(chosen.data / "valkey") as url:
        yield url


def _run(serve: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until done, Ctrl-C or SIGTERM."""

    async def until_told() -> None:
        task = asyncio.ensure_future(serve())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            return

    asyncio.run(until_told())


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the command ends everything together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(asgi: Any, host: str, port: int) -> None:
    """Serve until cancelled, then let running requests end."""
    server = _Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            loop="none",
            http="httptools",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            limit_concurrency=1000,
            timeout_graceful_shutdown=5,
        )
    )
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        if isinstance(asgi, FastAPI):
            asgi.state.closing.set()
        server.should_exit = True
        await serving
        raise


async def _with_runtime(
    chosen: Settings, act: Callable[[Runtime], Coroutine[Any, Any, None]]
) -> None:
    async with runtime(chosen) as rt:
        await rt.papers.prepare()
        _settle_memory()
        await act(rt)


def _settle_memory() -> None:
    """Spare the collector what start-up left: it was the p99 (channels.md 0)."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _lent(rt: Runtime) -> AsyncIterator[Runtime]:
    await rt.papers.prepare()
    _settle_memory()
    yield rt


async def _serve_web(chosen: Settings) -> None:
    if chosen.has_telegram:
        chosen.require_webhook_secret()
    async with runtime(chosen) as rt:
        await _serve(create_app(_lent(rt)), chosen.host, chosen.port)


async def _serve_all(chosen: Settings, beside: list[Coroutine[Any, Any, None]]) -> None:
    """Web, worker and, where no webhook is set, polling, around one runtime."""
    async with runtime(chosen) as rt, asyncio.TaskGroup() as group:
        if chosen.demo:
            await demo_crew.enter(rt)
        for each in beside:
            group.create_task(each)
        group.create_task(_serve(create_app(_lent(rt)), chosen.host, chosen.port))
        group.create_task(jobs.work(rt))
        if chosen.has_telegram and chosen.telegram_secret is None:
            group.create_task(jobs.poll(rt))
        typer.echo(f"Kosh is at {chosen.public_url}/chat")
        if rt.console is not None:
            typer.echo(f"Officers sign in at {chosen.public_url}/console")


async def _demo(chosen: Settings, sandbox_database: str) -> None:
    """Everything of `run`, with a sandbox registry that this process serves too."""
    if chosen.has_registry:
        return await _serve_all(chosen, [])
    port = chosen.port + 1
    keys = {
        "registry_url": f"http://{chosen.host}:{port}",
        "registry_client_id": "kosh",
        "registry_client_secret": token_hex(32),
        "registry_callback_secret": token_hex(32),
    }
    registry = sandbox.create_app(
        sandbox_database,
        client_id=keys["registry_client_id"],
        client_secret=keys["registry_client_secret"],
        callback_url=f"http://{chosen.host}:{chosen.port}/callbacks/registry",
        callback_secret=keys["registry_callback_secret"],
    )
    joined = _settings(**(chosen.model_dump(exclude_none=True) | keys))
    typer.echo(f"The sandbox registry is at {keys['registry_url']}")
    await _serve_all(joined, [_serve(registry, chosen.host, port)])


@contextmanager
def _phones(chosen: Settings) -> Iterator[Settings]:
    """The emulated messengers in a process of their own, and the settings that lead to them."""
    if not (ROOT / "tests" / "emulators").is_dir():
        raise ConfigError("the emulators are in the source checkout only; use --channels there")
    telegram, whatsapp, page = (chosen.port + number for number in (2, 3, 4))
    keys = {
        "telegram_token": f"7000000001:{token_hex(16)}",
        "telegram_secret": token_hex(32),
        "telegram_api": f"http://127.0.0.1:{telegram}",
        "whatsapp_token": token_hex(32),
        "whatsapp_number_id": "100000000000777",
        "whatsapp_app_secret": token_hex(32),
        "whatsapp_verify_token": token_hex(32),
        "whatsapp_api": f"http://127.0.0.1:{whatsapp}/v26.0",
        "whatsapp_auth_header": "Authorization: Bearer",
    }
    told = {f"KOSH_{name.upper()}": value for name, value in keys.items()}
    command = [sys.executable, "-m", "tests.emulators"]
    command += ["--telegram-port", str(telegram), "--whatsapp-port", str(whatsapp)]
    command += ["--page-port", str(page), "--kosh", f"http://127.0.0.1:{chosen.port}"]
    command += ["--registry", chosen.registry_url or f"http://{chosen.host}:{chosen.port + 1}"]
    emulators = subprocess.Popen(command, cwd=ROOT, env=os.environ | told)
    try:
        yield _settings(**(chosen.model_dump(exclude_none=True) | keys))
    finally:
        emulators.terminate()
        emulators.wait(10)


if __name__ == "__main__":
    main()
