"""Statements about single countries for editors only: dangerous to show, or not verified."""

from flows.knowledge.facts import Withheld

COUNTRIES_WITHHELD = (
    Withheld(
        key="cn.entry",
        words=(
            "Visa-free stay up to 30 days, 90 in 180, since 10 Nov 2023; no right to work"
            " or study, not for settlement. Whoever means to stay longer needs a visa"
            " before entry. C10 visa for ethnic Kazakhs at a mission."
        ),
        sources=(
            "https://mgorod.kz/news/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-vstupil-v-silu",
            "https://lsm.kz/kazahstancam-otkroyut-kitaj",
            "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
        ),
        as_of="2023-11-10",
        verified=True,
    ),
    Withheld(
        key="cn.safety",
        words=(
            "WhatsApp and Telegram are blocked without a VPN; WhatsApp and VPNs were among"
            " the 51 tools flagged by the Xinjiang police app; WeChat is watched. Do not"
            " invite people inside China to use the bot, do not message them first, keep no"
            ' chat logs, show a "close and delete" hint, give the address of a mission only'
            " on request."
        ),
        sources=(
            "https://docslib.org/doc/10860002/chinas-algorithms-of-repression-reverse",
            "https://www.macrumors.com/2024/04/19/apple-pulls-whatsapp-telegram-signal-threads-china/",
            "https://strategicstudyindia.com/2019/05/inside-chinas-massive-surveillance.html",
            "OHCHR assessment of 31 Aug 2022 (seen through secondary quotes)",
        ),
        as_of="2024-04-19",
        verified=True,
    ),
    Withheld(
        key="cn.apostille_trap",
        words=(
            "In 2024 kandas from Xinjiang were told to bring apostilled papers for"
            " citizenship; those who had left were told there that they had no registration"
            " any more; some never had birth certificates for children."
        ),
        sources=(
            "https://rus.azattyq.org/a/kazakhstan-kandas-ethnic-kazakhs-from-china-citizenship-apostille/32880660.html",
        ),
        as_of="2024",
        verified=True,
    ),
    Withheld(
        key="cn.consulate_refuses",
        words=(
            "The PRC consulate in Almaty refused to confirm papers of people who had become"
            " citizens of Kazakhstan (marriage, children), with loss of pension and"
            " property as a result."
        ),
        sources=(
            "https://rus.azattyq.org/a/31337056.html",
            "https://drvpu8u8hwoyd.cloudfront.net/amp/31713693.html",
        ),
        as_of="2022",
        verified=True,
    ),
    Withheld(
        key="cn.conditional_exit",
        words=(
            "A family of 2023 said it was let out of China on condition of coming back"
            " within three months, with visas and passports about to expire: time-critical"
            " case."
        ),
        sources=("https://tirek.info/pochemu-v-kazahstane-uslozhnili-poluchenie-statusa-kandasa/",),
        as_of="2023-12-27",
        verified=True,
    ),
    Withheld(
        key="cn.ethnicity_papers",
        words="The hukou book and ID card state ethnicity.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="uz.pinfl",
        words=(
            "Uzbek papers carry the 14-digit JShShIR (PINFL); it is not the Kazakh IIN. Do"
            " not mix and do not collect."
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="uz.karakalpakstan",
        words=(
            "Many ethnic Kazakhs live in Karakalpakstan and Tashkent region. The Samarkand"
            " consulate district includes Karakalpakstan."
        ),
        sources=(
            "https://redigo.ru/news/46324761-v-samarkande-poyavilos-konsulstvo-kazahstana",
            "https://ru24.pro/pics/394471069",
        ),
        as_of="2024-11",
        verified=True,
    ),
    Withheld(
        key="uz.stateless",
        words="Risk case: giving up Uzbek citizenship first led to statelessness.",
        sources=("https://unsdg.un.org/latest/stories/kazakhstan-lifting-shadows-statelessness",),
        as_of="undated",
        verified=True,
    ),
    Withheld(
        key="uz.word_vatandosh",
        words=(
            'State media write "vatandosh maqomi" for kandas status, but "vatandosh" is'
            ' also Uzbekistan\'s own legal term for its compatriots. Use "qandas maqomi".'
        ),
        sources=(
            "https://oz.inform.kz/news/utgan-yili-168-mingga-yakin-etnik-kozok-vatandosh-makomini-oldi-057595/",
            "https://advice.uz/uz/document/2503",
        ),
        as_of="2026-01-28",
        verified=True,
    ),
    Withheld(
        key="mn.entry",
        words=(
            "Listed in 2023 among visa-regime states of the embassy pilot; an older page"
            " says visa-free. Check."
        ),
        sources=(
            "https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",
        ),
        as_of="2023",
    ),
    Withheld(
        key="mn.pension",
        words="Draft pension agreement approved for signing in 2024.",
        sources=("https://adilet.zan.kz/rus/docs/P2400000441",),
        as_of="2024",
        verified=True,
    ),
    Withheld(
        key="ru.registration",
        words=(
            "Conflict: an agreement ratified in 2013 frees citizens of Russia from registration for"
            " 30 days; one outlet (Nov 2025) says that they may stay without it for 90 days. The"
            " rules of July 2026 apply unless a treaty says otherwise."
        ),
        sources=(
            "https://www.pnp.ru/social/2013/02/22/deputaty-ratificirovali-soglashenie-mezhdurossiey-i-kazakhstanom-oprebyvanii-grazhdan-nasvoikh-territoriyakh.html",
            "https://asia24.media/news/v-kazakhstane-s-1-iyulya-2026-goda-vvedut-registratsiyu-inostrantsev-pri-nakhozhdenii-v-strane-bolee/?PAGEN_3=11",
        ),
        as_of="2025-11",
    ),
    Withheld(
        key="ru.safety",
        words=(
            "Men of military age may be at risk if their plan to leave is known. Same"
            " privacy rules, no proactive messages about departure."
        ),
        sources=(
            "https://www.uralskweek.kz/2022/11/16/90-procentov-zayavitelej-na-status-kandasa-v-zko-pribyli-iz-rossii/",
        ),
        as_of="2022-11-16",
    ),
    Withheld(
        key="ru.mobilisation",
        words=(
            "After the mobilisation of Sept 2022 218 of 232 applicants in West Kazakhstan"
            " were Russian citizens, 185 of the 232 men. Sudden peaks happen."
        ),
        sources=(
            "https://www.uralskweek.kz/2022/11/16/90-procentov-zayavitelej-na-status-kandasa-v-zko-pribyli-iz-rossii/",
        ),
        as_of="2022-11-16",
        verified=True,
    ),
    Withheld(
        key="ru.ethnicity_papers",
        words="Russian passports do not state ethnicity; birth certificates may.",
        as_of="2026-11-24",
    ),
    Withheld(
        key="tm.legalisation",
        words=(
            "Documents made or attested by competent bodies of a party to the Minsk (1993)"
            " or Chisinau (2002) convention are accepted without special certification; a"
            " translation into Kazakh or Russian is still needed when the paper is in"
            " another language. If refused: consular legalisation."
        ),
        sources=(
            "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
            "https://new.wpk.kz/iin_abroad",
        ),
        as_of="2023-10-31",
    ),
    Withheld(
        key="tm.safety",
        words="Internet and messengers are restricted (general knowledge, not sourced here).",
        as_of="2026-11-24",
    ),
    Withheld(
        key="tm.embassy_pilot",
        words="One of the five states of the earlier embassy pilot.",
        sources=(
            "https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",
        ),
        as_of="2023",
        verified=True,
    ),
    Withheld(
        key="tr.entry",
        words="Visa-free for short stays (old page, not verified).",
        as_of="2026-11-24",
    ),
    Withheld(
        key="ir.safety",
        words=(
            "Armed conflict in 2025 and 2026; missions evacuated. Give no route advice; hand off."
        ),
        sources=(
            "https://newtimes.kz/eksklyuziv/207655-situatsiia-na-blizhnem-vostoke-boitsia-li-astana-vozvrashcheniia-iranskikh-kazakhov/amp",
            "https://rus.baq.kz/skolko-kazahstantsev-ostayutsya-v-irane-i-izraile-otvet-mid-320016869/",
        ),
        as_of="2026-03-03",
        verified=True,
    ),
    Withheld(
        key="af.safety",
        words=("Women and people with links abroad at risk. Hand off; never ask to fetch papers."),
        as_of="2026-11-24",
    ),
    Withheld(
        key="af.checks_2021",
        words=(
            "In Aug 2021 the foreign ministry said many claims had no proof, and asked"
            " about language, descent and the story of migration; 35 people were taken."
        ),
        sources=(
            "https://bestnews.kz/kazakhstan/8419-v-posolstvo-rk-v-kabule-obrashchayutsya-litsa-nazyvayushchie-sebya-kazakhami-i-prosyashchie-ob-evakuatsii-iz-afganistana-mid",
        ),
        as_of="2021-08-18",
        verified=True,
    ),
)
