"""OpenTelemetry traces are off by default, and contain only names and words from fixed lists."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.config.sources import ConfigError
from bot.observability import tracing
from bot.runtime import Runtime
from flows.engine.events import Said
from tests.person_client import Guest


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    tracing.shut()


def test_tracing_exporter_is_imported_only_when_configured() -> None:
    # Check the exporter only: FastAPI itself imports OpenTelemetry's API if it is installed.
    check = "import sys, bot.cli; sys.exit('opentelemetry.exporter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


async def test_tracing_records_a_turn_without_the_text_of_the_message(rt: Runtime) -> None:
    requests: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        requests.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    tracing.configure(f"http://127.0.0.1:{port}/v1/traces")
    guest = Guest(rt)
    await guest.do(Said("TESTOVA GULNAR"))
    with pytest.raises(ZeroDivisionError), tracing.span("turn", channel="web", name="TESTOVA"):
        raise ZeroDivisionError("TESTOVA GULNAR")
    await asyncio.to_thread(tracing.shut)
    await runner.cleanup()
    spans = [
        span
        for each in requests
        for resource in each.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {span.name for span in spans} >= {"turn"}
    assert any(span.status.code == 2 for span in spans)
    spans_text = str(requests)
    assert "TESTOVA" not in spans_text
    assert guest.name not in spans_text
    assert "ZeroDivisionError" in spans_text


def test_tracing_url_is_rejected_without_the_opentelemetry_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match="kosh-assistant\\[traces\\]"):
        tracing.configure("http://127.0.0.1:9/v1/traces")
