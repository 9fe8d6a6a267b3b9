"""Facts by country: how its papers are confirmed for Kazakhstan, and how its citizens enter."""

from datetime import date

from flows.engine.text import Country, _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact

CN = Fact(
    key="cn.legalisation",
    countries=frozenset({"CN"}),
    text=_(
        "Are you in China, and is it safe for you? Then papers need three steps before you leave"
        " for good. First comes a notarial certificate of a notary office. Then comes an apostille"
        " of the foreign ministry or a foreign affairs office of the province or city. Then comes a"
        " translation into Kazakh or Russian with a notary."
    ),
    ended=_(
        "In 2026 papers from China needed an apostille, which is put on in China only. We have not"
        " checked again: ask an officer before you leave for good."
    ),
    sources=(
        "http://mjnotary.cn/category/4/detail_487_16.html",
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://oq.gov.kz/erulik/erulik/migration/12",
        "https://hcch.net/pt/instruments/conventions/status-table/print/?cid=41.",
        "https://www.ndda.kz/rightnews/462_1700632172",
    ),
    as_of=date(2024, 1, 1),
    dated=Dated.YEAR,
)
UZ = Fact(
    key="uz.legalisation",
    countries=frozenset({"UZ"}),
    text=_(
        "Papers issued by bodies of {country} are accepted without an apostille, by"
        " convention. A translation into Kazakh or Russian is still needed if they are"
        " in another language.",
        country=Country("UZ"),
    ),
    sources=(
        "https://new.wpk.kz/iin_abroad",
        "https://itrex.ru/useful/poleznye-stati/kakie-dokumenty-nuzhny-dlya-pereezda-v-kazahstan",
        "http://qoraqalpoq.adliya.uz/uz/news/detail.php?ID=57496",
    ),
    as_of=date(2021, 12, 3),
)
RU = Fact(
    key="ru.legalisation",
    countries=frozenset({"RU"}),
    text=_(
        "Papers issued by bodies of {country} are accepted without an apostille, by"
        " convention. A translation into Kazakh or Russian is still needed if they are"
        " in another language.",
        country=Country("RU"),
    ),
    sources=(
        "https://itrex.ru/useful/poleznye-stati/kakie-dokumenty-nuzhny-dlya-pereezda-v-kazahstan",
        "https://new.wpk.kz/iin_abroad",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
)
KG = Fact(
    key="kg.legalisation",
    countries=frozenset({"KG"}),
    text=_(
        "Papers issued by bodies of {country} are accepted without an apostille, by"
        " convention. A translation into Kazakh or Russian is still needed if they are"
        " in another language.",
        country=Country("KG"),
    ),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://new.wpk.kz/iin_abroad",
    ),
    as_of=date(2023, 10, 31),
)
TJ = Fact(
    key="tj.legalisation",
    countries=frozenset({"TJ"}),
    text=_(
        "Papers issued by bodies of {country} are accepted without an apostille, by"
        " convention. A translation into Kazakh or Russian is still needed if they are"
        " in another language.",
        country=Country("TJ"),
    ),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://new.wpk.kz/iin_abroad",
    ),
    as_of=date(2023, 10, 31),
)
MN = Fact(
    key="mn.legalisation",
    countries=frozenset({"MN"}),
    text=_(
        "Papers from Mongolia: an apostille of the consular department of its foreign "
        "ministry, unless a treaty says that none is needed. Please ask an officer before you "
        "pay for one."
    ),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://adilet.zan.kz/rus/docs/P940000394_",
    ),
    as_of=date(2023, 10, 31),
)
TR = Fact(
    key="tr.legalisation",
    countries=frozenset({"TR"}),
    text=_(
        "Papers from {country}: an apostille, then a notarised translation.",
        country=Country("TR"),
    ),
    sources=("http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",),
    as_of=date(2023, 10, 31),
)
IR = Fact(
    key="ir.legalisation",
    countries=frozenset({"IR"}),
    text=_(
        "Papers from Iran are legalised by the Iranian authorities, then by a consulate"
        " of Kazakhstan."
    ),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://adilet.zan.kz/rus/docs/V1700016116",
    ),
    as_of=date(2023, 10, 31),
)
AF = Fact(
    key="af.legalisation",
    countries=frozenset({"AF"}),
    text=_("Papers from Afghanistan need consular legalisation."),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://adilet.zan.kz/rus/docs/V1700016116",
    ),
    as_of=date(2023, 10, 31),
)
OTHER = Fact(
    key="other.legalisation",
    text=_(
        "If the country belongs to the Apostille Convention, its papers take an"
        " apostille; if not, consular legalisation."
    ),
    sources=(
        "http://wb.jiangsu.gov.cn/art/2023/11/2/art_89533_11060401.html",
        "https://itrex.ru/useful/poleznye-stati/kakie-dokumenty-nuzhny-dlya-pereezda-v-kazahstan",
    ),
    as_of=date(2023, 10, 31),
)
TM_ENTRY = Fact(
    key="tm.entry",
    countries=frozenset({"TM"}),
    text=_(
        "Citizens of {country} needed a visa for Kazakhstan.",
        country=Country("TM"),
    ),
    sources=(
        "https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",
        "https://adilet.zan.kz/rus/docs/Z020000283_/compare",
    ),
    as_of=date(2023, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
AF_ENTRY = Fact(
    key="af.entry",
    countries=frozenset({"AF"}),
    text=_(
        "Citizens of {country} needed a visa for Kazakhstan.",
        country=Country("AF"),
    ),
    sources=("https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",),
    as_of=date(2023, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
OTHER_ENTRY = Fact(
    key="other.entry",
    text=_(
        "Where a visa is needed, there is one for ethnic Kazakhs ({visa}).",
        visa="C10",
    ),
    sources=(
        "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
    ),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
MN_EXCHANGE = Fact(
    key="mn.return_problem",
    countries=frozenset({"MN"}),
    text=_(
        "Some people became citizens of Kazakhstan and then went back to Mongolia. Most of "
        "them wanted their Mongolian citizenship again."
    ),
    sources=("https://www.montsame.mn/en/read/206375",),
    as_of=date(2019, 11, 8),
    about=About.HISTORY,
)
CN_PAGES = Fact(
    key="cn.misinformation",
    countries=frozenset({"CN"}),
    text=_(
        "Many Chinese pages about moving to Kazakhstan name wrong addresses, prices and "
        "portals. The official sites are gov.kz, egov.kz and migration.enbek.kz."
    ),
    sources=(
        "https://www.siudz.com/news/jie-mi-xin-jiang-ha-sa-ke-si-tan-qian-zheng-gong-lve-qing-song-ban-li-chang-you-si-lu-ming-zhu.html",
        "https://www.76hw.com/news/ha-sa-ke-si-tan-yi-min-qian-bi-zhi-shou-xu-gong-lve-sheng-huo-shi-ying-yu-fa-lv-chang-shi-quan-jie-x.html",
    ),
    as_of=date(2026, 11, 24),
)
IR_MISSIONS = Fact(
    key="ir.evacuation",
    countries=frozenset({"IR"}),
    text=_(
        "In March 2026 diplomats of Kazakhstan were brought out of Iran. We do not know whether"
        " the missions there work now."
    ),
    sources=(
        "https://rus.baq.kz/skolko-kazahstantsev-ostayutsya-v-irane-i-izraile-otvet-mid-320016869/",
    ),
    as_of=date(2026, 3, 3),
    about=About.CONTACT,
)

LAWS = (
    CN,
    UZ,
    RU,
    KG,
    TJ,
    MN,
    TR,
    IR,
    AF,
    OTHER,
    TM_ENTRY,
    AF_ENTRY,
    OTHER_ENTRY,
    MN_EXCHANGE,
    CN_PAGES,
    IR_MISSIONS,
)
