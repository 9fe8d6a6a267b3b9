"""Facts about the pilot project of 2026 for permanent residence permit and kandas status.

Its stages are a test, a questionnaire, a check and an interview. The facts expire with the pilot.
"""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import About, Dated, Fact, Withheld

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
    text=_(
        "In 2026 a language test, questionnaire, check and interview come before the residence"
        " permit."
    ),
    sources=(
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://charter97.org/ru/news/2026/2/24/674811/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)

TEST_FIRST = Fact(
    key="pilot_2026.test_first",
    text=_("In the pilot of 2026 a language test, questionnaire, check and interview come first."),
    sources=(
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://charter97.org/ru/news/2026/2/24/674811/",
    ),
    as_of=date(2026, 2, 24),
    since=SINCE,
    until=UNTIL,
)
CERTIFICATE = Fact(
    key="pilot_2026.certificate_listed",
    text=_(
        "An unofficial list of papers for the residence permit names a certificate of immigrants'"
        " assessment. The list is for computer specialists. We have not found whether others need"
        " the certificate: ask the migration police."
    ),
    sources=(
        "https://wheretoemigrate.io/guide/programs/kazakhstan/permanent-settlement-kazakhstan-nm-2c684e5735/",
    ),
    as_of=date(2026, 11, 29),
    dated=Dated.READ,
    since=SINCE,
    until=UNTIL,
    about=About.PAPERS,
)
BINDS = Fact(
    key="pilot_2026.binds",
    text=_(
        "The order of the pilot is for immigrants who come to live in Kazakhstan permanently. The"
        " order covers the residence permit, the kandas status and its extension. We have found no"
        " exemption for relatives, children or older people. We have not found what applies to"
        " applications made before 13 February 2026. Do you live here already? Ask an officer"
        " whether the order applies to you."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://prg.kz/lawyer/document/?doc_id=31760941",
    ),
    as_of=date(2026, 2, 16),
    since=SINCE,
    until=UNTIL,
)
EXTENSION = Fact(
    key="pilot_2026.extension",
    text=_(
        "The order of the pilot names the extension of the kandas status too. A private page says"
        " that the language test comes before an extension as well. Ask an officer before you"
        " apply."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://github.com/elorda-it/KieliSite",
    ),
    as_of=date(2026, 2, 16),
    since=SINCE,
    until=UNTIL,
)
# Only shown after SAFETY_FIRST, because the state that the person leaves issues this paper.
CONSENT = Fact(
    key="prp.consent",
    text=_(
        "In the pilot the residence permit takes your country's written consent to the move."
        " Another paper that shows this permission can replace it. We have not found whom the rules"
        " exempt. Russia's consulate says that Russia issues no such paper. Talk to an officer"
        " before you ask your country for it."
    ),
    ended=_(
        "In 2026 the residence permit took your country's written consent to the move. We have not"
        " checked again. Talk to an officer before you ask your country for it."
    ),
    sources=(
        "https://www.zakon.kz/obshestvo/6510008-rossiyanam-dlya-pmzh-v-kazakhstane-nuzhen-dokument-kotorogo-net-v-rossii.html",
        "https://www.lada.kz/kazakhstan-news/150173-kazakhstan-trebuet-u-rossiian-dlia-vnzh-dokument-kotorogo-ne-sushchestvuet-v-prirode.html",
    ),
    as_of=date(2026, 3, 5),
    since=SINCE,
    until=UNTIL,
    about=About.PAPERS,
)

PHASE = Fact(
    key="pilot_2026.phase",
    text=_(
        "A pilot runs in 2026. Before the kandas status or the residence permit come a language"
        " test and a questionnaire. A check by authorities and an interview come before it too."
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
        "A pilot began in 2026. We have not checked whether it has ended and which steps apply now."
        " Ask an officer before you apply, pay or travel."
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
# Facts about the pilot that do not describe one of its stages.
BESIDE_THE_STAGES = (TEST_FIRST, CERTIFICATE, BINDS, EXTENSION, CONSENT)

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
            "Pass mark is in conflict: press of Feb 2026 and an undated page say at least 30% in"
            " each block; a private guide of Sept-Oct 2026 says 70% (14 of 20 listening, 28 of 40"
            " reading). A draft of rules for this kind of test names 30% to 70%. The bot must not"
            " state a number: it says that sources disagree."
        ),
        sources=(
            "https://charter97.org/ru/news/2026/2/24/674811/",
            "https://internationalinvestment.biz/en/migration/7750-new-rules-for-kazakhstan-residency-permits-2026-language-points-system-and-financial-threshold.html",
            "https://orda.kz/novye-pravila-testirovanija-na-znanie-kazahskogo-jazyka-razrabotali-dlja-gossluzhaschih-385175",
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
        key="pilot_2026.certificate",
        words=(
            "One law firm (acsour.kz, 18 May 2026) says that the steps end in a screening"
            " certificate, valid for a year, without which no office takes the application, and"
            " that the check takes 20 working days; its page was not seen again. A private list for"
            " IT specialists names such a certificate too (`CERTIFICATE`)."
        ),
        as_of="2026-05-18",
    ),
    Withheld(
        key="pilot_2026.regions_and_level",
        words=(
            "One firm (after 13 Apr 2026) says that level B1 is asked and that permits are applied"
            " for in seven regions only. Four other sources of 2026 keep A1 and name no regions."
            " Ask the ministry before saying either."
        ),
        sources=("https://konsugroup.com/en/news/residence-permits-rules-kazakhstan-2026/",),
        as_of="2026-04",
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
