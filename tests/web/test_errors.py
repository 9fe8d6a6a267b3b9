"""Error responses have a code and the security headers, and repeat no part of the request."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from fastapi import FastAPI

from bot.runtime import Runtime
from bot.web.app import NO_TELEMETRY, create_app
from bot.web.middleware import security_headers
from tests.app_stack import serving, shared_runtime

CANARY = "Testova-canary"


@pytest.fixture
async def http(rt: Runtime) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of an application with three more routes.

    /number requires a number. /failure and /api/v1/failure raise an error with the given value.
    """
    app: FastAPI = create_app(shared_runtime(rt))

    @app.get("/number")
    async def number(value: int) -> int:
        return value

    @app.get("/failure")
    async def failure(value: str) -> None:
        raise RuntimeError(value)

    @app.get("/api/v1/failure")
    async def failure_of_api(value: str) -> None:
        raise RuntimeError(value)

    async with serving(app) as url, aiohttp.ClientSession(url) as session:
        yield session


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", f"/api/v1/{CANARY}", 404, "not-found"),
        ("DELETE", f"/api/v1/announcements?x={CANARY}", 405, "method-not-allowed"),
        ("GET", f"/api/v1/failure?value={CANARY}", 500, "internal"),
    ],
)
async def test_error_outside_the_operations_of_the_api_is_a_problem_document(
    http: aiohttp.ClientSession, method: str, path: str, status: int, name: str
) -> None:
    async with http.request(method, path, headers={"Accept": "text/html"}) as answer:
        found = await answer.json(content_type="application/problem+json")
        assert (answer.status, found["status"]) == (status, status)
        assert found["type"] == f"urn:kosh:problem:{name}"
        for header, value in security_headers().items():
            assert answer.headers.getall(header) == [value]
        assert "Testova" not in await answer.text() + str(answer.headers)
        if status == 405:
            assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"/{CANARY}", 404, "E_NOT_FOUND"),
        ("PUT", f"/health?x={CANARY}", 405, "E_METHOD_NOT_ALLOWED"),
        ("GET", "/webhooks/telegram", 405, "E_METHOD_NOT_ALLOWED"),
        ("GET", f"/number?value={CANARY}", 422, "E_INVALID_REQUEST"),
        ("GET", f"/failure?value={CANARY}", 500, "E_INTERNAL"),
    ],
)
@pytest.mark.requirement("S-59")
async def test_error_response_has_code_and_headers_but_no_input(
    http: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    async with http.request(method, path) as answer:
        body = await answer.text()
        assert (answer.status, await answer.json()) == (status, {"error": code})
        for name, value in security_headers().items():
            assert answer.headers[name] == value
        assert "Testova" not in body + str(answer.headers)
        if status == 405:
            assert answer.headers["Allow"]


@pytest.mark.parametrize(("hint", "lang"), [("ru", "ru"), ("zh-CN,zh", "zh-Hans"), ("", "kk")])
async def test_not_found_page_is_in_the_browsers_language(
    http: aiohttp.ClientSession, hint: str, lang: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": hint}
    async with http.get(f"/{CANARY}", headers=headers) as answer:
        page = await answer.text()
        assert answer.status == 404
        assert f'<html lang="{lang}"' in page
        assert 'href="/chat"' in page
        assert CANARY not in page
        for name, value in security_headers().items():
            assert answer.headers[name] == value


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", f"/{CANARY}", 404, "По этому адресу страницы нет"),
        ("GET", "/chat/said", 405, "По этому адресу страницы нет"),
        ("GET", f"/chat/files/{CANARY}", 422, "По этому адресу страницы нет"),
        ("GET", f"/chat/files/{UUID(int=0)}", 404, "По этому адресу страницы нет"),
        ("GET", f"/failure?value={CANARY}", 500, "У нас произошёл сбой"),
        ("POST", "/chat/said", 413, "Слишком длинно"),
        ("POST", "/chat/file", 415, "У нас произошёл сбой"),
    ],
)
async def test_error_in_a_browser_is_a_page_with_a_way_to_the_chat(
    http: aiohttp.ClientSession, method: str, path: str, status: int, words: str
) -> None:
    headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "ru"}
    data = {"text": CANARY * 6000} if method == "POST" else None
    async with http.request(method, path, headers=headers, data=data) as answer:
        page = await answer.text()
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert '<html lang="ru"' in page
        assert words in page
        assert 'href="/chat"' in page
        assert CANARY not in page
        assert answer.headers["Cache-Control"] == "no-store"
        for name, value in security_headers().items():
            assert answer.headers.getall(name) == [value]
        if status == 405:
            assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("path", "status"), [(f"/console/{CANARY}", 404), ("/console/content/fact:x/save", 405)]
)
async def test_unknown_address_of_the_console_leads_back_to_the_inbox(
    http: aiohttp.ClientSession, path: str, status: int
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": "ru"}
    async with http.get(path, headers=headers, allow_redirects=False) as answer:
        page = await answer.text()
        assert (answer.status, answer.content_type) == (status, "text/html")
        assert "По этому адресу страницы нет" in page
        assert 'href="/console"' in page
        assert 'href="/chat"' not in page
        assert CANARY not in page


async def test_page_in_all_languages_begins_with_the_browsers_language(
    http: aiohttp.ClientSession,
) -> None:
    async with http.get("/p/used", headers={"Accept-Language": "zh-CN"}) as answer:
        page = await answer.text()
        assert answer.status == 410
        assert '<html lang="zh-Hans"' in page
        assert re.findall(r'<p lang="([^"]+)"', page)[:2] == ["zh-Hans", "kk"]


@pytest.mark.requirement("S-71")
async def test_web_application_serves_no_api_documentation(http: aiohttp.ClientSession) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
        async with http.get(path) as answer:
            assert answer.status == 404, path


def test_web_application_disables_the_telemetry_of_fastapi(rt: Runtime) -> None:
    telemetry = create_app(shared_runtime(rt))._telemetry
    assert not any(telemetry[each] for each in NO_TELEMETRY)  # type: ignore[literal-required]


def test_web_applications_share_their_built_routes(rt: Runtime) -> None:
    """Check that a process builds the routes once: each time would take 0.1 s of a test.

    A route added to one application must not appear in another.
    """
    one, other = create_app(shared_runtime(rt)), create_app(shared_runtime(rt))
    assert [id(each) for each in one.routes[:-1]] == [id(each) for each in other.routes[:-1]]
    one.get("/of-one")(lambda: None)
    assert len(one.routes) == len(other.routes) + 1
