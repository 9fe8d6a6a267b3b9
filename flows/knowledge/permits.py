"""Documents needed for residence permit, citizenship, quota, Ata Zholy card and visa."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.documents import (
    ASK_OFFICE,
    HOME,
    LAST_DAY_2026,
    NOTARY,
    OWN,
    OWNER,
    PHOTOGRAPHER,
    YOURSELF,
    Document,
)
from flows.knowledge.facts import COLLECTED, About, Dated, Fact
from flows.knowledge.where_to_get import (
    CARD_OFFICES,
    CLINIC,
    CONSULATE,
    MISSION,
    POLICE,
    POLICE_CITIZENSHIP,
    QUOTA_OFFICES,
)

_MINISTRY = "https://www.zakon.kz/obshestvo/6494496-kak-oformit-vid-na-zhitelstvo-v-kazakhstane-instruktsiya.html"
_PERMIT = "https://egov.kz/cms/en/services/009pass_mvd"

FORM = Document(
    name=_("Questionnaire application for the residence permit"),
    fact=Fact(
        key="documents.prp_questionnaire",
        text=_("On the official form."),
        sources=(_MINISTRY, _PERMIT),
        as_of=date(2025, 10, 16),
        about=About.PAPERS,
    ),
    where=POLICE,
)
NO_RECORD = Document(
    name=_("Certificate of no criminal record"),
    fact=Fact(
        key="documents.no_conviction_certificate",
        text=_("For adults, from the country of citizenship or of permanent residence."),
        sources=(
            "https://egov.kz/cms/en/services/009pass_mvd",
            "https://adilet.zan.kz/rus/docs/V1500012880",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=HOME,
    translated=True,
    confirmed=True,
)
MEDICAL = Document(
    name=_(
        "Medical certificate, form {form}",
        form="028/у",
    ),
    fact=Fact(
        key="documents.medical_028u",
        text=_("The certificate is made in Kazakhstan."),
        sources=(
            "https://egov.kz/cms/en/services/009pass_mvd",
            "https://adilet.zan.kz/rus/docs/V1500012880",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=CLINIC,
)
HOUSING = Document(
    name=_("Housing contract, or consent to live there"),
    fact=Fact(
        key="documents.housing_contract",
        text=_("The paper shows where you will live."),
        sources=(_MINISTRY, _PERMIT),
        as_of=date(2025, 10, 16),
        about=About.PAPERS,
    ),
    where=OWNER,
)
CHILD_CONSENT = Document(
    name=_("Consent of a child of 14 to 18, attested by a notary"),
    fact=Fact(
        key="documents.child_consent_14_18",
        text=_("Only for children of that age."),
        sources=(_MINISTRY, _PERMIT),
        as_of=date(2025, 10, 16),
        about=About.PAPERS,
    ),
    where=NOTARY,
)
PHOTO = Document(
    name=_(
        "Photo, {size} cm",
        size="3.5 × 4.5",
    ),
    fact=Fact(
        key="documents.photo_35x45",
        text=_("Bring the photo yourself; do not send it here."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
            "https://egov.kz/cms/en/services/009pass_mvd",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=PHOTOGRAPHER,
)
FEE_RECEIPT = Document(
    name=_("Receipt for the state fee"),
    fact=Fact(
        key="documents.fee_receipt",
        text=_("The office tells you the amount."),
        sources=(_MINISTRY, _PERMIT),
        as_of=date(2025, 10, 16),
        about=About.PAPERS,
    ),
    where=ASK_OFFICE,
)
FINGERPRINTS = Document(
    # Translators: a step at the office, in a list of papers.
    name=_("Fingerprints"),
    fact=Fact(
        key="documents.fingerprints",
        text=_("Fingerprints are taken on the spot, in person."),
        sources=("https://adilet.zan.kz/rus/docs/V1500012880",),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=POLICE,
)
JOINT_FORM = Document(
    name=_(
        "Questionnaire, appendix {number}",
        number="7-1",
    ),
    fact=Fact(
        key="documents.citizenship_questionnaire_7_1",
        text=_("One form for the residence permit and citizenship together."),
        sources=("https://oq.gov.kz/en/kandastar",),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=POLICE_CITIZENSHIP,
)
RENUNCIATION = Document(
    name=_("Statement of giving up the former citizenship, attested by a notary"),
    fact=Fact(
        key="documents.renunciation_statement",
        text=_(
            "Only when the migration service asks for it in writing. Do not give up any "
            "citizenship before that. We have not found whether signing this statement already "
            "ends a citizenship: ask before you sign."
        ),
        sources=(
            "https://oq.gov.kz/en/kandastar",
            "https://unsdg.un.org/latest/stories/kazakhstan-lifting-shadows-statelessness",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=NOTARY,
)
COMMITMENT = Document(
    name=_("Commitment under article 1 of the Law on Citizenship"),
    fact=Fact(
        key="documents.commitment_statement",
        text=_("The text of the commitment is prescribed."),
        sources=("https://oq.gov.kz/en/kandastar",),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=POLICE_CITIZENSHIP,
)
QUOTA_APPLICATION = Document(
    name=_("Application for the regional quota"),
    fact=Fact(
        key="documents.quota_application",
        text=_("For those who agree to live in a region of the quota."),
        sources=(
            "https://oq.gov.kz/en/movein",
            "https://www.zakon.kz/pravo/6499033-pereselenie-vnutrennikh-migrantov-i-kandasov-dlya-povysheniya-mobilnosti-rabochey-sily-vneseny-izmeneniya.html",
        ),
        as_of=date(2026, 1, 1),
        since=date(2026, 1, 1),
        until=LAST_DAY_2026,
        about=About.PAPERS,
    ),
    where=QUOTA_OFFICES,
)
CARD_APPLICATION = Document(
    name=_("Application for the Ata Zholy card"),
    fact=Fact(
        key="documents.application_ata_zholy",
        text=_("On the official form."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
            "https://www.gov.kz/memleket/entities/mfa-baku/press/article/1",
            "https://oq.gov.kz/ru/moveatajoly",
        ),
        as_of=date(2024, 4, 15),
        about=About.PAPERS,
    ),
    where=CARD_OFFICES,
)
DIPLOMA = Document(
    name=_("Diploma and professional certificates"),
    fact=Fact(
        key="documents.diploma",
        text=_("Only if you apply because of your profession."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
            "https://oq.gov.kz/ru/moveatajoly",
        ),
        as_of=date(2024, 4, 15),
        about=About.PAPERS,
    ),
    where=OWN,
    translated=True,
)
BUSINESS = Document(
    name=_("Papers of your registered business"),
    fact=Fact(
        key="documents.business_documents",
        text=_("Only if you apply because of your business."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
            "https://oq.gov.kz/ru/moveatajoly",
        ),
        as_of=date(2024, 4, 15),
        about=About.PAPERS,
    ),
    where=OWN,
    translated=True,
)
VISA_FORM = Document(
    name=_("Visa application form"),
    fact=Fact(
        key="documents.visa_form",
        text=_("You fill in the form for the visa."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=MISSION,
)
COVER_LETTER = Document(
    name=_("Cover letter"),
    fact=Fact(
        key="documents.cover_letter",
        text=_("The letter says why you travel."),
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
        ),
        as_of=COLLECTED,
        dated=Dated.READ,
        about=About.PAPERS,
    ),
    where=YOURSELF,
)
APOSTILLE = Document(
    # Translators: a stamp, in a list of papers.
    name=_("Apostille"),
    fact=Fact(
        key="documents.apostille",
        text=_("A stamp of the country that issued a paper; with it the paper is valid abroad."),
        sources=(
            "https://oq.gov.kz/erulik/erulik/migration/12",
            "http://mjnotary.cn/category/4/detail_487_16.html",
            "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        ),
        as_of=date(2024, 1, 1),
        dated=Dated.YEAR,
        about=About.PAPERS,
    ),
    where=HOME,
)
LEGALISATION = Document(
    name=_("Consular legalisation"),
    fact=Fact(
        key="documents.consular_legalisation",
        text=_(
            "For papers of countries outside the Apostille Convention: their foreign"
            " ministry, then a consulate of Kazakhstan."
        ),
        sources=(
            "https://adilet.zan.kz/rus/docs/V1700016116",
            "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        ),
        as_of=date(2023, 10, 31),
        about=About.PAPERS,
    ),
    where=CONSULATE,
)

PERMIT_DOCUMENTS = (
    FORM,
    NO_RECORD,
    MEDICAL,
    HOUSING,
    CHILD_CONSENT,
    PHOTO,
    FEE_RECEIPT,
    FINGERPRINTS,
    JOINT_FORM,
    RENUNCIATION,
    COMMITMENT,
    QUOTA_APPLICATION,
    CARD_APPLICATION,
    DIPLOMA,
    BUSINESS,
    VISA_FORM,
    COVER_LETTER,
    APOSTILLE,
    LEGALISATION,
)
