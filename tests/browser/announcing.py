"""Walk through an announcement in a browser as officers do, from the first draft to the result.

`test_announcing.py` runs it. `python -m tests.browser.announcing` saves a picture of each step.
"""

import asyncio
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol

from PIL import Image

from bot.broadcasts import State
from bot.i18n import Languages
from bot.web.console import demo_officers
from bot.web.console.labels_broadcasts import BROADCAST_STATES
from tests.app_stack import AppStack
from tests.browser.chromium import launched
from tests.browser.console_pictures import TIMES, keep, stack
from tests.browser.officer import Officer
from tests.console_client import ru
from tests.emulators.telegram import Cut, Flooded
from tests.emulators.telegram import User as Phone
from tests.officer_names import MARAT, TIMUR
from tests.subscribers import TOPIC, Member, create_subscribers

TESTER = 700_001
SETTINGS: dict[str, Any] = {"broadcast_testers": (f"telegram:{TESTER}",)}
TEXTS = {
    "kk": "Құрметті отандастар! Сенбі күні сағат 10:00-ден 16:00-ге дейін консулдықта ашық есік"
    " күні өтеді. Мамандар құжаттар мен тіркелу туралы сұрақтарға жауап береді. Кіру тегін.",
    "ru": "Уважаемые соотечественники! В субботу с 10:00 до 16:00 в консульстве пройдёт день"
    " открытых дверей. Специалисты ответят на вопросы о документах и регистрации. Вход свободный.",
    "zh_Hans": "亲爱的同胞！星期六10:00至16:00，领事馆举行开放日。"
    "工作人员将解答有关文件和登记的问题。免费入场。",
    "uz": "Hurmatli vatandoshlar! Shanba kuni soat 10:00 dan 16:00 gacha konsulxonada ochiq"
    " eshiklar kuni oʻtadi. Mutaxassislar hujjatlar va roʻyxatdan oʻtish haqidagi savollarga"
    " javob beradi. Kirish bepul.",
}
# Language, colour scheme, width in px, and the end of the picture's name.
LOOKS = (
    ("kk", "light", 1280, "kk"),
    ("ru", "dark", 1280, "ru-dark"),
    ("kk-Arab", "light", 1280, "kk-arab"),
    ("ru", "light", 390, "ru-phone"),
)
HEIGHT, TALLEST = 860, 1500
MANY, FLOODED, BLOCKED = 24, 9, 2
FINISHED = Languages(("ru",)).render(BROADCAST_STATES[State.DONE], "ru")


class Camera(Protocol):
    """Takes pictures of a page during the walk through an announcement.

    `around` takes pictures in further languages, colour schemes and widths.
    """

    async def look(self, officer: Officer, name: str) -> None: ...

    async def around(self, name: str, officer_name: str, path: str) -> None: ...


@dataclass
class AnnouncementSetup:
    """Objects of the walk: the application, its subscribers on Telegram, and the browser."""

    stack: AppStack
    browser: Any
    camera: Camera
    members: list[Member] = field(default_factory=list)
    phones: list[Phone] = field(default_factory=list)

    @property
    def tester(self) -> Phone:
        return self.stack.telegram.user(TESTER, started=True)

    async def set(self) -> None:
        """Create subscribers, one of whom has muted messages."""
        await demo_officers.enter(self.stack.rt)
        self.members = await create_subscribers(self.stack.rt, MANY)
        users = (self.stack.telegram.user(int(each.address), started=True) for each in self.members)
        self.phones = list(users)
        async with self.stack.rt.pool.connection() as session:
            await session.execute(
                "UPDATE conversations SET quiet = true WHERE person_id = %s", (self.members[-1].id,)
            )
        assert self.tester.received == []


async def announce(scene: AnnouncementSetup) -> None:
    """Write, test, approve, send, pause and resume an announcement; decide on recipients in doubt.

    Recipients are in doubt if it is unknown whether the message reached them.
    """
    marat = await Officer.at_work(scene.browser, scene.stack, MARAT, locale="ru-RU")
    path = await _write(scene, marat)
    await _test(scene, marat)
    await _time(scene, marat)
    await scene.camera.around("text", MARAT, f"{path}/write/text")
    await _agree(scene, marat, path)
    await _start(scene, marat)
    await _pause_and_resume(scene, marat)
    await scene.camera.look(marat, "doubt")
    await scene.camera.around("result", MARAT, path)
    await _decide(scene, marat)
    await scene.camera.look(marat, "result")
    assert marat.errors == []


async def _write(scene: AnnouncementSetup, marat: Officer) -> str:
    page = marat.page
    await page.goto(f"{scene.stack.url}/console/broadcasts")
    await marat.click("a.button.primary")
    await page.check("input[name=purpose][value=news]")
    await page.select_option("select[name=topic]", TOPIC)
    await page.fill("textarea[name=why]", "День открытых дверей консульства")
    await scene.camera.look(marat, "purpose")
    await marat.click("form .primary")
    await page.wait_for_url("**/write/audience*")
    path = page.url.partition("?")[0].removesuffix("/write/audience")
    await marat.wait_for_text(ru("aud_count").replace("{count}", str(MANY - 1)))
    # The shown number of recipients changes with the selection, before it is saved.
    await page.check("input[name=languages][value=ru]")
    await marat.wait_for_text(ru("aud_count").replace("{count}", str(MANY // 6)))
    await page.uncheck("input[name=languages][value=ru]")
    await marat.wait_for_text(ru("aud_count").replace("{count}", str(MANY - 1)))
    await scene.camera.look(marat, "audience")
    await marat.click("form.card .primary")
    await page.wait_for_url("**/write/text*")
    for code, words in TEXTS.items():
        await page.fill(f"textarea[name=text_{code}]", words)
    await marat.click("details summary")
    for code in TEXTS:
        await page.fill(f"input[name=template_{code}]", "open_day")
    await marat.click("button[name=stay]")
    await page.locator(".derived :lang(kk-Arab)").first.wait_for()
    assert "وتانداستار" in await page.locator(".derived :lang(kk-Arab)").first.inner_text()
    assert "Ҳурматли" in await page.locator(".derived :lang(uz-Cyrl)").first.inner_text()
    await scene.camera.look(marat, "text")
    await marat.click("form .primary")
    await page.wait_for_url("**/write/test*")
    return str(path)


async def _test(scene: AnnouncementSetup, marat: Officer) -> None:
    """Send a test message; check that the tester gets it in every language and script."""
    await marat.click("form[action$='/test'] .primary")
    await marat.wait_for_text(ru("done_tested"))
    assert await marat.page.locator("form[action$='/test'] .primary").count() == 0
    seen = [message.text for message in scene.tester.received]
    assert len(seen) == 6
    assert {*TEXTS.values()} <= {*seen}
    # The preview showed the texts that the phone received, in every language and script.
    drawn = marat.page.locator("[data-look$=' telegram'] .bubble")
    assert {*await drawn.all_text_contents()} == {*seen}
    await scene.camera.look(marat, "test")
    await marat.click(".acts > a.primary")


async def _time(scene: AnnouncementSetup, marat: Officer) -> None:
    await marat.page.wait_for_url("**/write/time*")
    await marat.page.check("input[name=any_hour]")
    await scene.camera.look(marat, "time")
    await marat.click("form.card .primary")
    await marat.wait_for_text(ru("ready"))


async def _agree(scene: AnnouncementSetup, marat: Officer, path: str) -> None:
    await marat.click("form[action$='/ask'] button")
    await marat.wait_for_text(ru("done_submitted"))
    await scene.camera.look(marat, "asked")
    timur = await Officer.at_work(scene.browser, scene.stack, TIMUR)
    await timur.page.goto(path)
    await timur.wait_for_text(TEXTS["kk"])
    await scene.camera.look(timur, "approval")
    await scene.camera.around("approval", TIMUR, path)
    await timur.click("form[action$='/approve'] button")
    await timur.wait_for_text(ru("done_approved"))
    assert timur.errors == []
    await timur.page.context.close()
    # Wait for the start button: Marat's open page must show the approval without a reload.
    await marat.page.wait_for_selector("form[action$='/start'] button:not([disabled])")


async def _start(scene: AnnouncementSetup, marat: Officer) -> None:
    """Start sending; Telegram loses two responses, and then rejects calls by its rate limit."""
    scene.stack.telegram.fail(Cut(delivered=True), times=2, method="sendMessage")
    scene.stack.telegram.fail(Flooded(312), times=FLOODED, method="sendMessage")
    await marat.click("form[action$='/start'] button")
    await marat.wait_for_text(ru("done_started"))
    await marat.page.wait_for_selector(".key.in_doubt")
    await marat.page.wait_for_selector(".key.accepted")
    await marat.page.wait_for_selector("#banners .note")
    await scene.camera.look(marat, "progress")


async def _pause_and_resume(scene: AnnouncementSetup, marat: Officer) -> None:
    """Pause the announcement, check that nothing is sent during the pause, and resume it.

    During the pause two people block the bot.
    """
    await marat.click("form[action$='/pause'] button")
    await marat.wait_for_text(ru("done_paused"))
    before = _received_count(scene)
    await scene.stack.ahead("313 seconds")
    await marat.page.reload()
    await marat.page.wait_for_selector("form[action$='/resume']")
    await scene.camera.look(marat, "held")
    assert _received_count(scene) == before
    for each in [phone for phone in scene.phones[:-1] if not phone.received][:BLOCKED]:
        await each.block()
    await marat.click("form[action$='/resume'] button")
    await marat.wait_for_text(ru("done_resumed"))

    async def are_all_sent() -> bool:
        waiting = marat.page.locator(".recipient-statuses .key:is(.planned, .claimed)")
        return bool(await waiting.count() == 0)

    await scene.stack.until(are_all_sent, 60)


def _received_count(scene: AnnouncementSetup) -> int:
    return sum(len(each.received) for each in scene.phones)


async def _decide(scene: AnnouncementSetup, marat: Officer) -> None:
    """Decide on two recipients in doubt: leave one without the message, and resend to the other."""
    before = _received_count(scene)
    await marat.click("#doubt .one [value=leave]")
    await marat.wait_for_text(ru("done_decided"))
    assert await marat.page.locator("#doubt .one").count() == 1
    await marat.click("#doubt .one [value=again]")
    await marat.wait_for_text(ru("done_decided"))

    async def is_done() -> bool:
        chip = await marat.page.locator("#head .chip").first.inner_text()
        return bool(chip == FINISHED and not await marat.page.locator("#doubt").count())

    await scene.stack.until(is_done, 60)
    assert _received_count(scene) == before + 1


@dataclass
class ScreenshotFolder:
    """Saves pictures in docs, numbered by step; a page is shown whole up to a maximum height."""

    browser: Any
    stack: AppStack
    picture_count: int = 0

    async def look(self, officer: Officer, name: str) -> None:
        self.picture_count += 1
        await self._keep(officer, f"announce-{self.picture_count:02}-{name}-ru")

    async def around(self, name: str, officer_name: str, path: str) -> None:
        for language, scheme, width, suffix in LOOKS:
            officer = await Officer.at_work(
                self.browser,
                self.stack,
                officer_name,
                language,
                color_scheme=scheme,
                locale=language,
            )
            await officer.page.set_viewport_size({"width": width, "height": HEIGHT})
            await officer.page.goto(path)
            await self._keep(officer, f"announce-{name}-{suffix}")
            await officer.page.context.close()

    async def _keep(self, officer: Officer, name: str) -> None:
        page = officer.page
        size = dict(page.viewport_size)
        tall = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size(size | {"height": max(size["height"], min(tall, TALLEST))})
        await page.mouse.move(2, 2)
        await page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
        keep(name, Image.open(BytesIO(await page.screenshot())))
        await page.set_viewport_size(size)


async def draw() -> None:
    """Draw a picture of each step of an announcement."""
    async with stack("kosh_announcing", SETTINGS) as opened, launched(TIMES) as browser:
        scene = AnnouncementSetup(opened, browser, ScreenshotFolder(browser, opened))
        await scene.set()
        await announce(scene)


if __name__ == "__main__":
    asyncio.run(draw())
