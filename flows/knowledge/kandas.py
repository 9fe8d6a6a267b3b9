"""Facts about the kandas status, its extension, and the commission that examines ethnicity."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact, Withheld

DEFINITION = Fact(
    key="kandas_status.definition",
    text=_(
        "By law a kandas is an ethnic Kazakh, or a family member of Kazakh ethnicity. A "
        "kandas was never a citizen of Kazakhstan, has come to Kazakhstan and has received "
        "the status by the official procedure."
    ),
    sources=(
        "https://adilet.zan.kz/eng/docs/Z1100000477",
        "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
        "https://kaz.zakon.kz/kogam-tynysy/6066241-azastanda-andas-mrtebesn-alay-alua-bolady.html",
    ),
    as_of=date(2025, 8, 12),
)
CHANNELS = Fact(
    key="kandas_status.channels",
    text=_(
        "For the kandas status people apply through migration.enbek.kz, a mission"
        " abroad, the State Corporation or egov.kz."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
        "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
    ),
    as_of=date(2025, 10, 26),
)
EGOV = Fact(
    key="kandas_status.egov_needs",
    text=_(
        "To apply on egov.kz you need an IIN, and a digital signature or a password by text "
        "message. Files are PDF or JPEG; family members can be added to one application."
    ),
    sources=(
        "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
        "https://www.nitec.kz/en/news/public-service-assignment-or-extension-status-kandas-available-egovkz",
        "https://ru.ult.kz/2022/05/13/teper-status-kandas-mozhno-poluchit-cherez-portal-egov-kz",
    ),
    as_of=date(2022, 5, 13),
)
PLATFORM = Fact(
    key="registry_preregistration.platform",
    text=_(
        "Applications for the kandas status made on migration.enbek.kz are considered"
        " by the akimat of the place."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
    ),
    as_of=date(2025, 10, 26),
)
FEE = Fact(
    key="kandas_status.fee",
    text=_("Applying for the kandas status is free of charge. Nobody can sell it to you."),
    ended=_(
        "In 2026 applying for the kandas status was free of charge. We have not checked again."
        " Nobody can sell it to you."
    ),
    sources=(
        "https://oq.gov.kz/en/qazalemnews/1277",
        "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
        "https://www.nitec.kz/en/news/public-service-assignment-or-extension-status-kandas-available-egovkz",
    ),
    as_of=date(2025, 10, 26),
    about=About.FEE,
)
COMPLETENESS = Fact(
    key="kandas_status.completeness_check",
    text=_(
        "For the kandas status the akimat first checks whether the papers are complete. "
        "An incomplete set or expired papers are not accepted."
    ),
    sources=(
        "https://kaz24.info/item/25459-kak-budut-prisvaivat-status-kandasa-izmeneny-pravila",
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
    ),
    as_of=date(2025, 10, 26),
)
COMMISSION = Fact(
    key="kandas_status.commission",
    text=_("Then a commission considers the application and gives a recommendation."),
    sources=(
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
    ),
    as_of=date(2025, 10, 26),
)
DECISION = Fact(
    key="kandas_status.decision",
    text=_("After the commission the akimat decides."),
    sources=(
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        "https://oq.gov.kz/en/qazalemnews/1277",
    ),
    as_of=date(2025, 10, 26),
)
HEARING = Fact(
    key="kandas_status.hearing",
    text=_(
        "Before a refusal you receive a notice and can explain your case, online or in "
        "person. The hearing can be moved to another day for a valid reason."
    ),
    sources=(
        "https://oq.gov.kz/en/qazalemnews/1277",
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
    ),
    as_of=date(2025, 10, 26),
)
VALIDITY = Fact(
    key="kandas_status.validity",
    text=_(
        "The kandas status is given for one year and ends when citizenship is acquired."
        " Please look at the date on your paper."
    ),
    sources=(
        "https://jjtv.kz/en/news/society/32026-kazakhstan-to-simplify-procedure-for-obtaining-residence-permit-for-ethnic-kazakhs",
        "https://almaty.tv/ru/news/obschestvo/1525-kak-poluchit-status-kandas-za-tri-dnya",
    ),
    as_of=date(2023, 1, 1),
    dated=Dated.YEAR,
)
CERTIFICATE = Fact(
    key="kandas_status.identity_card",
    text=_("A person with the status receives a kandas certificate."),
    sources=(
        "https://kaz.zakon.kz/kogam-tynysy/6066241-azastanda-andas-mrtebesn-alay-alua-bolady.html",
        "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
    ),
    as_of=date(2025, 8, 12),
)
ABROAD_CONSENT = Fact(
    key="kandas_status.abroad_consent",
    text=_(
        "If a mission passed a consent of the akimat on to you, attach a copy of it"
        " when you apply in Kazakhstan."
    ),
    sources=("https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",),
    as_of=COLLECTED,
    dated=Dated.READ,
)
EXTENSION = Fact(
    key="kandas_extension.term",
    text=_("The kandas status can be extended once, for up to 6 months."),
    sources=(
        "https://oq.gov.kz/en/qazalemnews/1277",
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
    ),
    as_of=date(2025, 10, 26),
)
EXTENSION_PAPERS = Fact(
    key="kandas_extension.documents",
    text=_(
        "For the extension you need an application and a copy of the kandas status given "
        "before. The extension is meant for people who are acquiring citizenship by the "
        "simplified procedure."
    ),
    sources=("https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",),
    as_of=COLLECTED,
    dated=Dated.READ,
)
WHERE_TO_LIVE = Fact(
    key="kandas_status.where_to_live",
    text=_(
        "Must people with the kandas status live in certain regions? Sources disagree. In November"
        " 2025 the state news agency wrote that they choose freely, by law. A press guide of"
        " February 2026 says that they must live in certain regions."
    ),
    sources=(
        "https://cn.inform.kz/news/nian13guorendetong-e56958/",
        "https://news.mail.ru/politics/69967509/",
        "https://ru.200.news/2026/02/12/predostavlenie-ili-prodlenie-statwsa-kandasa.html",
    ),
    as_of=date(2026, 2, 27),
)
GROUNDS = Fact(
    key="kandas_status.grounds",
    text=_(
        "From July 2023 the labour ministry named five conditions for the kandas status. We saw"
        " three of them. One is a region of the quota. Another is a place that needs more people."
        " The third is close relatives there who are citizens of Kazakhstan. Kinship is then"
        " proved, and housing found or agreed before a notary. We have not checked whether this"
        " still applies."
    ),
    sources=(
        "https://7kun.kz/ru/news/bolee-105-tys-etniceskih-kazahov-polucili-status-kandasa-po-novym-usloviam",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    checked=date(2026, 11, 29),
)
ROLE = Fact(
    key="nationality_commission.role",
    text=_(
        "If no paper says that you are Kazakh, you need a recommendation. The commission that"
        " establishes Kazakh ethnicity gives it."
    ),
    sources=(
        "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        "https://www.tema-kz.net/novosti-kazakhstana/item/104406-esli-voznikayut-somneniya-dnk-test-pri-poluchenii-statusa-kandasa-predlozhili-vvesti-v-kazahstane",
    ),
    as_of=date(2025, 10, 17),
)

KANDAS = (
    DEFINITION,
    CHANNELS,
    EGOV,
    PLATFORM,
    FEE,
    COMPLETENESS,
    COMMISSION,
    DECISION,
    HEARING,
    VALIDITY,
    CERTIFICATE,
    ABROAD_CONSENT,
    EXTENSION,
    EXTENSION_PAPERS,
    WHERE_TO_LIVE,
    GROUNDS,
    ROLE,
)

KANDAS_WITHHELD = (
    Withheld(
        key="kandas_status.name_change",
        words=(
            '"Oralman" became "kandas" by Law 327-VI of 13 May 2020, from 1 Jan 2021. Old'
            " papers and old sites still say oralman."
        ),
        sources=("https://cis-legislation.com/document.fwx?rgn=46151",),
        as_of="2021-01-01",
        verified=True,
    ),
    Withheld(
        key="kandas_status.rules",
        words=(
            "Rules approved by order No. 329-ө-м of 22 July 2013 (reg. No. 8624), last seen"
            " amendment 10 Oct 2025, in force 26 Oct 2025."
        ),
        sources=(
            "https://adilet.zan.kz/kaz/docs/V1300008624",
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://oq.gov.kz/en/qazalemnews/1277",
        ),
        as_of="2025-10-26",
        verified=True,
    ),
    Withheld(
        key="kandas_status.review_term_conflict",
        words=(
            "Terms in sources differ: 3 + 3 working days (rules of Oct 2025), 30 working"
            " days (State Corporation, Aug 2025), 35 days in practice (Dec 2023), 4 working"
            " days (2021-2022), and up to 29 days for the pilot assessment (2026). The bot"
            ' may say only "the time limit is set by the rules and may change; the officer'
            ' will tell you".'
        ),
        sources=(
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
            "https://tirek.info/pochemu-v-kazahstane-uslozhnili-poluchenie-statusa-kandasa/",
            "https://kazlenta.kz/39161-dlya-kandasov-uproschen-poryadok-polucheniya-gosuslug-po-oformleniyu-grazhdanstva-kazahstana.html",
            "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
        ),
        as_of="2026-02-24",
    ),
    Withheld(
        key="kandas_status.citizenship_kept",
        words="Foreign citizenship is kept while the status lasts.",
        sources=("https://github.com/elorda-it/KieliSite",),
        as_of="2026-09-12",
    ),
    Withheld(
        key="kandas_status.refusal_grounds",
        words=(
            "The exact list of refusal grounds in the rules was not read. Known: the person"
            " does not meet the definition; incomplete or expired papers; false data is a"
            " usual ground in Kazakh services (not checked here)."
        ),
        sources=(
            "https://kaz24.info/item/25459-kak-budut-prisvaivat-status-kandasa-izmeneny-pravila",
        ),
        as_of="2023",
    ),
    Withheld(
        key="kandas_status.loss",
        words="Grounds for losing the status other than acquiring citizenship were not read.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="kandas_status.appeal",
        words=(
            "Beyond the hearing, the appeal route (higher body, then court under the"
            " Administrative Procedure Code) was not read in the rules."
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="kandas_status.abroad_pilot",
        words=(
            "An earlier pilot took applications through embassies in Turkmenistan,"
            " Mongolia, China, Iran and Afghanistan (visa-regime states at that time); more"
            " than 770 applications."
        ),
        sources=(
            "https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",
        ),
        as_of="2023",
        verified=True,
    ),
    Withheld(
        key="kandas_status.draft_nov_2025",
        words=(
            "In Nov 2025 the Labour Ministry published a draft that changes the check of"
            " applicants for compromising information, adaptation centres, the commission,"
            " quota inclusion, voluntary resettlement, the way Kazakh nationality is"
            " determined and the issue of the Ata Zholy card. Whether it was adopted was"
            " not found, so older facts on these points may be out of date. (For developers"
            " and editors, not for users.)"
        ),
        sources=(
            "https://kaz.zakon.kz/kogam-tynysy/6072078-ata-zholy-kartasyn-alu-trtbnde-zhne-andastardy-onys-audaruda-zhaalytar.html",
            "https://www.lada.kz/kazakhstan-news/146495-kto-imeet-pravo-nazyvatsia-kazakhom-mintruda-meniaet-pravila-dlia-kandasov.html",
        ),
        as_of="2025-11-30",
        verified=True,
    ),
    Withheld(
        key="kandas_extension.decision",
        words="Decided within 2 working days; the answer comes through e-government.",
        sources=("https://oq.gov.kz/en/qazalemnews/1277",),
        as_of="2025-10-26",
        verified=True,
    ),
    Withheld(
        key="nationality_commission.members",
        words=(
            "Members named in Jan 2024: employment coordination, education, internal"
            " policy, police, National Security Committee, experts on nationality."
        ),
        sources=(
            "https://www.tema-kz.net/novosti-kazakhstana/item/104406-esli-voznikayut-somneniya-dnk-test-pri-poluchenii-statusa-kandasa-predlozhili-vvesti-v-kazahstane",
            "https://www.ng.kz/modules/news/article.php?storyid=51278",
        ),
        as_of="2024-01-26",
        verified=True,
    ),
    Withheld(
        key="nationality_commission.dna",
        words=(
            "DNA test: proposed in Jan 2024 for cases of doubt; a draft put it at the"
            " applicant's expense; one outlet of 2025 says the idea was dropped for now;"
            " the seed article of July 2025 says it is required when papers are missing. No"
            " rule in force was found. The bot must never tell anyone to take or buy a DNA"
            " test."
        ),
        sources=(
            "https://www.ng.kz/modules/news/article.php?storyid=51278",
            "https://www.tema-kz.net/novosti-kazakhstana/item/104406-esli-voznikayut-somneniya-dnk-test-pri-poluchenii-statusa-kandasa-predlozhili-vvesti-v-kazahstane",
            "https://kambeta.business-gazeta.ru/article/635432",
            "seed article of the project (July 2025, French)",
        ),
        as_of="2025-07",
    ),
    Withheld(
        key="nationality_commission.interview_traditions",
        words=(
            "An interview about language, descent and traditions is described in the seed only."
        ),
        sources=("seed article of the project (July 2025, French)",),
        as_of="2025-07",
    ),
    Withheld(
        key="nationality_commission.court_archive",
        words=(
            "A court decision or an archive reference as proof of ethnicity was not found"
            ' in the rules; "other official documents of special bodies of the country of'
            ' origin" is the wording that could cover it.'
        ),
        sources=(
            "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
        ),
        as_of="2025-10-17",
    ),
)
