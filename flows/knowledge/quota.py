"""Facts about the regional quota and its payments; they expire at the end of their year."""

from datetime import date

from flows.engine.text import Amount, _
from flows.knowledge.facts import About, Fact, Withheld

SINCE, UNTIL = date(2026, 1, 1), date(2026, 12, 31)

PLACES = Fact(
    key="regional_quota.quota_2026",
    text=_(
        "The quota for kandas in {year}. Places: {places}. Regions: {regions}.",
        year=2026,
        places=Amount(2281),
        regions=8,
    ),
    sources=(
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
        "https://www.lada.kz/kazakhstan-news/147463-nazvano-tochnoe-chislo-kandasov-i-pereselentsev-kotorykh-primet-kazakhstan-v-2026-godu.html",
        "https://www.inform.kz/ru/kazahstan-utverdil-regionalnie-kvoti-na-priem-kandasov-i-pereselentsev-na-2026-god-d84fea",
        "https://rus.baq.kz/v-kazahstane-opredelili-regiony-priyoma-kandasov-i-pereselentsev_300030272/",
    ),
    as_of=date(2025, 12, 30),
    since=SINCE,
    until=UNTIL,
    ends=_("The quota and the amounts are for 2026. We have not found those of 2027."),
    ended=_(
        "We have not checked the quota and the amounts that apply now. The career centre of the"
        " region can tell you."
    ),
)
LAST_YEAR = Fact(
    key="regional_quota.quota_2025",
    text=_(
        "Places in the quota of {year}: {places}. All were taken by the end of the year.",
        year=2025,
        places=Amount(2309),
    ),
    sources=(
        "https://centralasia.media/news:2404467?from=rss",
        "https://www.inform.kz/ru/kazahstan-utverdil-regionalnie-kvoti-na-priem-kandasov-i-pereselentsev-na-2026-god-d84fea",
    ),
    as_of=date(2026, 1, 28),
    since=SINCE,
    until=UNTIL,
    about=About.HISTORY,
)
SHARE = Fact(
    key="regional_quota.share",
    text=_(
        "People who received the kandas status in {year}: {people}. Places in the quota: "
        "{places}, about one for every seven people.",
        year=2025,
        people=Amount(16805),
        places=Amount(2309),
    ),
    sources=(
        "https://oz.inform.kz/news/utgan-yili-168-mingga-yakin-etnik-kozok-vatandosh-makomini-oldi-057595/",
        "https://www.inform.kz/ru/kazahstan-utverdil-regionalnie-kvoti-na-priem-kandasov-i-pereselentsev-na-2026-god-d84fea",
        "https://centralasia.media/news:2404467?from=rss",
    ),
    as_of=date(2026, 1, 28),
    since=SINCE,
    until=UNTIL,
    about=About.HISTORY,
)
# Shown after the fact about the duties has expired. This text has no last day, because people who
# signed for five years still have the duties.
DUTIES_ENDED = _(
    "Did you get the support? You may have signed to stay in the region for five years, and may"
    " have to pay the support back. Read your contract and ask before you move away."
)
DUTY = Fact(
    key="regional_quota.duty",
    text=_("With the support you sign a social contract and stay in the region for five years."),
    ended=DUTIES_ENDED,
    sources=(
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
        "https://www.lada.kz/kazakhstan-news/147991-ot-vezda-do-vyezda-kazakhstan-zhiostko-meniaet-pravila-migratsii-do-2030-goda.html",
        "https://translation1.mil-osi.com/?p=17000",
        "https://check-point.kz/publication?id=8257",
    ),
    as_of=date(2026, 1, 8),
    since=SINCE,
)
REPAY = Fact(
    key="quota_support.repay",
    text=_(
        "A family that leaves its quota region within five years must repay all the support. The"
        " contract says exactly what applies."
    ),
    ended=DUTIES_ENDED,
    sources=(
        "https://www.lada.kz/kazakhstan-news/147991-ot-vezda-do-vyezda-kazakhstan-zhiostko-meniaet-pravila-migratsii-do-2030-goda.html",
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
        "https://translation1.mil-osi.com/?p=17000",
        "https://check-point.kz/publication?id=8257",
    ),
    as_of=date(2026, 1, 8),
    since=SINCE,
)
MCI_2026 = Fact(
    key="quota_support.mci",
    text=_(
        "The amounts are counted in MCI (monthly calculation index). In {year} one MCI is "
        "{tenge} tenge.",
        year=2026,
        tenge=Amount(4325),
    ),
    sources=(
        "https://kaz.inform.kz/news/2026-zhili-aylik-eseptk-korsetksh-molsher-kalay-ozgerd-7b421f/",
        "https://www.lada.kz/kazakhstan-news/146822-tokaev-podpisal-triokhletnii-biudzhet-chto-izmenitsia-dlia-kazakhstantsev.html",
        "https://ar.inform.kz/news/zyntaqy-mn-jardmaqy-2026-jyly-qanealyqty-artady-9a90dd/",
    ),
    as_of=date(2026, 1, 1),
    since=SINCE,
    until=UNTIL,
    about=About.FEE,
)
RELOCATION = Fact(
    key="quota_support.relocation",
    text=_(
        "Relocation subsidy, once: {mci} MCI for each family member.",
        mci=70,
    ),
    sources=(
        "https://www.lada.kz/kazakhstan-news/147686-pereselenie-stalo-vygodnym-skolko-budet-platit-kazakhstan-kazhdomu-chlenu-semi-s-2026-goda.html",
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
        "https://alau.kz/po-302-tysjachi-tenge-kazhdomu-dlja-kogo-vyrastut-vyplaty-v-kazahstane/",
        "https://oq.gov.kz/en/news/1458",
    ),
    as_of=date(2026, 1, 21),
    since=SINCE,
    until=UNTIL,
    about=About.FEE,
)
RENT = Fact(
    key="quota_support.rent",
    text=_(
        "Subsidy for rent and utilities: from {least} to {most} MCI a month for a"
        " family, for {months} months.",
        least=15,
        most=30,
        months=12,
    ),
    sources=(
        "https://www.lada.kz/kazakhstan-news/147686-pereselenie-stalo-vygodnym-skolko-budet-platit-kazakhstan-kazhdomu-chlenu-semi-s-2026-goda.html",
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
        "https://alau.kz/po-302-tysjachi-tenge-kazhdomu-dlja-kogo-vyrastut-vyplaty-v-kazahstane/",
        "https://oq.gov.kz/en/news/1458",
    ),
    as_of=date(2026, 1, 21),
    since=SINCE,
    until=UNTIL,
    about=About.FEE,
)
HOME = Fact(
    key="quota_support.certificate",
    text=_(
        "Economic mobility certificate, to buy a home or for the first payment: up to {mci} MCI.",
        mci=Amount(1625),
    ),
    sources=(
        "https://www.lada.kz/kazakhstan-news/146527-v-kazakhstane-s-1-ianvaria-pereselentsam-na-sever-podnimut-vyplaty-na-milliony-tenge.html",
        "https://moneypanda.kz/kz/news/7-mln-na-zhilye-i-300-tysyach-na-raskhody-kto-v-kazakhstane-mozhet-poluchit-dengi-za-pereezd-810",
        "https://oq.gov.kz/en/news/1458",
        "https://mgorod.kz/news/bolee-16-tysyach-etnicheskih-kazahov-poluchili-status-kandasa-v-2025-godu",
    ),
    as_of=date(2026, 2, 1),
    since=SINCE,
    until=UNTIL,
    about=About.FEE,
)
OTHER = Fact(
    key="quota_support.other",
    text=_("There is also short training, and help with finding work or starting a business."),
    sources=(
        "https://oq.gov.kz/en/news/1458",
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
    ),
    as_of=date(2026, 1, 21),
    since=SINCE,
    until=UNTIL,
)
WHO_GETS = Fact(
    key="quota_support.who_gets",
    text=_(
        "Atyrau Region, {year}. People in the quota: {people}. Families that received "
        "relocation money: {relocated}, help with rent: {rented}, a certificate: {bought}. "
        "Each payment is decided separately.",
        year=2025,
        people=103,
        relocated=62,
        rented=23,
        bought=5,
    ),
    sources=(
        "https://rus.baq.kz/okolo-300-etnicheskih-kazahov-pereehali-v-atyrauskuyu-oblast-s-nachala-goda_300029273/",
    ),
    as_of=date(2025, 12, 16),
    since=SINCE,
    until=UNTIL,
    about=About.HISTORY,
)

SOUTH = Fact(
    key="regional_quota.south",
    text=_(
        "Do you want to live in the south, in Almaty, Astana or Mangystau? The quota of 2026 has no"
        " places there, so its payments are not given there."
    ),
    sources=(
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
    ),
    as_of=date(2025, 12, 30),
    since=SINCE,
    until=UNTIL,
)
SETTLED = Fact(
    key="regional_quota.settled",
    text=_(
        "In 2022 28% of newcomers settled in Almaty Region. 16% settled in Mangystau"
        " and 9% in Turkistan Region."
    ),
    sources=(
        "https://zakon.kz/sobytiia/6377411-bolee-15-tys-etnicheskikh-kazakhov-poluchili-status-kandasa-s-nachala-goda.html",
    ),
    as_of=date(2022, 12, 31),
    # This fact ends together with the facts about the quota: without the list of regions that have
    # places in the quota, the regions that most newcomers chose would mislead.
    until=UNTIL,
    about=About.HISTORY,
)
REGIONS = Fact(
    key="regional_quota.regions_2026",
    text=_(
        "The quota of 2026 names eight regions: Pavlodar, Akmola, Abai, East Kazakhstan,"
        " North Kazakhstan, Kostanay, Atyrau and West Kazakhstan."
    ),
    sources=(
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
        "https://rus.baq.kz/v-kazahstane-opredelili-regiony-priyoma-kandasov-i-pereselentsev_300030272/",
    ),
    as_of=date(2025, 12, 30),
    since=SINCE,
    until=UNTIL,
)
NEXT_YEAR = Fact(
    key="regional_quota.next_year",
    text=_(
        "We have not found the quota of 2027. The ministry signed the quota of 2026 on 12 December"
        " 2025. A draft had been published in November. The quota of 2024 was changed in August of"
        " that year. The same eight regions had places in 2025 and 2026."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6502262-v-kazakhstane-ustanovili-regionalnye-kvoty-na-priem-kandasov-i-pereselentsev-na-2026-god.html",
        "https://www.lada.kz/kazakhstan-news/146294-mintrud-kazakhstana-opredeliaet-skolko-kandasov-primet-kazhdyi-region-v-2026-godu.html",
        "https://news.mail.ru/politics/62420832/",
        "https://kokshetoday.kz/tag/rasselenie/",
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
    ),
    as_of=date(2025, 12, 24),
    since=SINCE,
    until=UNTIL,
)

SHYMKENT = Fact(
    key="regional_quota.shymkent",
    text=_(
        "People who received the kandas status in Shymkent by 1 December {year}: {people}.",
        year=2025,
        people=Amount(1045),
    ),
    sources=(
        "https://www.inform.kz/ru/1045-etnicheskih-kazahov-poluchili-status-kandasa-v-shimkente-86e5f9",
    ),
    as_of=date(2025, 12, 10),
    about=About.HISTORY,
)

# The duties of people who signed a contract. These duties do not depend on the year.
DUTIES = (DUTY, REPAY)
QUOTA = (
    PLACES,
    LAST_YEAR,
    SHARE,
    SOUTH,
    MCI_2026,
    RELOCATION,
    RENT,
    HOME,
    OTHER,
    WHO_GETS,
    REGIONS,
    NEXT_YEAR,
)

QUOTA_WITHHELD = (
    Withheld(
        key="regional_quota.resettlers",
        words=(
            "The other line of the order, 5,997 resettlers in 2026, is for internal"
            " migrants who are citizens of Kazakhstan. Not for people abroad. (North"
            " Kazakhstan 2,820, Pavlodar 1,655, East Kazakhstan 600, Kostanay 485, Abai"
            " 275, Ulytau 125, Karaganda 37.)"
        ),
        sources=(
            "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
            "https://www.lada.kz/kazakhstan-news/146333-novye-pravila-pereseleniia-v-kazakhstane-s-1-ianvaria-ot-zaiavki-do-kliuchei-ot-kvartiry.html",
        ),
        as_of="2025-12-30",
        verified=True,
    ),
    Withheld(
        key="regional_quota.term_2021",
        words=(
            '14 working days for inclusion in the quota under the "one application" rule of'
            " 2021. Current term not found."
        ),
        sources=(
            "https://kazlenta.kz/39161-dlya-kandasov-uproschen-poryadok-polucheniya-gosuslug-po-oformleniyu-grazhdanstva-kazahstana.html",
        ),
        as_of="2021-09-08",
    ),
    Withheld(
        key="regional_quota.rules",
        words=(
            "Rules of voluntary resettlement: order No. 20 of 15 Jan 2016, amended by the"
            " order of 14 Nov 2025 in force from 1 Jan 2026."
        ),
        sources=(
            "https://adilet.zan.kz/rus/docs/V1600013334",
            "https://www.zakon.kz/pravo/6499033-pereselenie-vnutrennikh-migrantov-i-kandasov-dlya-povysheniya-mobilnosti-rabochey-sily-vneseny-izmeneniya.html",
        ),
        as_of="2026-01-01",
        verified=True,
    ),
    Withheld(
        key="regional_quota.refusal",
        words=(
            "For internal resettlers refusal is possible for an incomplete package or"
            " expired papers; the list for kandas was not read."
        ),
        sources=(
            "https://www.lada.kz/kazakhstan-news/146333-novye-pravila-pereseleniia-v-kazakhstane-s-1-ianvaria-ot-zaiavki-do-kliuchei-ot-kvartiry.html",
        ),
        as_of="2025-11-26",
    ),
    Withheld(
        key="quota_support.certificate_rest",
        words=(
            "Whether the limit of half of the price still applies in 2026 was not read in"
            " the order; two business outlets suggest not. What happens if the home costs"
            ' less is told in two ways: "the rest is paid to the recipient" (moneypanda)'
            ' and "paid in the full actual amount" (lada.kz). Do not state any of it.'
        ),
        sources=(
            "https://moneypanda.kz/kz/news/7-mln-na-zhilye-i-300-tysyach-na-raskhody-kto-v-kazakhstane-mozhet-poluchit-dengi-za-pereezd-810",
            "https://www.lada.kz/kazakhstan-news/146527-v-kazakhstane-s-1-ianvaria-pereselentsam-na-sever-podnimut-vyplaty-na-milliony-tenge.html",
            "https://kapital.kz/economic/130821/kakiye-mery-gospodderzhki-mogut-poluchit-kandasy-i-pereselentsy.html",
        ),
        as_of="2026-01",
    ),
    Withheld(
        key="quota_support.certificate_typo",
        words="One outlet prints 7,025,625 KZT; 1,625 x 4,325 = 7,028,125.",
        sources=(
            "https://mgorod.kz/news/bolee-16-tysyach-etnicheskih-kazahov-poluchili-status-kandasa-v-2025-godu",
            "https://kaz.inform.kz/news/2026-zhili-aylik-eseptk-korsetksh-molsher-kalay-ozgerd-7b421f/",
        ),
        as_of="2026-02-01",
        verified=True,
    ),
    Withheld(
        key="quota_support.employer",
        words="Subsidy to an employer of a resettled person 400 MCI (1,730,000 KZT in 2026).",
        sources=(
            "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
            "https://oq.gov.kz/en/news/1458",
        ),
        as_of="2026-01-21",
        verified=True,
    ),
    Withheld(
        key="quota_support.seed_amounts",
        words=(
            "The seed figures (up to about 600 EUR, 130-260 EUR a month, 50% up to about"
            " 9,600 EUR) match the 2025 amounts and are out of date."
        ),
        sources=("seed article of the project (July 2025, French)",),
        as_of="2025-07",
        verified=True,
    ),
)
