"""Facts about required papers as self-contained sentences, for answers without a list of papers."""

from datetime import date

from flows.engine.text import _
from flows.knowledge import permits
from flows.knowledge.documents import BIRTH
from flows.knowledge.facts import COLLECTED, About, Dated, Fact
from flows.knowledge.laws import CN

_EGOV = "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr"
_PERMIT = "https://egov.kz/cms/en/services/009pass_mvd"
_PERMIT_RULES = "https://adilet.zan.kz/rus/docs/V1500012880"
_STUDENTS = "https://new.wpk.kz/migration_document_storage_en"
_MINISTRY = "https://www.zakon.kz/obshestvo/6494496-kak-oformit-vid-na-zhitelstvo-v-kazakhstane-instruktsiya.html"
_MINISTRY_TOO = "https://www.lada.kz/kazakhstan-news/144622-mvd-rasskazalo-kakie-dokumenty-i-na-kakom-iazyke-nuzhny-dlia-vnzh-v-kazakhstane.html"
_RULES = "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html"

CHINA_FIRST = Fact(
    key="cn.apostille_first",
    countries=frozenset({"CN"}),
    text=_(
        "Many papers from China need an apostille, which only China puts on. Ask an "
        "officer which ones. If it is safe for you, get it before you leave for good. "
        "Have you left, or is it not safe? Ask whether something can replace it."
    ),
    ended=CN.ended,
    sources=CN.sources,
    as_of=CN.as_of,
    dated=CN.dated,
)
KANDAS_PAPERS = Fact(
    key="kandas_status.papers",
    text=_(
        "For the kandas status: an application, an autobiography and identity papers"
        " of all who apply. Also papers that show Kazakh ethnicity. Identity papers in another"
        " language need a notary's translation into Kazakh or Russian."
    ),
    sources=(_RULES, _EGOV),
    as_of=date(2025, 10, 26),
    about=About.PAPERS,
)
KANDAS_MORE_PAPERS = Fact(
    key="kandas_status.more_papers",
    text=_(
        "Depending on your case: proof of kinship, a labour contract or a certificate"
        " from a place of study. In somebody else's home: the owner's consent, attested by a"
        " notary."
    ),
    sources=(
        "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
        "https://ru.200.news/2026/02/12/predostavlenie-ili-prodlenie-statwsa-kandasa.html",
    ),
    as_of=date(2026, 2, 12),
    about=About.PAPERS,
)
CERTIFICATES_ENDED = _(
    "Certificates for the residence permit must not be too old. We have not checked again how old"
    " they may be: ask the office."
)
PERMIT_PAPERS = Fact(
    key="prp.papers",
    text=_(
        "For the residence permit: a form, the passport, a photo and the receipt for the state fee."
        " Also certificates of no criminal record and of health, at most 180 days old. A paper"
        " about your home is needed too."
    ),
    ended=CERTIFICATES_ENDED,
    sources=(_MINISTRY, _MINISTRY_TOO),
    as_of=date(2025, 10, 16),
    about=About.PAPERS,
)
CERTIFICATES = Fact(
    key="prp.certificates",
    text=_(
        "For the residence permit a certificate of no criminal record may be at most 180 days old."
        " The same applies to the medical certificate. Papers in other languages need a translation"
        " into Kazakh or Russian, attested by a notary."
    ),
    ended=CERTIFICATES_ENDED,
    sources=(_MINISTRY, _MINISTRY_TOO),
    as_of=date(2025, 10, 16),
    about=About.PAPERS,
)
MAY_APPLY = Fact(
    key="prp.may_apply",
    text=_(
        "The Interior Ministry said in October 2025 who may ask the police for the residence"
        " permit. Ethnic Kazakhs may, and so may people from visa-free countries. Holders of a"
        " visa for permanent residence may too."
    ),
    sources=(_MINISTRY, _MINISTRY_TOO),
    as_of=date(2025, 10, 16),
    about=About.PAPERS,
)
# Only shown after SAFETY_FIRST, because the police of China issue the certificate.
CHINA_TWO_PAPERS = Fact(
    key="cn.two_papers",
    countries=frozenset({"CN"}),
    text=_(
        "In 2021 ethnic Kazakhs from China needed no certificate of no criminal record. China's"
        " written consent to the move was not needed either. We have not found whether this still"
        " applies. Talk to an officer before you ask for either."
    ),
    ended=_("Talk to an officer before you ask China for a certificate or a written consent."),
    sources=(
        "http://kazakhstannewsgazette.com/rules-for-issuing-residence-permits-to-foreigners-have-been-changed-in-kazakhstan/",
        "http://azizovpartners.kz/en/2022/10/22/residence-permit-in-kazakhstan-2/",
    ),
    as_of=date(2021, 9, 23),
    about=About.PAPERS,
)
PASSPORT_DAYS = Fact(
    key="prp.passport",
    text=_("For the residence permit a passport must still be valid for more than 180 days."),
    sources=(_PERMIT, _PERMIT_RULES, _STUDENTS),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)
NO_RECORD = Fact(
    key="prp.no_record",
    text=_(
        "For the residence permit adults need a certificate of no criminal record. The "
        "certificate comes from the country of citizenship, or from where they lived "
        "permanently."
    ),
    sources=(_PERMIT, _PERMIT_RULES, _STUDENTS),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)
MEDICAL = Fact(
    key="prp.medical",
    text=_(
        "For the residence permit you need a medical certificate, form {form}. A clinic in"
        " Kazakhstan makes it.",
        form="028/у",
    ),
    sources=(_PERMIT, _PERMIT_RULES),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)
AWAY = Fact(
    key="prp.away",
    text=_(
        "The residence card is cancelled if its holder is abroad for more than 183 days in a"
        " calendar year. All trips count together. So says the migration police of Abai Region; we"
        " have not read the law. To be safe, count any 12 months, and ask before a long trip."
    ),
    sources=(
        "https://spectr.com.kz/novosti/oblast-abaj/7759-10-inostranczev-v-oblasti-abaj-lishilis-vida-na-zhitelstvo.html",
        "https://kaz.zakon.kz/amp/quqiq/6056602-abay-oblysynda-10-sheteldk-ytiyarkhatynan-ayyryldy.html",
    ),
    as_of=date(2025, 2, 6),
    ended=_(
        "The residence card can be cancelled if its holder is abroad for long. We have not checked"
        " the number of days again: ask before you travel."
    ),
)
PAVLODAR = Fact(
    key="prp.pavlodar_visa",
    text=_(
        "In Pavlodar kandas without a residence permit could get a visa for permanent residence."
        " The migration service of the police gave it free of charge."
    ),
    sources=(
        "https://pavlodarnews.kz/ru/gde-kandasi-mogut-oformit-vizu-na-postoyannoe-prozhivanie-v-pavlodare",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
CHILD_CONSENT = Fact(
    key="prp.child_consent",
    text=_("For the residence permit a child of 14 to 18 gives consent before a notary."),
    sources=(_MINISTRY, _MINISTRY_TOO),
    as_of=date(2025, 10, 16),
    about=About.PAPERS,
)
PHOTOS = Fact(
    key="prp.photos",
    text=_(
        "The residence permit and the visa for ethnic Kazakhs take a photo of {size} cm.",
        size="3.5 × 4.5",
    ),
    sources=(
        _PERMIT,
        "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)
STATEMENT = Fact(
    key="citizenship_simplified.statement",
    text=_(
        "With the application for citizenship kandas hand in a statement. In it they give up their"
        " former citizenship. The statement is made before a notary."
    ),
    sources=("https://oq.gov.kz/en/kandastar",),
    as_of=COLLECTED,
    dated=Dated.READ,
)
STATELESS_TOO = Fact(
    key="kandas_status.stateless",
    text=_(
        "By law people of Kazakh ethnicity without citizenship can ask for the kandas status too."
    ),
    sources=("https://adilet.zan.kz/eng/docs/Z1100000477",),
    as_of=date(2025, 8, 12),
)
CN_LOSS = Fact(
    key="cn.loss",
    countries=frozenset({"CN"}),
    text=_(
        "By the law of China people who settled abroad lose its citizenship when they get another"
        " of their own will. Others apply to China, and lose citizenship when the application is"
        " approved."
    ),
    sources=(
        "https://translate.hicom-asia.com/template/formal-nationality-declaration",
        "http://www.newsgd.com/livingingd/immigration/content/2009-10/30/content_95563263_2.htm",
        "http://www.czwzw.com/en/html/Law/57.Html",
    ),
    as_of=date(2009, 10, 30),
)
ETHNICITY_PAPERS = Fact(
    key="kandas_status.ethnicity_papers",
    text=_(
        "Papers that can show Kazakh ethnicity: a birth certificate, a passport or another official"
        " paper."
    ),
    sources=(
        "https://oq.gov.kz/en/qazalemnews/1277",
        "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        _EGOV,
    ),
    as_of=date(2025, 10, 26),
    about=About.PAPERS,
)
ONE_PARENT = Fact(
    key="nationality_commission.one_parent",
    text=_(
        "Another rule is only for papers issued in Kazakhstan. There a child has the ethnicity of"
        " the parents. Later the child may change only to the ethnicity of the other parent. In"
        " April 2025 the Constitutional Court found it unconstitutional to allow no other way. We"
        " do not know whether the law has changed."
    ),
    sources=(
        "https://en.tengrinews.kz/laws_initiatives/childs-nationality-in-kazakhstan-prosecutors-office-explains-270465",
        "https://www.zakon.kz/obshestvo/6501211-opredelenie-i-izmenenie-natsionalnosti-rebenka-vazhnoe-razyasnenie-dlya-kazakhstantsev.html",
        "https://www.ng.kz/modules/news/article.php?storyid=58158",
    ),
    as_of=date(2025, 12, 15),
)
UZ_RELEASE = Fact(
    key="uz.release",
    countries=frozenset({"UZ"}),
    text=_(
        "Were you told orally to leave the citizenship of Uzbekistan? Do not apply yet: "
        "ask for the demand in writing and show an officer. Leaving takes an application,"
        " passport, marriage and children's birth certificates and a fee. New citizens"
        " of Kazakhstan notify Uzbekistan's consulate instead. In 2016 the law gave 30 days."
    ),
    sources=(
        "https://advice.adliya.uz/ru/document/43?keyword=%D0%92%D1%8B%D1%85%D0%BE%D0%B4+%D0%BD%D0%B0+%D0%BF%D0%B5%D0%BD%D1%81%D0%B8%D1%8E",
        "https://singapore.mfa.uz/page/886?language=en",
        "https://anhor.uz/news/prinyati-popravki-zakon-grazhdanstve-respubliki-uzbekistan",
        "https://yep.uz/2021/09/v-uzbekistane-hotjat-vvesti-otvetstvennost-za-neuvedomlenie-o-vtorom-grazhdanstve/",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)

CHILD_BIRTH = Fact(
    key="requirements.child_birth",
    text=_("A birth certificate can be the only identity paper of a child under 16."),
    sources=BIRTH.fact.sources,
    as_of=BIRTH.fact.as_of,
    dated=BIRTH.fact.dated,
    about=About.PAPERS,
)
APOSTILLE = Fact(
    key="requirements.apostille",
    text=_(
        "An apostille is a stamp of the country that issued a paper. With an apostille the paper is"
        " valid abroad."
    ),
    sources=permits.APOSTILLE.fact.sources,
    as_of=permits.APOSTILLE.fact.as_of,
    dated=permits.APOSTILLE.fact.dated,
    about=About.PAPERS,
)
LEGALISATION = Fact(
    key="requirements.legalisation",
    text=_(
        "Papers from countries outside the Apostille Convention need consular legalisation. First"
        " comes the foreign ministry there, then a consulate of Kazakhstan."
    ),
    sources=permits.LEGALISATION.fact.sources,
    as_of=permits.LEGALISATION.fact.as_of,
    dated=permits.LEGALISATION.fact.dated,
    about=About.PAPERS,
)
APP = Fact(
    key="requirements.app",
    text=_("The phone app for the application is called “Enbek Migration”."),
    sources=("https://oq.gov.kz/en/movein",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.PAPERS,
)
CARD_KEEPS = Fact(
    key="ata_zholy.keeps",
    text=_("Holders of the Ata Zholy card do not have to change their citizenship."),
    sources=(
        "https://jjtv.kz/en/news/society/32026-kazakhstan-to-simplify-procedure-for-obtaining-residence-permit-for-ethnic-kazakhs",
    ),
    as_of=date(2023, 1, 1),
    dated=Dated.YEAR,
    about=About.RIGHTS,
)

COMMISSION_MEMBERS = Fact(
    key="nationality_commission.sat",
    text=_(
        "In January 2024 people from the police and the National Security Committee sat in this"
        " commission."
    ),
    sources=(
        "https://www.tema-kz.net/novosti-kazakhstana/item/104406-esli-voznikayut-somneniya-dnk-test-pri-poluchenii-statusa-kandasa-predlozhili-vvesti-v-kazahstane",
        "https://www.ng.kz/modules/news/article.php?storyid=51278",
    ),
    as_of=date(2024, 1, 26),
    about=About.HISTORY,
)

REQUIREMENTS = (
    COMMISSION_MEMBERS,
    CHILD_BIRTH,
    APOSTILLE,
    LEGALISATION,
    APP,
    CARD_KEEPS,
    CHINA_FIRST,
    KANDAS_PAPERS,
    KANDAS_MORE_PAPERS,
    PERMIT_PAPERS,
    CERTIFICATES,
    MAY_APPLY,
    CHINA_TWO_PAPERS,
    PASSPORT_DAYS,
    AWAY,
    PAVLODAR,
    NO_RECORD,
    MEDICAL,
    CHILD_CONSENT,
    PHOTOS,
    STATEMENT,
    STATELESS_TOO,
    UZ_RELEASE,
    CN_LOSS,
    ETHNICITY_PAPERS,
    ONE_PARENT,
)
