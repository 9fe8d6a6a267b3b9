"""Lists the pages that an editor read, with the date.

Only an excerpt of every other source was read. For each page in `PAGES`, a stored copy was read
from its beginning. The copy of a long page may be cut at the end. For pages with many articles, the
first words identify an article.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

OPENED_ON = date(2026, 11, 28)
OPENED_LATER = date(2026, 11, 29)

_FIRST: Mapping[str, date] = dict.fromkeys(
    (
        # Official sites
        "http://egov.kz/cms/en/mobile-services/185pass_mon",
        "https://egov.kz/cms/en/articles/legal_relations/corruption",
        "https://egov.kz/cms/en/government-services/for_citizen/pass152_mtszn",
        "https://egov.kz/cms/en/online-services/for_citizen/2F30_mzsr",
        "https://egov.kz/cms/en/services/009pass_mvd",
        "https://enic-kazakhstan.edu.kz./en/chasto-zadavaemye-voprosy/perechen-voprosov",
        "https://oq.gov.kz/en/kandastar",
        "https://oq.gov.kz/en/movein",
        "https://oq.gov.kz/en/news/1458",
        "https://oq.gov.kz/en/qazalemnews/1402",
        "https://oq.gov.kz/erulik/erulik/migration/12",
        "https://www.gov.kz/memleket/entities/mfa-newyork/press/article/details/86164?directionId=5977&lang=en",
        "https://www.gov.kz/memleket/entities/mfa-strasbourg/press/news/details/605097?lang=en",
        "https://www.gov.kz/situations/497/intro?lang=en",
        "https://www.nitec.kz/en/news/public-service-assignment-or-extension-status-kandas-available-egovkz",
        "https://www.nitec.kz/en/news/service-inclusion-regional-quota-kandas-admission-available-egovkz-portal-and-egov-mobile-app",
        "https://www.unhcr.org/kazakhstan.html",
        "https://webarchive.archive.unhcr.org/20200123220611mp_/https://www.unhcr.org/centralasia/en/unhcr-in-kazakhstan",
        "https://shymkent.invest.gov.kz/invest-guide/arrival/residence-permit-citizenship/",
        # Texts of laws, orders and agreements
        "https://rimap.unhcr.org/node/75501?page=1",
        "https://zakonpravo.kz/en/article-91-appeal-procedure-administrative-procedural-procedure-code-of-the-republic-of-kazakhstan",
        "https://zakonpravo.kz/en/article-7-obtaining-a-permanent-residence-permit-in-the-republic-of-kazakhstan-the-law-on-population-migration",
        "https://cis-legislation.com/document.fwx?rgn=173478",
        "https://prg.kz/document/?doc_id=1014308",
        "https://prg.kz/document/?doc_id=1020099",
        "https://prg-online-web.prgapp.kz/accountant/document/?doc_id=30258099",
        # Press, law firms and a foreign embassy
        "http://www.newsgd.com/livingingd/immigration/content/2009-10/30/content_95563263_2.htm",
        "https://24.kg/english/359778_Kyrgyzstan_to_build_new_Embassy_building_in_Kazakhstan/",
        "https://24.kg/tehnoblog/357148_biometriya_ilimit_na10nomerov_vkazahstane_izmenili_pravila_pokupki_SIM-kart/",
        "https://24.kg/obschestvo/352265_vkazahstane_s1iyulya_2026_goda_migrantov_budut_registrirovat_ponovyim_pravilam/",
        "https://astana.embassy.mn/post/1125",
        "https://imag.one/news/kazahstan-uvelichil-srok-prebyvaniya/610555",
        "https://factor.am/ru/?p=72244",
        "https://kaz.inform.kz/news/elde-sim-karta-aludin-talaptari-kusheyd-489f8b/",
        "https://kaz.zakon.kz/amp/quqiq/6056602-abay-oblysynda-10-sheteldk-ytiyarkhatynan-ayyryldy.html",
        "https://orda.kz/rossijanam-i-drugim-nerezidentam-uzhestochili-uslovija-oformlenija-kazahstanskih-bankovskih-kart-396853/",
        "https://singapore.mfa.uz/page/886?language=en",
        "https://spectr.com.kz/novosti/oblast-abaj/7759-10-inostranczev-v-oblasti-abaj-lishilis-vida-na-zhitelstvo.html",
        "https://www.inform.kz/ru/1045-etnicheskih-kazahov-poluchili-status-kandasa-v-shimkente-86e5f9",
        "https://www.ng.kz/modules/news/article.php?storyid=58158",
        "https://www.zakon.kz/obshestvo/6501211-opredelenie-i-izmenenie-natsionalnosti-rebenka-vazhnoe-razyasnenie-dlya-kazakhstantsev.html",
        "https://advice.adliya.uz/ru/document/43?keyword=%D0%92%D1%8B%D1%85%D0%BE%D0%B4+%D0%BD%D0%B0+%D0%BF%D0%B5%D0%BD%D1%81%D0%B8%D1%8E",
        "https://cn.inform.kz/news/minzhengwaidonglijinjiangduixingye-9e67b7",
        "https://cn.inform.kz/news/nian13guorendetong-e56958/",
        "https://kaz.inform.kz/news/2026-zhili-aylik-eseptk-korsetksh-molsher-kalay-ozgerd-7b421f/",
        "https://rus.baq.kz/okolo-300-etnicheskih-kazahov-pereehali-v-atyrauskuyu-oblast-s-nachala-goda_300029273/",
        "https://rus.baq.kz/skolko-kazahstantsev-ostayutsya-v-irane-i-izraile-otvet-mid-320016869/",
        "https://unsdg.un.org/latest/stories/kazakhstan-lifting-shadows-statelessness",
        "https://www.gov.kz/situations/149/intro?lang=en",
        "https://www.lada.kz/kazakhstan-news/147991-ot-vezda-do-vyezda-kazakhstan-zhiostko-meniaet-pravila-migratsii-do-2030-goda.html",
        "https://www.montsame.mn/en/read/206375",
        "https://www.unhcr.org/centralasia/en?p=21591",
        "https://www.zakon.kz/pravo/6494899-v-kazakhstane-izmenilis-pravila-voinskogo-ucheta.html",
        "https://www.zakon.kz/pravo/6507024-izmenilis-pravila-postanovki-na-uchet-nuzhdayushchikhsya-v-zhile.html",
        "https://pavlodarnews.kz/ru/gde-kandasi-mogut-oformit-vizu-na-postoyannoe-prozhivanie-v-pavlodare",
        "https://podrobno.uz/cat/world/v-kazakhstane-migrantov-budut-registrirovat-po-novym-pravilam-",
        "https://qazinform.com/news/turkish-nationals-to-be-allowed-to-stay-in-kazakhstan-without-visas-for-90-days-924758",
        "http://azizovpartners.kz/en/2022/12/21/the-stay-of-foreign-persons-non-residents-in-kazakhstan/",
        "https://azizovpartners.kz/en/2021/01/25/kazakhstanis-have-the-right-to-receive-a-pension-in-the-eaeu-countries/",
        "https://stan.kz/15-mln-tenge-koleminde-siyaki-aluga-boladi-kazakstanda-425714",
        "https://hamburg-24stun.de/articles/kasachstan-eroffnet-drittes-konsulat-in-deutschland-wahlt-hamburg",
        "https://kunkuni.com/zh-rshy/item/4426-osh-alasynda-aza-stanny-bas-konsuldy-y-ashyldy",
        "https://kaz.zakon.kz/sayasat/6033682-azastan-astrakhanda-al-resey-oralda-konsuldy-ashady.html",
        "https://1news.az/news/20251125025651200-Kazakhstan-uzhestochaet-migratsionnyi-kontrol",
        "https://astanatimes.com/2025/02/kazakhstans-initiative-offers-business-opportunities-for-ethnic-kazakhs-oversees/",
        "https://charter97.org/ru/news/2026/2/24/674811/",
        "https://cn.inform.kz/news/zuo-weitongshihui-fae27d/",
        "https://dixinews.kz/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-zarabotaet-s-10-noyabrya/",
        "https://expert-kz.com/item/185501-obyazatelnuyu-daktiloskopiyu-dlya-inostrancev-vvodyat-v-kazahstane",
        "https://holod.media/2026/02/24/kazahstan-rezko-uzhestochil/",
        "https://jjtv.kz/en/news/society/32026-kazakhstan-to-simplify-procedure-for-obtaining-residence-permit-for-ethnic-kazakhs",
        "https://kaz.inform.kz/news/kazakstan-azamattigin-alu-ushn-test-tapsiruga-otnsh-kabildau-bastaldi-4db767/",
        "https://kaz.zakon.kz/quqiq/6066960-end-trkiya-azamattary-azastanda-90-knge-deyn-vizasyz-zhre-alady.html",
        "https://m.kun.uz/en/news/2023/01/31/kazakhstan-extends-period-of-stay-without-registration-for-citizens-of-uzbekistan",
        "https://mgorod.kz/news/bezvizovyj-rezhim-mezhdu-kazahstanom-i-kitaem-vstupil-v-silu",
        "https://mgorod.kz/news/v-kazaxstane-bolee-8-tysiac-celovek-vkliuceny-v-kvotu-pereseleniia-na-2026-god",
        "https://new.wpk.kz/iin_abroad",
        "https://new.wpk.kz/migration_document_storage_en",
        "https://news.mail.ru/politics/69516736/",
        "https://news.mail.ru/politics/69967509/",
        "https://oz.inform.kz/news/utgan-yili-168-mingga-yakin-etnik-kozok-vatandosh-makomini-oldi-057595/",
        "https://patrioty.org.ua/politic/netiurkomovnym-stane-vazhche-kazakhstan-zaprovadyv-movnyi-ispyt-dlia-otrymannia-posvidky-na-prozhyvannia-587110.html",
        "https://prosud.kz/amp/ekspertiza/1022984-status-kandasa-izmenilis-pravila-prisvoeniya.html",
        "https://rg.ru/2023/01/27/v-kremle-s-ponimaniem-otneslis-v-izmeneniiu-poriadka-vezda-v-kazahstan.html",
        "https://ru.ult.kz/2022/05/13/teper-status-kandas-mozhno-poluchit-cherez-portal-egov-kz",
        "https://silkwaytv.kz/ru/poryadok-prisvoeniya-statusa-kandas-izmenyat-v-kazakhstane",
        "https://fergana.agency/news/109238/",
        "https://ratel.kz/kaz/12705",
        "https://ru.sputnik.kz/amp/20230131/grazhdane-uzbekistana-i-kazakhstana-smogut-ezdit-drug-k-drugu-bez-registratsii-na-30-dney-31618921.html",
        "https://status.bz/bezviz-s-kitaem-na-kakie-raiony-ne-rasprostraniaetsia-soglashenie/",
        "https://the-steppe.com/novosti/dlya-indii-irana-i-knr-v-kazahstane-vveden-bezvizovyy-rezhim-na-14-dney",
        "https://upl.uz/policy/31207-news.html",
        "https://ustinka.kz/kz/kazakhstan/politics/74663.html?sphrase_id=13149162",
        "https://www.caravan.kz/news/deputaty-odobrili-soglashenie-o-vvedenii-vizovogo-rezhima-s-turkmenistanom-171083/",
        "https://www.inform.kz/ru/kazahstan-utverdil-regionalnie-kvoti-na-priem-kandasov-i-pereselentsev-na-2026-god-d84fea",
        "https://www.inform.kz/ru/pravila-registratsii-immigrantov-v-kazahstane-izmenyatsya-af3b97",
        "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        "https://www.lada.kz/kazakhstan-news/142707-novye-pravila-vezda-v-kazakhstan-kto-i-skolko-dnei-mozhet-nakhoditsia-bez-vizy.html",
        "https://www.lada.kz/kazakhstan-news/146527-v-kazakhstane-s-1-ianvaria-pereselentsam-na-sever-podnimut-vyplaty-na-milliony-tenge.html",
        "https://www.lada.kz/kazakhstan-news/147686-pereselenie-stalo-vygodnym-skolko-budet-platit-kazakhstan-kazhdomu-chlenu-semi-s-2026-goda.html",
        "https://www.skyway.kz/ru/visas/kazahstan-kitaj/",
        "https://www.zakon.kz/pravo/6488830-grazhdane-turtsii-mogut-nakhoditsya-v-kazakhstane-bez-vizy-do-90-dney.html",
        "https://www.zakon.kz/pravo/6494056-daktiloskopiya-grazhdan-rk-i-inostrantsev-v-posolstvakh-kazakhstana-obnovleny-pravila.html",
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        "https://www.zakon.kz/pravo/6504825-poluchenie-grazhdanstva-rk-utverzhdeny-pravila-testirovaniya-na-znanie-kazakhskogo-yazyka-i-istorii-kazakhstana.html",
        "https://www.zakon.kz/pravo/6508012-vydacha-razresheniya-inostrantsam-na-pmzh-i-poluchenie-statusa-kandasa-zapushchen-pilot.html",
        "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
    ),
    OPENED_ON,
)
_LATER: Mapping[str, date] = dict.fromkeys(
    (
        "http://azizovpartners.kz/en/2022/10/22/residence-permit-in-kazakhstan-2/",
        "https://anhor.uz/news/prinyati-popravki-zakon-grazhdanstve-respubliki-uzbekistan",
        "https://internationalinvestment.biz/en/migration/7750-new-rules-for-kazakhstan-residency-permits-2026-language-points-system-and-financial-threshold.html",
        "https://oq.gov.kz/en/qazalemnews/1277",
        "https://orda.kz/novye-pravila-testirovanija-na-znanie-kazahskogo-jazyka-razrabotali-dlja-gossluzhaschih-385175",
        "https://wheretoemigrate.io/guide/programs/kazakhstan/permanent-settlement-kazakhstan-nm-2c684e5735/",
        "https://yep.uz/2021/09/v-uzbekistane-hotjat-vvesti-otvetstvennost-za-neuvedomlenie-o-vtorom-grazhdanstve/",
        "http://kazakhstannewsgazette.com/rules-for-issuing-residence-permits-to-foreigners-have-been-changed-in-kazakhstan/",
        "https://asiaplus.news/2025/11/26/v-kazahstane-vvodyat-novye-pravila-registraczii-inostranczev-chto-vazhno-znat-grazhdanam-tadzhikistana",
        "https://en.inform.kz/news/kazakhstanis-to-stay-up-to-30-days-without-registration-in-tajikistan_a3477095/",
        "https://en.tengrinews.kz/laws_initiatives/childs-nationality-in-kazakhstan-prosecutors-office-explains-270465",
        "https://en.trend.az/casia/kazakhstan/3882709.html",
        "https://mlsp.gov.mn/eng/content/detail/1986",
        "https://news.mail.ru/politics/62420832/",
        "https://prg.kz/lawyer/document/?doc_id=31760941",
        "https://tj.sputniknews.ru/20190117/kazahstan-odobril-soglashenie-tajikistan-migracionnoe-sotrudnichestvo-1028000058.html",
        "https://vestikavkaza.ru/material/437870",
        "https://www.lada.kz/kazakhstan-news/144622-mvd-rasskazalo-kakie-dokumenty-i-na-kakom-iazyke-nuzhny-dlia-vnzh-v-kazakhstane.html",
        "https://www.lada.kz/kazakhstan-news/146294-mintrud-kazakhstana-opredeliaet-skolko-kandasov-primet-kazhdyi-region-v-2026-godu.html",
        "https://www.lada.kz/kazakhstan-news/150173-kazakhstan-trebuet-u-rossiian-dlia-vnzh-dokument-kotorogo-ne-sushchestvuet-v-prirode.html",
        "https://www.zakon.kz/obshestvo/6494496-kak-oformit-vid-na-zhitelstvo-v-kazakhstane-instruktsiya.html",
        "https://www.zakon.kz/obshestvo/6510008-rossiyanam-dlya-pmzh-v-kazakhstane-nuzhen-dokument-kotorogo-net-v-rossii.html",
        "https://www.zakon.kz/pravo/6502262-v-kazakhstane-ustanovili-regionalnye-kvoty-na-priem-kandasov-i-pereselentsev-na-2026-god.html",
    ),
    OPENED_LATER,
)
PAGES: Mapping[str, date] = {**_FIRST, **_LATER}

# First words of articles that were seen only on a page with many articles. These words identify the
# article.
FIRST_WORDS: Mapping[str, str] = {
    "https://kz.kursiv.media/kk/category/news/page/329": (
        "Қазақстан үкіметі шетелде тұратын қазақтардың бірыңғай тізімін дайындауды көздейді."
    ),
    "https://kokshetoday.kz/tag/rasselenie/": (
        "Утверждена региональная квота приема кандасов и переселенцев на 2025 год"
    ),
}


class Seen(StrEnum):
    """The part of a source that was seen: the opened page, or only an excerpt."""

    OPENED = "opened"
    EXCERPT = "excerpt"


def seen(source: str) -> Seen:
    """Return OPENED if the page was opened, EXCERPT if only an excerpt of it was seen."""
    return Seen.OPENED if source in PAGES else Seen.EXCERPT


def read_on(source: str, collected: date) -> date:
    """Return the day on which the source was read; for an excerpt, the day of collecting it."""
    return PAGES.get(source, collected)
