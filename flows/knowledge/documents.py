"""Documents: their purpose, where to get each, and conditions for offices to accept it."""

from dataclasses import dataclass, replace
from datetime import date

from flows.engine.text import Text, _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact, Withheld
from flows.knowledge.where_to_get import AKIMAT, APPLYING, OFFICE, PORTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that an office asks for.

    `fact` tells its purpose, `where` tells where to get it. `where` is a fact if it names a body of
    Kazakhstan, because such a body can change. A `translated` document must be translated into
    Kazakh or Russian. A `confirmed` document needs an apostille or a legalisation, depending on the
    country that issued it. If `where` is `HOME`, only the issuing country has the document.
    """

    name: Text
    fact: Fact
    where: Text | Fact
    translated: bool = False
    confirmed: bool = False

    @property
    def key(self) -> str:
        return self.fact.key

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the facts about the document's purpose and about where to get it."""
        return (self.fact, self.where) if isinstance(self.where, Fact) else (self.fact,)


YOURSELF = _("You write this paper yourself.")
HOME = _("Where: from the body of the country that issues it.")
OWN = _("Where: among your own papers.")
NOTARY = _("Where: at a notary.")
TESTS = _("Where: we have not found where to register for this test. Ask an officer.")
WORK = _("Where: from the employer, school or university.")
OWNER = _("Where: from the owner of the home.")
ASK_OFFICE = _("Where to pay: ask the office before you pay.")
PHOTOGRAPHER = _("Where: at any photographer.")
# Translators: "it" is the IIN, a number that only offices in Kazakhstan give.
NO_JOURNEY = _(
    "Are you still abroad? Do not travel only for it: ask an officer or a mission first."
)

LAST_DAY_2026 = date(2026, 12, 31)

IIN = Document(
    name=_("Individual identification number (IIN)"),
    fact=Fact(
        key="documents.iin",
        text=_("You need the IIN to apply online."),
        sources=(
            "https://oq.gov.kz/en/movein",
            "https://ru.ult.kz/2022/05/13/teper-status-kandas-mozhno-poluchit-cherez-portal-egov-kz",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=OFFICE,
)
KAZTEST = Document(
    name=_(
        "Certificate of the Kazakh language test, level {level}",
        level="A1",
    ),
    fact=Fact(
        key="documents.kaztest_certificate",
        text=_("In the pilot of 2026 the certificate comes before the questionnaire."),
        sources=(
            "https://charter97.org/ru/news/2026/2/24/674811/",
            "https://github.com/elorda-it/KieliSite",
        ),
        as_of=date(2026, 2, 24),
        since=date(2026, 2, 13),
        until=LAST_DAY_2026,
        about=About.PAPERS,
    ),
    where=TESTS,
)
PILOT_QUESTIONNAIRE = Document(
    name=_("Questionnaire on migration.enbek.kz"),
    fact=Fact(
        key="documents.pilot_questionnaire",
        text=_("You fill in the questionnaire there yourself, after the language certificate."),
        sources=(
            "https://cis-legislation.com/document.fwx?rgn=173478",
            "https://charter97.org/ru/news/2026/2/24/674811/",
            "https://news.mail.ru/politics/69967509/",
        ),
        as_of=date(2026, 2, 27),
        since=date(2026, 2, 13),
        until=LAST_DAY_2026,
        about=About.PAPERS,
    ),
    where=PORTAL,
)
APPLICATION = Document(
    name=_("Application on the official form"),
    fact=Fact(
        key="documents.application_kandas",
        text=_("One application can carry the whole family."),
        sources=(
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
            "https://ru.ult.kz/2022/05/13/teper-status-kandas-mozhno-poluchit-cherez-portal-egov-kz",
        ),
        as_of=date(2025, 10, 26),
        about=About.PAPERS,
    ),
    where=APPLYING,
)
# A ticked application for the status says nothing about the later one.
EXTENSION_APPLICATION = replace(
    APPLICATION, fact=replace(APPLICATION.fact, key="documents.application_extension")
)
AUTOBIOGRAPHY = Document(
    name=_("Autobiography in free form"),
    fact=Fact(
        key="documents.autobiography",
        text=_("This is the only paper that is not given back. Do not write it in this chat."),
        sources=(
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
            "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        ),
        as_of=date(2025, 10, 26),
        about=About.PAPERS,
    ),
    where=YOURSELF,
)
IDENTITY = Document(
    name=_("Identity document: passport, ID card or the paper of a stateless person"),
    fact=Fact(
        key="documents.id_document",
        text=_(
            "A copy for you and one for each family member who applies. Show the original; "
            "you get it back."
        ),
        sources=(
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
            "https://egov.kz/cms/en/services/009pass_mvd",
        ),
        as_of=date(2025, 10, 26),
        about=About.PAPERS,
    ),
    where=OWN,
)
TRANSLATION = Document(
    name=_("Translation of the identity document"),
    fact=Fact(
        key="documents.id_translation",
        text=_(
            "Into Kazakh or Russian, attested by a notary, if the document is in another"
            " language. Ask an officer whether a translation made abroad is taken."
        ),
        sources=(
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        ),
        as_of=date(2025, 10, 26),
        about=About.PAPERS,
    ),
    where=NOTARY,
)
ETHNICITY = Document(
    name=_("Papers that show Kazakh ethnicity"),
    fact=Fact(
        key="documents.nationality_proof",
        text=_(
            "For example a birth certificate, a passport or another official paper that states it."
        ),
        sources=(
            "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        ),
        as_of=date(2025, 10, 26),
        about=About.PAPERS,
    ),
    where=HOME,
    translated=True,
    confirmed=True,
)
RECOMMENDATION = Document(
    name=_("Recommendation of the commission"),
    fact=Fact(
        key="documents.commission_recommendation",
        text=_(
            "You need the recommendation if no paper says that you are Kazakh. Do not pay "
            "anyone to prove it for you: an officer can explain what to do."
        ),
        sources=(
            "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        ),
        as_of=date(2025, 10, 17),
        about=About.PAPERS,
    ),
    where=AKIMAT,
)
BIRTH = Document(
    name=_("Birth certificate of each child"),
    fact=Fact(
        key="documents.birth_certificate_child",
        text=_(
            "A child under 16 may have it as the only identity paper. If there is none, an"
            " officer can help."
        ),
        sources=(
            "https://oq.gov.kz/en/kandastar",
            "https://egov.kz/cms/en/services/009pass_mvd",
            "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=HOME,
    translated=True,
    confirmed=True,
)
MARRIAGE = Document(
    name=_("Marriage certificate"),
    fact=Fact(
        key="documents.marriage_certificate",
        text=_("The certificate shows that two people are married."),
        sources=(
            "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
            "https://oq.gov.kz/en/kandastar",
        ),
        as_of=date(2025, 8, 12),
        about=About.PAPERS,
    ),
    where=HOME,
    translated=True,
    confirmed=True,
)
KINSHIP = Document(
    name=_("Proof of kinship"),
    fact=Fact(
        key="documents.kinship_proof",
        text=_("For family members, depending on why you move."),
        sources=(
            "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
            "https://kaz.zakon.kz/kogam-tynysy/6066241-azastanda-andas-mrtebesn-alay-alua-bolady.html",
        ),
        as_of=date(2025, 8, 12),
        about=About.PAPERS,
    ),
    where=HOME,
    translated=True,
    confirmed=True,
)
PURPOSE = Document(
    name=_("Labour contract, or a certificate from a school or university"),
    fact=Fact(
        key="documents.purpose_documents",
        text=_("Only for some reasons for moving."),
        sources=(
            "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
            "https://kaz.zakon.kz/kogam-tynysy/6066241-azastanda-andas-mrtebesn-alay-alua-bolady.html",
        ),
        as_of=date(2025, 8, 12),
        about=About.PAPERS,
    ),
    where=WORK,
)
HOME_CONSENT = Document(
    name=_("Consent of the home owner, attested by a notary"),
    fact=Fact(
        key="documents.housing_consent",
        text=_("Only if you will live in somebody else's home."),
        sources=(
            "https://ru.200.news/2026/02/12/predostavlenie-ili-prodlenie-statwsa-kandasa.html",
            "https://egov.kz/cms/en/services/009pass_mvd",
        ),
        as_of=date(2026, 2, 12),
        about=About.PAPERS,
    ),
    where=NOTARY,
)
MISSION_CONSENT = Document(
    name=_("Copy of the consent received through a mission"),
    fact=Fact(
        key="documents.prior_consent_copy",
        text=_("Only if a mission passed one on to you."),
        sources=("https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=OWN,
)
EARLIER_STATUS = Document(
    name=_("Copy of the kandas status given before"),
    fact=Fact(
        key="documents.prior_kandas_status_copy",
        text=_("For the extension."),
        sources=("https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=OWN,
)
ORIGINALS = Fact(
    key="documents.originals",
    text=_(
        "Show the originals together with copies. You get them back, except the "
        "autobiography. Papers that the state already has in its systems must not be asked "
        "for."
    ),
    sources=("https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)

DOCUMENTS = (
    IIN,
    KAZTEST,
    PILOT_QUESTIONNAIRE,
    APPLICATION,
    EXTENSION_APPLICATION,
    AUTOBIOGRAPHY,
    IDENTITY,
    TRANSLATION,
    ETHNICITY,
    RECOMMENDATION,
    BIRTH,
    MARRIAGE,
    KINSHIP,
    PURPOSE,
    HOME_CONSENT,
    MISSION_CONSENT,
    EARLIER_STATUS,
)

DOCUMENTS_WITHHELD = (
    Withheld(
        key="documents.dna_test",
        words=(
            "Not a document to ask for. Proposed in 2024, reported as dropped in 2025,"
            " named as required by the seed. Never ask, never advise, never store; answer"
            ' "the officer will explain what is accepted" and warn against paid offers.'
        ),
        sources=(
            "https://www.ng.kz/modules/news/article.php?storyid=51278",
            "https://kambeta.business-gazeta.ru/article/635432",
        ),
        as_of="2025-07",
    ),
    Withheld(
        key="documents.court_or_archive_proof",
        words=(
            'Not found in the rules read. May fall under "other official documents of'
            ' special bodies of the country of origin". Handoff.'
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="documents.departure_consent",
        words=(
            "The order of the pilot asks for the written consent of the state of citizenship (see"
            " prp.consent). Rules of 2021 and 2022 exempted refugees and ethnic Kazakhs from the"
            " PRC; whether appendix 3 of the pilot does was not read. The ministry's list of 16 Oct"
            " 2025 names no consent. Handoff; never send anyone to their state for it."
        ),
        sources=(
            "https://www.zakon.kz/obshestvo/6510008-rossiyanam-dlya-pmzh-v-kazakhstane-nuzhen-dokument-kotorogo-net-v-rossii.html",
            "http://kazakhstannewsgazette.com/rules-for-issuing-residence-permits-to-foreigners-have-been-changed-in-kazakhstan/",
            "https://adilet.zan.kz/rus/docs/V1500012880",
        ),
        as_of="2026-03-05",
    ),
    Withheld(
        key="documents.hukou",
        words=(
            "Not on any official Kazakhstan list that was read. Appears in commercial visa"
            ' lists. Mention only as "may be asked".'
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="documents.power_of_attorney",
        words=(
            "Whether kandas status can be applied for by a representative was not verified."
            " Handoff; warn against handing papers to agents."
        ),
        as_of="2026-11-24",
    ),
)
