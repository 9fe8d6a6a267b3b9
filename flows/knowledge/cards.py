"""Facts about the Ata Zholy card and the visas."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.entry import STAY_ENDED
from flows.knowledge.facts import COLLECTED, About, Dated, Fact, Withheld

ATA_ZHOLY = Fact(
    key="ata_zholy.eligibility",
    text=_(
        "The Ata Zholy card is for ethnic Kazakhs abroad. You need an official paper that "
        "proves Kazakh ethnicity. You also need a profession on two official lists, or a "
        "running business registered in the country you live in."
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-baku/press/article/1",
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
        "https://adilet.zan.kz/kaz/docs/U050001587_",
        "https://adilet.zan.kz/kaz/docs/V2300031938",
    ),
    as_of=date(2024, 4, 15),
    about=About.RIGHTS,
)
ATA_ZHOLY_VALIDITY = Fact(
    key="ata_zholy.validity",
    text=_("The card is valid for up to 10 years, but not longer than the passport."),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-baku/press/article/1",
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
        "https://adilet.zan.kz/eng/docs/Z1100000477/compare/rus",
    ),
    as_of=date(2024, 4, 15),
    about=About.RIGHTS,
)
ATA_ZHOLY_PAPERS = Fact(
    key="ata_zholy.documents",
    text=_(
        "For the card you need an application, a copy of the identity document, and a diploma "
        "or business papers. If the identity document does not show ethnicity, you also need "
        "proof of it. Papers in other languages need translations."
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
        "https://oq.gov.kz/ru/moveatajoly",
    ),
    as_of=date(2024, 4, 15),
    about=About.RIGHTS,
)
ATA_ZHOLY_RIGHTS = Fact(
    key="ata_zholy.rights",
    text=_(
        "With the card you may live in Kazakhstan, work without a work permit, do business, "
        "get medical care and study. The card gives no right to vote or to hold public "
        "office. It ends when you become a citizen."
    ),
    sources=(
        "https://astanatimes.com/2025/02/kazakhstans-initiative-offers-business-opportunities-for-ethnic-kazakhs-oversees/",
        "https://oq.gov.kz/ru/moveatajoly",
    ),
    as_of=date(2025, 2, 24),
    about=About.RIGHTS,
)
ATA_ZHOLY_NUMBERS = Fact(
    key="ata_zholy.numbers",
    text=_("Few people have the card so far: 71 cards by 1 October 2025."),
    sources=("https://cn.inform.kz/news/xiejiadelezhizhenggong-3d54cb",),
    as_of=date(2025, 10, 31),
    about=About.HISTORY,
    # The number of cards is of no use without the fact that explains the card, so both facts end on
    # the same day.
    until=ATA_ZHOLY.until,
)
VISA = Fact(
    key="visa_c10.validity",
    text=_(
        "The visa for ethnic Kazakhs ({visa}) is for one entry of up to 90 days. For several "
        "entries it is valid for up to 3 years, the first time for up to 1 year.",
        visa="C10",
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
VISA_PAPERS = Fact(
    key="visa_c10.documents",
    text=_(
        "For this visa: passport and copy, form, photo {size} cm, cover letter, proof"
        " of ethnicity, for example a birth certificate that shows both parents as"
        " Kazakh.",
        size="3.5 × 4.5",
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
CHINA_STAY = Fact(
    key="visa_free_china.rule",
    countries=frozenset({"CN"}),
    text=_(
        "By an agreement citizens of China may stay up to 30 days without a visa. In any 180 days"
        " they may stay 90. They may not work or study. A longer visit needs a visa before entry."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://mgorod.kz/news/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-vstupil-v-silu",
        "https://lsm.kz/kazahstancam-otkroyut-kitaj",
        "https://www.skyway.kz/ru/visas/kazahstan-kitaj/",
    ),
    as_of=date(2023, 11, 10),
    about=About.VISA,
)
CHINA_STAY_ENDS = Fact(
    key="visa_free_china.risk",
    countries=frozenset({"CN"}),
    text=_(
        "Are you a citizen of China in Kazakhstan without a visa? You have 30 days from "
        "entry at most. To stay longer, talk to an officer at once."
    ),
    ended=_(
        "Did you come from China without a visa, and do you want to stay? In 2026 people had 30"
        " days at most. We have not checked again: please talk to an officer at once."
    ),
    sources=(
        "https://mgorod.kz/news/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-vstupil-v-silu",
        "https://dixinews.kz/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-zarabotaet-s-10-noyabrya/",
    ),
    as_of=date(2023, 11, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)

CARDS = (
    ATA_ZHOLY,
    ATA_ZHOLY_VALIDITY,
    ATA_ZHOLY_PAPERS,
    ATA_ZHOLY_RIGHTS,
    ATA_ZHOLY_NUMBERS,
    VISA,
    VISA_PAPERS,
    CHINA_STAY,
    CHINA_STAY_ENDS,
)

CARDS_WITHHELD = (
    Withheld(
        key="ata_zholy.basis",
        words="Order of 30 June 2023, in force 14 July 2023.",
        sources=("https://adilet.zan.kz/kaz/docs/V2300032983",),
        as_of="2023-07-14",
        verified=True,
    ),
    Withheld(
        key="ata_zholy.review_term",
        words="Reviewed within 5 working days.",
        sources=(
            "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
            "https://oq.gov.kz/ru/moveatajoly",
        ),
        as_of="2024-04-15",
        verified=True,
    ),
    Withheld(
        key="ata_zholy.practice",
        words=(
            "A senator said on 2 Oct 2025 that about 150 people had asked to use the card"
            " and none had managed to, because of proofs of nationality, translations and"
            " officials who do not know the rules; the ministry counts 71 cards at that"
            " time. The bot must not present the card as quick, easy or sure. (Conflict"
            " with the ministry's figures.)"
        ),
        sources=(
            "https://kazpravda.kz/n/iz-za-byurokratii-kazahstan-teryaet-spetsialistov-i-investitsii-senator-orynbasarov/",
            "https://www.zakon.kz/obshestvo/6492899-nikto-iz-etnicheskikh-kazakhov-ne-smog-vospolzovatsya-kartoy-ata-zholy--deputat.html",
        ),
        as_of="2025-10-02",
    ),
    Withheld(
        key="ata_zholy.fee",
        words="Not found.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="ata_zholy.pilot_effect",
        words="Whether the 2026 pilot touches the card: not found.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="kazakh_card.existence",
        words=(
            'Only the seed names a separate "Kazakh Card". In Sept 2022 "Card of Kazakh"'
            " was the working name of what became Ata Zholy. Leave it out of the bot until"
            " the owner confirms."
        ),
        sources=("seed article of the project (July 2025, French)",),
        as_of="2025-07",
    ),
    Withheld(
        key="visa_c10.fee",
        words=(
            "Kandas are exempt from the consular fee for entry visas according to a law"
            " firm (2022); not checked in the consular fee schedule."
        ),
        as_of="2022",
    ),
    Withheld(
        key="visa_permanent.summary",
        words=(
            "Private law-firm pages: single entry, up to 90 days, no right to work, leaving"
            " the country ends it. Not checked in the visa rules."
        ),
        sources=(
            "https://migron.kz/viza-dlya-oformleniya-vnzh-v8",
            "https://dos-immigration.kz/en/news/changes-to-the-rules-for-obtaining-residence-permits-for-foreign-citizens-in-kazakhstan",
        ),
        as_of="2026-02",
    ),
    Withheld(
        key="visa_permanent.ethnic_kazakhs",
        words=(
            "A law site says ethnic Kazakhs may ask the police for a residence permit"
            " whatever their visa category (article 7 of the law). If right, B8 is not"
            " needed for them."
        ),
        sources=("https://adilet.zan.kz/eng/docs/Z1100000477",),
        as_of="undated",
    ),
)
