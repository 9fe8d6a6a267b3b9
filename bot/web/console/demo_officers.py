"""Create the demo's data for the console: invented officers, working hours, canned replies."""

from datetime import time

from bot.cases import canned_replies, working_hours
from bot.cases.working_hours import MissionSettings, Shift
from bot.officers import directory
from bot.officers.directory import LastAdministrator, Officer
from bot.officers.permissions import Role
from bot.runtime import Runtime
from flows.knowledge.missions import GENERAL

ADMINISTRATOR = "Dana Testova"
OFFICERS = (
    ("Aigul Testova", (Role.OFFICER,)),
    ("Berik Testov", (Role.OFFICER,)),
    ("Marat Testov", (Role.OFFICER, Role.LEAD, Role.EDITOR)),
    ("Saule Testova", (Role.AUDITOR,)),
    ("Timur Testov", (Role.APPROVER,)),
    ("Zarina Testova", (Role.APPROVER,)),
)
READY = {
    "documents-today": {
        "kk": "Сұрағыңызды алдық. Құжаттарыңызды тексеріп, бүгін жауап береміз.",
        "ru": "Мы получили Ваш вопрос. Проверим документы и ответим сегодня.",
        "zh_Hans": "我们已收到您的问题。我们会核对文件，今天答复您。",
        "uz": "Savolingizni oldik. Hujjatlarni tekshirib, bugun javob beramiz.",
    },
    "photo-again": {
        "kk": "Фото анық емес. Құжатты жарық жерде қайта түсіріп жіберіңізші.",
        "ru": "Фото неразборчиво. Пожалуйста, снимите документ ещё раз при хорошем свете.",
        "zh_Hans": "照片不清楚。请在光线好的地方重新拍摄文件并发送。",
        "uz": "Surat aniq emas. Iltimos, hujjatni yorugʻ joyda qayta suratga olib yuboring.",
    },
}


async def enter(rt: Runtime) -> bool:
    """Create the demo's officers, working hours and canned replies.

    Return False and change nothing if an administrator already exists.
    """
    try:
        async with rt.pool.connection() as session:
            administrator = await directory.first(session, ADMINISTRATOR)
    except LastAdministrator:
        return False
    officers = [
        await directory.enter(rt, administrator, name, GENERAL, roles) for name, roles in OFFICERS
    ]
    await _set_desk(rt, next(each for each in officers if Role.LEAD in each.roles))
    return True


async def _set_desk(rt: Runtime, lead: Officer) -> None:
    week = tuple(Shift(day, time(0), time(0)) for day in range(7))
    desk = MissionSettings(GENERAL, "Asia/Almaty", week, first_minutes=120, next_minutes=60)
    await working_hours.put(rt, lead, desk)
    for name, texts in READY.items():
        await canned_replies.put(rt, lead, name, texts, 0)
