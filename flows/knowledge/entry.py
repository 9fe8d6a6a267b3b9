"""Facts about entry and stay by citizenship, and about duties after arrival."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact

_ORDER_2025 = "https://www.zakon.kz/pravo/6488830-grazhdane-turtsii-mogut-nakhoditsya-v-kazakhstane-bez-vizy-do-90-dney.html"
_MINSK = "https://prg-online-web.prgapp.kz/accountant/document/?doc_id=30258099"
_NEW_EUROPE = "https://www.neweurope.eu/article/kazakhstan-expands-list-of-visa-free-countries/"

STAY_ENDED = _(
    "We have not checked again how many days people may stay without a visa. Ask an officer before"
    " you travel. If you are already in Kazakhstan, ask at once."
)
REGISTER_ENDED = _(
    "We have not checked again how visitors register. Ask the migration police in your first days"
    " in Kazakhstan."
)
UZ_STAY = Fact(
    key="uz.stay",
    countries=frozenset({"UZ"}),
    text=_(
        "Citizens of Uzbekistan need no visa, by an agreement of 7 July 2000. They may stay 30 days"
        " at a time, and 90 days in any 180. To stay longer at a time they need a temporary"
        " residence permit: ask the migration police before day 30. Registration alone may"
        " not be enough."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://en.trend.az/casia/kazakhstan/3882709.html",
        "https://vestikavkaza.ru/material/437870",
        "https://upl.uz/policy/31207-news.html",
        "https://m.kun.uz/en/news/2023/01/31/kazakhstan-extends-period-of-stay-without-registration-for-citizens-of-uzbekistan",
        "https://ru.sputnik.kz/amp/20230131/grazhdane-uzbekistana-i-kazakhstana-smogut-ezdit-drug-k-drugu-bez-registratsii-na-30-dney-31618921.html",
        "https://ratel.kz/kaz/12705",
    ),
    as_of=date(2024, 4, 6),
    about=About.VISA,
)
TJ_STAY = Fact(
    key="tj.stay",
    countries=frozenset({"TJ"}),
    text=_(
        "Citizens of Tajikistan need no visa, by an agreement in force since 7 June 2002. By"
        " another agreement, of 2018, they may stay 30 days without registration. That agreement"
        " names up to 90 days in all. Ask a mission whether this still applies."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://en.inform.kz/news/kazakhstanis-to-stay-up-to-30-days-without-registration-in-tajikistan_a3477095/",
        "https://tj.sputniknews.ru/20190117/kazahstan-odobril-soglashenie-tajikistan-migracionnoe-sotrudnichestvo-1028000058.html",
        "https://asiaplus.news/2025/11/26/v-kazahstane-vvodyat-novye-pravila-registraczii-inostranczev-chto-vazhno-znat-grazhdanam-tadzhikistana",
        _MINSK,
        "https://adilet.zan.kz/kaz/docs/Z010000262_/compare",
    ),
    as_of=date(2019, 1, 17),
    about=About.VISA,
)
TR_STAY = Fact(
    key="tr.stay",
    countries=frozenset({"TR"}),
    text=_("Citizens of Turkey may stay up to 90 days in any 180 without a visa."),
    ended=STAY_ENDED,
    sources=(
        _ORDER_2025,
        "https://kaz.zakon.kz/quqiq/6066960-end-trkiya-azamattary-azastanda-90-knge-deyn-vizasyz-zhre-alady.html",
    ),
    as_of=date(2025, 8, 28),
    about=About.VISA,
)
DE_STAY = Fact(
    key="de.stay",
    countries=frozenset({"DE"}),
    text=_(
        "Citizens of Germany may stay up to 30 days without a visa. In any 180 days"
        " they may stay 90 days in all."
    ),
    ended=STAY_ENDED,
    sources=(
        _ORDER_2025,
        "https://www.lada.kz/kazakhstan-news/142707-novye-pravila-vezda-v-kazakhstan-kto-i-skolko-dnei-mozhet-nakhoditsia-bez-vizy.html",
        "https://qazinform.com/news/turkish-nationals-to-be-allowed-to-stay-in-kazakhstan-without-visas-for-90-days-924758",
    ),
    as_of=date(2025, 8, 28),
    about=About.VISA,
)
IR_STAY = Fact(
    key="ir.stay",
    countries=frozenset({"IR"}),
    text=_(
        "Citizens of Iran may stay up to 14 days without a visa. In any 180 days they may stay 42."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://ustinka.kz/kz/kazakhstan/politics/74663.html?sphrase_id=13149162",
        "https://baigenews.kz/kazakhstan_vvyel_bezvizovyy_rezhim_dlya_kitaya-_indii_i_irana_135116/",
        "https://the-steppe.com/novosti/dlya-indii-irana-i-knr-v-kazahstane-vveden-bezvizovyy-rezhim-na-14-dney",
        "https://qazinform.com/news/turkish-nationals-to-be-allowed-to-stay-in-kazakhstan-without-visas-for-90-days-924758",
    ),
    as_of=date(2025, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
IR_STAY_ENDS = Fact(
    key="ir.stay_ends",
    countries=frozenset({"IR"}),
    text=_(
        "Citizens of Iran may stay 14 days without a visa. In any 180 days they may stay 42"
        " days in all. Do you want to stay longer? Ask an officer before you travel, or at once if"
        " you are here."
    ),
    ended=_(
        "Did you come from Iran without a visa, and do you want to stay? In 2026 people had 14 days"
        " at most. We have not checked again: please talk to an officer at once."
    ),
    sources=IR_STAY.sources,
    as_of=IR_STAY.as_of,
    dated=IR_STAY.dated,
    about=About.VISA,
)
EAEU_STAY = Fact(
    key="eaeu.stay",
    countries=frozenset({"RU", "KG"}),
    text=_(
        "Citizens of Russia and Kyrgyzstan need no visa, by an agreement in force since 2002. They"
        " may stay up to 90 days in any 180."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://rg.ru/2023/01/27/v-kremle-s-ponimaniem-otneslis-v-izmeneniiu-poriadka-vezda-v-kazahstan.html",
        "https://turkmenportal.com/blog/57275/v-kazahstane-nachali-deistvovat-novye-migracionnye-pravila",
        _MINSK,
    ),
    as_of=date(2023, 1, 27),
    about=About.VISA,
)
MN_STAY = Fact(
    key="mn.stay",
    countries=frozenset({"MN"}),
    text=_(
        "Citizens of Mongolia visit without a visa, by an agreement in force since 1995. In any 180"
        " days they"
        " may stay 90 days in all. In 2019 up to 90 days at a time were named."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://astana.embassy.mn/post/1125",
        "https://imag.one/news/kazahstan-uvelichil-srok-prebyvaniya/610555",
        "https://prg.kz/document/?doc_id=1014308",
        _NEW_EUROPE,
    ),
    as_of=date(2023, 2, 7),
    about=About.VISA,
)
VISA_FREE = Fact(
    key="stay.visa_free",
    text=_(
        "Visa-free visitors may stay up to 30 days at a time, and 90 days in any 180. This began on"
        " 27 January 2023. The rules for some countries give more days or fewer."
    ),
    ended=STAY_ENDED,
    sources=(
        "https://rg.ru/2023/01/27/v-kremle-s-ponimaniem-otneslis-v-izmeneniiu-poriadka-vezda-v-kazahstan.html",
    ),
    as_of=date(2023, 1, 27),
    about=About.VISA,
)
TM_BALKAN = Fact(
    key="tm.balkan",
    countries=frozenset({"TM"}),
    text=_(
        "An agreement of 2001 let people from the Balkan province of Turkmenistan visit Atyrau and"
        " Mangystau Regions visa-free. The visit could last up to 5 days. Ask a mission whether"
        " this still applies."
    ),
    sources=(
        "https://www.caravan.kz/news/deputaty-odobrili-soglashenie-o-vvedenii-vizovogo-rezhima-s-turkmenistanom-171083/",
        "https://adilet.zan.kz/rus/docs/Z020000283_/compare",
    ),
    as_of=date(2002, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
REGISTER = Fact(
    key="stay.registration",
    text=_(
        "Visitors who may stay up to 90 days register online with the migration police. The time"
        " for it is 30 days after entry. After a move they register again within 5 working days."
        " The rules were announced for 1 July 2026. A treaty with your country comes first."
    ),
    ended=REGISTER_ENDED,
    sources=(
        "https://24.kg/obschestvo/352265_vkazahstane_s1iyulya_2026_goda_migrantov_budut_registrirovat_ponovyim_pravilam/",
        "https://podrobno.uz/cat/world/v-kazakhstane-migrantov-budut-registrirovat-po-novym-pravilam-",
        "https://www.inform.kz/ru/pravila-registratsii-immigrantov-v-kazahstane-izmenyatsya-af3b97",
        "https://1news.az/news/20251125025651200-Kazakhstan-uzhestochaet-migratsionnyi-kontrol",
        "https://asiaplus.news/2025/11/26/v-kazahstane-vvodyat-novye-pravila-registraczii-inostranczev-chto-vazhno-znat-grazhdanam-tadzhikistana",
    ),
    as_of=date(2025, 11, 26),
    since=date(2026, 7, 1),
    about=About.VISA,
)
HOST = Fact(
    key="stay.host",
    text=_(
        "Are you in Kazakhstan already? Your host or hotel must report your arrival to "
        "the migration police. The time for it is 3 working days. Ask to see the "
        "confirmation."
    ),
    ended=REGISTER_ENDED,
    sources=(
        "http://azizovpartners.kz/en/2022/12/21/the-stay-of-foreign-persons-non-residents-in-kazakhstan/",
        "https://investastana.kz/kz/astana-invest/press-center/news/v-kazakhstane-otmenena-obyazatelnaya-registratsiya-inostrantsev",
        "https://77tv.kz/v-regione-za-7-mesyacev-oformleno-840-viz",
    ),
    as_of=date(2022, 12, 21),
    about=About.VISA,
)
FINGERPRINTS = Fact(
    key="stay.fingerprints",
    text=_(
        "From the age of 16 fingerprints are taken: for a visa, for a residence permit and for the"
        " residence card."
    ),
    sources=(
        "https://www.zakon.kz/pravo/6494056-daktiloskopiya-grazhdan-rk-i-inostrantsev-v-posolstvakh-kazakhstana-obnovleny-pravila.html",
        "https://expert-kz.com/item/185501-obyazatelnuyu-daktiloskopiyu-dlya-inostrancev-vvodyat-v-kazahstane",
    ),
    as_of=date(2025, 10, 13),
    about=About.VISA,
)

CN_AGREEMENT = Fact(
    key="cn.agreement",
    countries=frozenset({"CN"}),
    text=_(
        "Kazakhstan has an agreement on visa-free entry with China, in force since 10 November"
        " 2023."
    ),
    sources=(
        "https://mgorod.kz/news/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-vstupil-v-silu",
        "https://status.bz/bezviz-s-kitaem-na-kakie-raiony-ne-rasprostraniaetsia-soglashenie/",
    ),
    as_of=date(2023, 11, 10),
    about=About.VISA,
)
TR_AGREEMENT = Fact(
    key="tr.agreement",
    countries=frozenset({"TR"}),
    text=_(
        "Kazakhstan has an agreement on visa-free entry with Turkey, in force since 1 April 1992."
    ),
    sources=("https://prg.kz/document/?doc_id=1020099",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.VISA,
)
IR_ALONE = Fact(
    key="ir.no_agreement",
    countries=frozenset({"IR"}),
    text=_(
        "In July 2022 Kazakhstan opened visa-free entry to citizens of Iran on its own. We have"
        " found no agreement. We have not found whether the residence permit can be applied for"
        " without a visa."
    ),
    sources=(
        "https://the-steppe.com/novosti/dlya-indii-irana-i-knr-v-kazahstane-vveden-bezvizovyy-rezhim-na-14-dney",
    ),
    as_of=date(2022, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
DE_ALONE = Fact(
    key="de.no_agreement",
    countries=frozenset({"DE"}),
    text=_(
        "Kazakhstan opened visa-free entry to citizens of Germany on its own. We have found no"
        " agreement with Germany on it."
    ),
    sources=("https://fergana.agency/news/109238/",),
    as_of=date(2019, 1, 1),
    dated=Dated.YEAR,
    about=About.VISA,
)
# Facts on agreements on visa-free entry, for the citizenships whose fact on the permitted stay does
# not mention an agreement.
AGREEMENTS = (
    TR_AGREEMENT,
    IR_ALONE,
    DE_ALONE,
)
AGREEMENT_UNCHECKED = _(
    "We have not checked whether Kazakhstan has an agreement on visa-free entry with your country."
)
# Citizenships for which it is not known if there is an agreement, so that AGREEMENT_UNCHECKED is
# shown.
NO_AGREEMENT_FOUND = frozenset({"AF", "TM"})

# Countries whose citizens may stay for up to 90 days and must register.
REGISTERED = frozenset({"DE", "KG", "MN", "RU", "TJ", "TR", "UZ"})
# Citizenships for which the length of a stay was not checked, so that STAY_OPEN is shown.
UNCHECKED = frozenset({"AF", "TM"})
STAY_OPEN = _(
    "We have not checked how long citizens of your country may stay. Ask an officer before you"
    " travel. If you are already in Kazakhstan, ask at once."
)

STAYS = (UZ_STAY, TR_STAY, DE_STAY, IR_STAY, EAEU_STAY, MN_STAY, TJ_STAY)
ENTRY = (
    *STAYS,
    CN_AGREEMENT,
    *AGREEMENTS,
    IR_STAY_ENDS,
    VISA_FREE,
    TM_BALKAN,
    REGISTER,
    HOST,
    FINGERPRINTS,
)
