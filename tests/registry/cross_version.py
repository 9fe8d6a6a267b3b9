"""Check that the registry client and the sandbox registry of two commits work together.

`python -m tests.registry.cross_version COMMIT` checks out the commit. The client of this checkout
uses the commit's sandbox, and the commit's client uses the sandbox of this checkout. Each sandbox
and each client has its own process. All use the installed packages of this checkout.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def serve(database_url: str, port: str) -> None:
    """Serve the sandbox of the checkout that PYTHONPATH names."""
    import uvicorn

    from tests.registry.conftest import sandbox_app

    uvicorn.run(sandbox_app(database_url, None), port=int(port), log_config=None)


def use(url: str) -> None:
    """Make every kind of call to the sandbox at this URL, with the client in PYTHONPATH."""
    asyncio.run(_use(url))


async def _use(url: str) -> None:
    from aiohttp import ClientSession

    from bot.registry.client import Registry
    from tests.registry.conftest import CLIENT_ID, CLIENT_SECRET
    from tests.registry.example import new_key, pre_registration

    async with ClientSession() as session:
        registry = Registry(session, url, CLIENT_ID, CLIENT_SECRET)
        key, body = new_key(), pre_registration()
        created = await registry.create(body, key=key)
        repeated = await registry.create(body, key=key)
        found = await registry.find(key)
        assert found is not None
        assert created.number == repeated.number == found.number
        amended = await registry.amend(
            created.number, pre_registration(given_name="Aigul"), key=new_key()
        )
        assert amended.version > created.version
        assert await registry.documents(created.number) == ()
        withdrawn = await registry.withdraw(created.number, key=new_key())
        print(f"{created.number}: {created.state}, {amended.state}, {withdrawn.state}")


def _run(root: Path, log: Path, *command: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    with log.open("w") as written:
        return subprocess.Popen(
            [sys.executable, __file__, *command],
            cwd=root, env=environment, stdout=written, stderr=written,
        )  # fmt: skip


def _check_both_directions(old: Path, database_url: str) -> None:
    import psycopg

    from bot.embedded.server_process import free_port
    from tests.benchmarks import processes

    for name, server_root, client_root in (
        ("old client, new sandbox", ROOT, old),
        ("new client, old sandbox", old, ROOT),
    ):
        with psycopg.connect(database_url) as connection:
            connection.execute("DROP SCHEMA IF EXISTS registry_sandbox CASCADE")
        port, log, used = free_port(), old.parent / "server.log", old.parent / "client.log"
        server = _run(server_root, log, "serve", database_url, str(port))
        try:
            processes.listening(server, port, log)
            status = _run(client_root, used, "use", f"http://127.0.0.1:{port}").wait()
        finally:
            server.terminate()
            server.wait()
        print(used.read_text("utf-8"), end="")
        print(f"{name}: {'works' if status == 0 else 'FAILED'}", flush=True)
        if status:
            raise SystemExit(status)


def main(commit: str) -> None:
    """Check out the commit and run both pairs of client and sandbox."""
    from bot import embedded

    with tempfile.TemporaryDirectory() as home:
        old = Path(home) / "old"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(old), commit], check=True)
        try:
            with embedded.postgres(Path(home) / "postgres") as admin_url:
                _check_both_directions(old, embedded.prepare(admin_url, "cross_version").owner)
        finally:
            subprocess.run([*git, "remove", "--force", str(old)], check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", database_url, port]:
            serve(database_url, port)
        case ["use", url]:
            use(url)
        case [commit]:
            main(commit)
        case _:
            raise SystemExit("usage: python -m tests.registry.cross_version COMMIT")
