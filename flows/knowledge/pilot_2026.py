"""The pilot of 2026 (test, questionnaire, check, interview); the facts expire with it."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import Fact, Withheld

SINCE, UNTIL = date(2026, 2, 13), date(2026, 12, 31)

BASIS = Fact(
    key="pilot_2026.legal_basis",
    text=_(
        "A joint order of 30 January 2026 began a pilot for two services: the permit"
        " for permanent residence, and the kandas status with its extension."
    ),
    sources=(
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://prg.kz/lawyer/document/?doc_id=31760941",
    ),
    as_of=date(2026, 1, 30),
    since=SINCE,
    until=UNTIL,
)
START = Fact(
    key="pilot_2026.start",
    text=_("The pilot has applied since 13 February 2026."),
    sources=(
        "https://charter97.org/ru/news/2026/2/24/674811/",
        "https://dos-immigration.kz/en/news/changes-to-the-rules-for-obtaining-residence-permits-for-foreign-citizens-in-kazakhstan",
        "https://github.com/elorda-it/KieliSite",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)
COVERS = Fact(
    key="pilot_2026.covers_ethnic_kazakhs",
    text=_("The Minister said that the pilot applies to ethnic Kazakhs too."),
    sources=(
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
        "https://translation1.mil-osi.com/?p=17000",
    ),
    as_of=date(2026, 1, 8),
    since=SINCE,
    until=UNTIL,
)
TEST = Fact(
    key="pilot_2026.step_1_test",
    text=_(
        "A test of the Kazakh language at level {level} is taken remotely: listening and "
        "reading, about 70 minutes. The test can be taken again.",
        level="A1",
    ),
    sources=(
        "https://charter97.org/ru/news/2026/2/24/674811/",
        "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
        "https://holod.media/2026/02/24/kazahstan-rezko-uzhestochil/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)
QUESTIONNAIRE = Fact(
    key="pilot_2026.step_2_questionnaire",
    text=_(
        "After the language certificate comes a questionnaire on migration.enbek.kz:"
        " age, education, languages, work, skills, military service, health, criminal"
        " record, past deportation. You fill it in there yourself, never here."
    ),
    sources=(
        "https://charter97.org/ru/news/2026/2/24/674811/",
        "https://holod.media/2026/02/24/kazahstan-rezko-uzhestochil/",
        "https://news.mail.ru/politics/69967509/",
    ),
    as_of=date(2026, 2, 27),
    since=SINCE,
    until=UNTIL,
)
CHECK = Fact(
    key="pilot_2026.step_4_check",
    text=_("Then several authorities check together."),
    sources=(
        "https://charter97.org/ru/news/2026/2/24/674811/",
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)
INTERVIEW = Fact(
    key="pilot_2026.step_5_interview",
    text=_("There is an interview at the place of stay."),
    sources=(
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://charter97.org/ru/news/2026/2/24/674811/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)
TWO_TRACKS = Fact(
    key="pilot_2026.two_tracks",
    text=_(
        "People who want state support need the kandas status. They settle in a region that "
        "lacks workers and sign a social contract for five years. Others may ask for "
        "permanent residence on general grounds, without support."
    ),
    sources=(
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
        "https://translation1.mil-osi.com/?p=17000",
        "https://www.lada.kz/kazakhstan-news/147991-ot-vezda-do-vyezda-kazakhstan-zhiostko-meniaet-pravila-migratsii-do-2030-goda.html",
    ),
    as_of=date(2026, 1, 8),
    since=SINCE,
    until=UNTIL,
)
BEFORE_PERMIT = Fact(
    key="prp.pilot",
    text=_("The test, the questionnaire and the interview come before the residence permit too."),
    sources=(
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://charter97.org/ru/news/2026/2/24/674811/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)

PHASE = Fact(
    key="pilot_2026.phase",
    text=_(
        "A pilot runs in 2026. Four steps come before the kandas status and the residence permit: a"
        " language test, a questionnaire, a check by authorities and an interview."
    ),
    sources=(
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://charter97.org/ru/news/2026/2/24/674811/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
    ends=_(
        "The pilot is said to end on 31 December 2026. We have not found what applies after it. Ask"
        " an officer before you apply, pay or travel."
    ),
    ended=_(
        "The pilot of 2026 was said to end on 31 December 2026. We have not checked which steps"
        " apply now. Ask an officer before you apply, pay or travel."
    ),
)

PILOT = (
    BASIS,
    START,
    COVERS,
    TEST,
    QUESTIONNAIRE,
    CHECK,
    INTERVIEW,
    TWO_TRACKS,
    BEFORE_PERMIT,
)

PILOT_WITHHELD = (
    Withheld(
        key="pilot_2026.appendix_2_text",
        words=(
            "The text of appendix 2 (the kandas rules under the pilot) could not be opened"
            " here. Which ordinary kandas rules stay in force beside it is not known."
        ),
        sources=("https://adilet.zan.kz/rus/docs/G26G0000041",),
        as_of="2026-11-24",
    ),
    Withheld(
        key="pilot_2026.end",
        words=(
            "Due to run until 31 Dec 2026. What follows on 1 Jan 2027 was not found. (End"
            " date only in private sources, one of which cites the official text.)"
        ),
        sources=(
            "https://dos-immigration.kz/en/news/changes-to-the-rules-for-obtaining-residence-permits-for-foreign-citizens-in-kazakhstan",
            "https://github.com/elorda-it/KieliSite",
        ),
        as_of="2026-09-12",
    ),
    Withheld(
        key="pilot_2026.step_1_test_details",
        words=(
            "Told by a private guide only: KAZTEST at app.testcenter.kz, paid, 60"
            " questions, up to three paid attempts, 30-day ban for cheating. The bot must"
            " not state these."
        ),
        sources=("https://github.com/elorda-it/KieliSite",),
        as_of="2026-09-12",
    ),
    Withheld(
        key="pilot_2026.step_1_pass_mark",
        words=(
            "Pass mark is in conflict: press of Feb 2026 says at least 30% in each block; a"
            " private guide of Sept-Oct 2026 says 70% (14 of 20 listening, 28 of 40"
            " reading). The bot must not state a number."
        ),
        sources=(
            "https://charter97.org/ru/news/2026/2/24/674811/",
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
            "https://github.com/elorda-it/KieliSite",
        ),
        as_of="2026-10",
    ),
    Withheld(
        key="pilot_2026.step_1_price",
        words=(
            "Price of the A1 test not found (the separate citizenship exam cost 14,693 KZT"
            " in Feb 2026)."
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="pilot_2026.step_3_score",
        words=(
            'Step 3: automatic scoring. "At least 400 points" goes back to one press report'
            " (The Moscow Times, repeated by the others); the scoring table was not found."
            " The bot must not state a number."
        ),
        sources=(
            "https://charter97.org/ru/news/2026/2/24/674811/",
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
        ),
        as_of="2026-02-24",
    ),
    Withheld(
        key="pilot_2026.duration",
        words=(
            "The five steps are said to take up to 29 days and to end with a notice of"
            " conformity: the same one press report. Do not state a term (see"
            " review_term_conflict)."
        ),
        sources=(
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
            "https://charter97.org/ru/news/2026/2/24/674811/",
        ),
        as_of="2026-02-24",
    ),
    Withheld(
        key="pilot_2026.departure_consent",
        words=(
            "Press reports also mention a written consent of the state of citizenship to"
            " leave for permanent residence. An older list exempted ethnic Kazakhs from the"
            " PRC from that paper; whether the exemption survives is unknown."
        ),
        sources=(
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
            "https://adilet.zan.kz/rus/docs/V1500012880",
        ),
        as_of="2026-02-24",
    ),
    Withheld(
        key="pilot_2026.exemptions",
        words=(
            "Exemptions by age, for children or for disability were not found for this"
            " pilot. The exemption of ethnic Kazakhs from the CITIZENSHIP exam is a"
            " different rule; do not mix them."
        ),
        sources=(
            "https://www.zakon.kz/pravo/6504825-poluchenie-grazhdanstva-rk-utverzhdeny-pravila-testirovaniya-na-znanie-kazakhskogo-yazyka-i-istorii-kazakhstana.html",
        ),
        as_of="2026-01-19",
    ),
)
