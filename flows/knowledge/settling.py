"""Facts about the residence permit, citizenship, and the rights of kandas."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact, Withheld

SOLVENCY = Fact(
    key="prp.solvency",
    text=_(
        "Ethnic Kazakhs and their families need not prove their means for the residence permit."
    ),
    sources=(
        "https://egov.kz/cms/en/services/009pass_mvd",
        "https://new.wpk.kz/migration_document_storage_en",
        "https://adilet.zan.kz/eng/docs/Z1100000477",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
)
FROM_INSIDE_ENDED = _(
    "We have not checked again who may apply from inside Kazakhstan. Ask an officer before your"
    " stay ends."
)
ANY_VISA = Fact(
    key="prp.any_visa",
    text=_(
        "Ethnic Kazakhs may apply for the residence permit with any visa. An agreement on"
        " visa-free entry is enough too. Once you apply, the law provides a visa or temporary"
        " permit, at most 90 days."
    ),
    ended=FROM_INSIDE_ENDED,
    sources=(
        "https://zakonpravo.kz/en/article-7-obtaining-a-permanent-residence-permit-in-the-republic-of-kazakhstan-the-law-on-population-migration",
        "https://shymkent.invest.gov.kz/invest-guide/arrival/residence-permit-citizenship/",
        "https://adilet.zan.kz/eng/docs/Z1100000477",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
# Unlike ANY_VISA, this fact mentions no agreement on visa-free entry, because none with Iran was
# found.
IR_ANY_VISA = Fact(
    key="ir.any_visa",
    countries=frozenset({"IR"}),
    text=_(
        "Ethnic Kazakhs from Iran may apply for the residence permit with any visa. Once you apply,"
        " the law provides a visa or temporary permit, at most 90 days."
    ),
    ended=FROM_INSIDE_ENDED,
    sources=ANY_VISA.sources,
    as_of=ANY_VISA.as_of,
    dated=ANY_VISA.dated,
    about=ANY_VISA.about,
)
CARD = Fact(
    key="residence_card.term",
    text=_("With the permit, the residence card of a foreigner is issued from the age of 16."),
    sources=("https://www.gov.kz/situations/149/intro?lang=en",),
    as_of=COLLECTED,
    dated=Dated.READ,
)
COMBINED = Fact(
    key="citizenship_simplified.combined",
    text=_(
        "Kandas without permanent registration ask the head of the police department"
        " for the residence permit and for citizenship together."
    ),
    sources=("https://oq.gov.kz/en/kandastar",),
    as_of=COLLECTED,
    dated=Dated.READ,
)
EXAM = Fact(
    key="citizenship_simplified.exam",
    text=_(
        "For citizenship, ethnic Kazakhs and minors are exempt from the exam in the"
        " Kazakh language, the Constitution and history."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6504825-poluchenie-grazhdanstva-rk-utverzhdeny-pravila-testirovaniya-na-znanie-kazakhskogo-yazyka-i-istorii-kazakhstana.html",
        "https://www.inform.kz/ru/poluchenie-grazhdanstva-rk-utverzhden-poryadok-testirovaniya-pretendentov-916c93",
    ),
    as_of=date(2026, 1, 19),
)
NO_DUAL = Fact(
    key="citizenship_simplified.no_dual",
    text=_("Kazakhstan does not allow dual citizenship: you cannot be a citizen of two countries."),
    ended=_(
        "In 2026 Kazakhstan did not allow dual citizenship. We have not checked again: ask the"
        " migration service."
    ),
    sources=(
        "https://www.adilet.zan.kz/kaz/docs/Z910004800_",
        "https://oq.gov.kz/en/kandastar",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
)
STATELESS = Fact(
    key="citizenship_simplified.stateless_risk",
    text=_(
        "People who gave up their citizenship too early were left without any, and without papers."
    ),
    sources=("https://unsdg.un.org/latest/stories/kazakhstan-lifting-shadows-statelessness",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.HISTORY,
)
MISSIONS_CITIZENSHIP = Fact(
    key="citizenship_simplified.missions",
    text=_(
        "Missions take applications for citizenship from those who live abroad"
        " permanently, for a consular fee. Foreign papers must be legalised unless a"
        " treaty says otherwise."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6495305-obnovleny-pravila-rassmotreniya-zayavleniy-po-voprosam-grazhdanstva-v-posolstvakh-rk.html",
        "https://www.zakon.kz/pravo/6494047-prezident-obnovil-funktsii-konsulov-kasayushchiesya-voprosov-grazhdanstva.html",
    ),
    as_of=date(2025, 10, 23),
)
ADAPTATION = Fact(
    key="adaptation_services.what",
    text=_(
        "Adaptation centres give free help, such as courses of language and law, and"
        " temporary housing where there is a centre."
    ),
    sources=(
        "https://adilet.zan.kz/eng/docs/Z1100000477",
        "https://oq.gov.kz/en/news/1458",
        "http://aq-qara.kz/ru/aleumet/item/3516-v-shymkent-s-nachala-goda-pereselilos-okolo-500-soplemennikov",
    ),
    as_of=date(2026, 1, 21),
    about=About.RIGHTS,
)
HEALTH = Fact(
    key="other_rights.health",
    text=_("Kandas are covered by the guaranteed free medical care."),
    sources=("https://oq.gov.kz/en/news/1458",),
    as_of=date(2026, 1, 21),
    about=About.RIGHTS,
)
SCHOOL = Fact(
    key="other_rights.school",
    text=_("Children are taken into kindergarten and school on equal terms."),
    sources=(
        "https://adilet.zan.kz/eng/docs/Z1100000477",
        "https://oq.gov.kz/en/news/1458",
    ),
    as_of=date(2026, 1, 21),
    about=About.RIGHTS,
)
GRANTS = Fact(
    key="other_rights.education_quota",
    text=_(
        "4% of the study grants are for ethnic Kazakhs who are not citizens; there are"
        " about 1300 preparatory places a year."
    ),
    sources=("https://oq.gov.kz/en/news/1458",),
    as_of=date(2026, 1, 21),
    about=About.RIGHTS,
)
CUSTOMS = Fact(
    key="other_rights.customs",
    text=_("Personal belongings are exempt from customs duty."),
    sources=(
        "https://www.nitec.kz/en/news/service-inclusion-regional-quota-kandas-admission-available-egovkz-portal-and-egov-mobile-app",
        "https://adilet.zan.kz/eng/docs/Z1100000477",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
WORK = Fact(
    key="other_rights.work",
    text=_("Kandas work and are socially protected on equal terms."),
    sources=(
        "https://adilet.zan.kz/eng/docs/Z1100000477",
        "https://oq.gov.kz/en/news/1458",
    ),
    as_of=date(2026, 1, 21),
    about=About.RIGHTS,
)
HOUSING_LIST = Fact(
    key="other_rights.housing_queue",
    text=_("Kandas can be put on the national list of people who need housing."),
    sources=(
        "https://www.zakon.kz/pravo/6507024-izmenilis-pravila-postanovki-na-uchet-nuzhdayushchikhsya-v-zhile.html",
    ),
    as_of=date(2026, 2, 6),
    about=About.RIGHTS,
)
LAND = Fact(
    key="other_rights.land",
    text=_("Farm land can be leased for up to 5 years."),
    sources=("https://oq.gov.kz/en/news/998",),
    as_of=date(2024, 2, 14),
    about=About.RIGHTS,
)
PENSION = Fact(
    key="other_rights.pension",
    text=_("Pensions depend on papers and treaties; an officer can look at your case."),
    sources=(
        "https://adilet.zan.kz/rus/docs/P2400000441",
        "https://rus.azattyq.org/a/31337056.html",
    ),
    as_of=date(2024, 1, 1),
    dated=Dated.YEAR,
    about=About.RIGHTS,
)

SETTLING = (
    SOLVENCY,
    ANY_VISA,
    IR_ANY_VISA,
    CARD,
    COMBINED,
    EXAM,
    NO_DUAL,
    STATELESS,
    MISSIONS_CITIZENSHIP,
    ADAPTATION,
    HEALTH,
    SCHOOL,
    GRANTS,
    CUSTOMS,
    WORK,
    HOUSING_LIST,
    LAND,
    PENSION,
)


SETTLING_WITHHELD = (
    Withheld(
        key="prp.sequence",
        words=(
            "Otandastar gives this order for newcomers: IIN, kandas status, permanent"
            " residence permit, residence card, regional quota, one-time payment,"
            " citizenship. (In conflict; El.kz (27 Feb 2026) puts the residence permit"
            " first, Otandastar kandas status first. Show both orders only with an"
            " officer.)"
        ),
        sources=("https://oq.gov.kz/en/movein",),
        as_of="undated",
    ),
    Withheld(
        key="prp.documents",
        words=(
            "The ministry's list of 16 Oct 2025: questionnaire application; passport (copy and"
            " original); proof of means (not from ethnic Kazakhs); certificate of no conviction;"
            " notarised consent of a child of 14 to 18; paper about the home; medical certificate"
            " form 028/у; photo; receipt for the fee. The older page of egov.kz (with a notice of"
            " the quarantine of 2020) adds an autobiography and a passport valid more than 180"
            " days. Fingerprints are on neither list."
        ),
        sources=(
            "https://www.zakon.kz/obshestvo/6494496-kak-oformit-vid-na-zhitelstvo-v-kazakhstane-instruktsiya.html",
            "https://egov.kz/cms/en/services/009pass_mvd",
        ),
        as_of="2025-10-16",
        verified=True,
    ),
    Withheld(
        key="prp.term",
        words=(
            "Terms differ: 45 calendar days (2021), up to 90 calendar days (law site),"
            " pilot assessment up to 29 days before it."
        ),
        sources=(
            "https://kazlenta.kz/39161-dlya-kandasov-uproschen-poryadok-polucheniya-gosuslug-po-oformleniyu-grazhdanstva-kazahstana.html",
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
        ),
        as_of="2026-02-24",
    ),
    Withheld(
        key="prp.refusal",
        words=(
            "Article 49 of the law: illegal arrival, prosecution abroad, sentence served"
            " with residence abroad, crimes against humanity, no proof of solvency (not for"
            " kandas), false data and others; the current list was not read."
        ),
        sources=("https://adilet.zan.kz/eng/docs/Z1100000477",),
        as_of="undated",
    ),
    Withheld(
        key="prp.fee",
        words=(
            "4 MCI since 1 Jan 2022 (12,252 KZT then). A Tax Code of 2026 replaced those rates; its"
            " rate for this permit was not seen. Do not state it."
        ),
        sources=(
            "https://prg.kz/accountant/document/?doc_id=38375540",
            "https://www.zakon.kz/pravo/6502141-za-kakie-dokumenty-i-razresheniya-nado-platit-gosudarstvennuyu-poshlinu--i-kakovy-stavki.html",
        ),
        as_of="2021-12-13",
    ),
    Withheld(
        key="residence_card.validity",
        words="10 years is usual (private answers); not checked.",
        as_of="2025-02-20",
    ),
    Withheld(
        key="citizenship_simplified.documents",
        words=(
            "Questionnaire (appendix 7-1), notarised statement of giving up the former"
            " citizenship, commitment under article 1 of the law, passport (copy and"
            " original) or stateless paper, birth certificate or other identity paper of a"
            " child under 16."
        ),
        sources=("https://oq.gov.kz/en/kandastar",),
        as_of="undated",
        verified=True,
    ),
    Withheld(
        key="citizenship_simplified.term_fee",
        words="Term and state fee for kandas not verified.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="citizenship_simplified.china_apostille",
        words=(
            "In 2024 kandas from China were told to bring apostilled Chinese papers for"
            " citizenship and feared going back for them."
        ),
        sources=(
            "https://rus.azattyq.org/a/kazakhstan-kandas-ethnic-kazakhs-from-china-citizenship-apostille/32880660.html",
        ),
        as_of="2024",
        verified=True,
    ),
    Withheld(
        key="adaptation_services.shymkent",
        words=(
            "The Shymkent centre gives services for 6 months and housed 29 people of 14"
            " families at the time of the report. (Undated local report.)"
        ),
        sources=(
            "http://aq-qara.kz/ru/aleumet/item/3516-v-shymkent-s-nachala-goda-pereselilos-okolo-500-soplemennikov",
        ),
        as_of="undated",
    ),
    Withheld(
        key="adaptation_services.list",
        words="A current list of centres and addresses was not found.",
        as_of="2026-11-24",
    ),
)
