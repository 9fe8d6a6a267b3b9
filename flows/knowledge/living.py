"""Facts about life after the move: accounts, diplomas, army service, pensions, marriage, help."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import COLLECTED, About, Dated, Fact

_ARRIVAL = "https://www.gov.kz/situations/497/intro?lang=en"

GET_IIN = Fact(
    key="living.iin",
    text=_(
        "A foreigner gets the IIN at a State Corporation office, free of charge. Applying online"
        " takes an IIN."
    ),
    sources=(_ARRIVAL, "https://oq.gov.kz/en/movein"),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
BANK = Fact(
    key="living.bank",
    text=_("Without an IIN a foreigner cannot sign a labour contract or open a bank account."),
    sources=(_ARRIVAL,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
SIGNATURE = Fact(
    key="living.signature",
    text=_(
        "The same office then registers your phone number and gives a digital"
        " signature. With these you can sign in to egov.kz."
    ),
    sources=(_ARRIVAL,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
PHONE_CARD = Fact(
    key="living.phone_card",
    text=_("A local phone card is registered with a mobile operator."),
    sources=(_ARRIVAL,),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
PHONE_CARD_BIOMETRIC = Fact(
    key="living.phone_card_biometric",
    text=_(
        "Since January 2026 a new phone card works only after biometric identification. The app or"
        " an office of the operator does that."
    ),
    sources=(
        "https://24.kg/tehnoblog/357148_biometriya_ilimit_na10nomerov_vkazahstane_izmenili_pravila_pokupki_SIM-kart/",
        "https://kaz.inform.kz/news/elde-sim-karta-aludin-talaptari-kusheyd-489f8b/",
        "https://www.lada.kz/kazakhstan-news/147935-kazakhstantsy-ne-smogut-polzovatsia-sim-kartoi-bez-biometrii-novye-pravila-s-3-ianvaria.html",
    ),
    as_of=date(2026, 1, 7),
    about=About.RIGHTS,
)
BANK_CARD = Fact(
    key="living.bank_card",
    text=_(
        "Bank cards of people who are not residents are valid for 12 months. Cards for businesses"
        " and investors are exempt."
    ),
    sources=(
        "https://factor.am/ru/?p=72244",
        "https://orda.kz/rossijanam-i-drugim-nerezidentam-uzhestochili-uslovija-oformlenija-kazahstanskih-bankovskih-kart-396853/",
    ),
    as_of=date(2025, 1, 14),
    about=About.RIGHTS,
)
ARMY = Fact(
    key="living.army",
    text=_("Military registration is for citizens of Kazakhstan who live in the country."),
    sources=(
        "https://www.zakon.kz/pravo/6494899-v-kazakhstane-izmenilis-pravila-voinskogo-ucheta.html",
    ),
    as_of=date(2025, 10, 20),
    about=About.RIGHTS,
)
ARMY_FREE = Fact(
    key="living.army_free",
    text=_(
        "People who are 27 or older or unfit are not called up. The same applies to people "
        "who have served in another state's army."
    ),
    sources=(
        "https://www.lada.kz/kazakhstan-news/142903-osennii-prizyv-kto-osvobozhden-i-chem-grozit-uklonenie-ot-armii-v-kazakhstane.html",
        "https://mgorod.kz/news/osennij-prizyv-v-kazahstane-kto-imeet-pravo-na-otsrochku-i-chto-grozit-za-uklonenie",
    ),
    as_of=date(2025, 9, 3),
    about=About.RIGHTS,
)
RECOGNITION = Fact(
    key="living.recognition",
    text=_(
        "Foreign university diplomas are recognised by rules of 12 June 2023. Questions are "
        "answered on enic-kazakhstan.edu.kz."
    ),
    sources=("https://enic-kazakhstan.edu.kz./en/chasto-zadavaemye-voprosy/perechen-voprosov",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
RECOGNITION_PAPERS = Fact(
    key="living.recognition_papers",
    text=_(
        "Recognition takes the diploma with its annex and a notary's translation. The diploma needs"
        " an apostille or legalisation, unless a treaty says otherwise."
    ),
    sources=("http://egov.kz/cms/en/mobile-services/185pass_mon",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
PENSION_MN = Fact(
    key="living.pension_mn",
    countries=frozenset({"MN"}),
    text=_(
        "In January 2026 the Senate of Kazakhstan approved a pension agreement with Mongolia. Under"
        " it years of work in both countries are to count."
    ),
    sources=(
        "https://oq.gov.kz/en/qazalemnews/1402",
        "https://cn.inform.kz/news/zuo-weitongshihui-fae27d/",
        "https://news.mail.ru/politics/69516736/",
    ),
    as_of=date(2026, 1, 22),
    about=About.RIGHTS,
)
PENSION_MN_YEARS = Fact(
    key="living.pension_mn_years",
    countries=frozenset({"MN"}),
    text=_(
        "For the pension agreement Mongolia's labour ministry names years of work before 1998. We"
        " do not know whether later years count."
    ),
    sources=("https://mlsp.gov.mn/eng/content/detail/1986",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
PENSION_UNION = Fact(
    key="living.pension_union",
    countries=frozenset({"RU", "KG"}),
    text=_(
        "Years of work in Russia and Kyrgyzstan count for a pension together with years of work in"
        " Kazakhstan. An agreement of the Eurasian Economic Union in force since 1 January 2021"
        " says so. The agreement has conditions: ask an officer."
    ),
    sources=(
        "https://azizovpartners.kz/en/2021/01/25/kazakhstanis-have-the-right-to-receive-a-pension-in-the-eaeu-countries/",
        "http://adilet.zan.kz/kaz/docs/Z2000000381/compare",
    ),
    as_of=date(2021, 1, 25),
    about=About.RIGHTS,
)
PENSION_PAPERS = Fact(
    key="living.pension_papers",
    text=_(
        "For a pension you need an identity paper and papers about your years of work."
        " Examples are a work book and certificates of an archive. Before you are a citizen, the"
        " kandas certificate is an identity paper for this."
    ),
    sources=("https://egov.kz/cms/en/government-services/for_citizen/pass152_mtszn",),
    as_of=COLLECTED,
    dated=Dated.READ,
    about=About.RIGHTS,
)
MARRIAGE = Fact(
    key="living.marriage",
    text=_(
        "A marriage is registered 15 days after the application at the earliest. If one of the two"
        " is a foreigner, more papers are needed."
    ),
    sources=(
        "https://www.zakon.kz/obshestvo/6503579-kak-pozhenitsya-v-krasivuyu-datu-podskazali-kazakhstantsam.html",
        "https://www.lada.kz/kazakhstan-news/142531-zamuzh-za-inostrantsa-v-kazakhstane-kakie-dokumenty-nuzhny-dlia-registratsii-braka.html",
    ),
    as_of=date(2026, 1, 6),
    about=About.RIGHTS,
)
COMPLAINT = Fact(
    key="living.complaint",
    text=_(
        "Give your complaint to the office that decided. The body above it decides on the"
        " complaint. A code in force since 1 July 2021 says so."
    ),
    sources=(
        "https://zakonpravo.kz/en/article-91-appeal-procedure-administrative-procedural-procedure-code-of-the-republic-of-kazakhstan",
        "https://adilet.zan.kz/rus/docs/K2000000350/compare/eng",
        "https://www.ktek.kz/kk/2023-zhyl-y-28-arashada-y-zha-daj-bojynsha-memlekettik-organdardy-resmi-sajttarynda-zh-ne-leumettik-zhelilerinde-ornalastyru-a-arnal-an-r-kimshilik-r-simdik-procestik-kodeksi-zh-nindegi-a-parat/",
    ),
    as_of=date(2023, 11, 28),
)
DEADLINE = Fact(
    key="living.complaint_deadline",
    text=_(
        "You have three months to complain, from the day you learn of the decision."
        " If you are late for a good reason, such as illness, complain all the same."
    ),
    ended=_("There is a deadline for complaints. We have not checked it again: complain soon."),
    sources=("https://rimap.unhcr.org/node/75501?page=1",),
    as_of=date(2026, 3, 19),
)
BRIBES = Fact(
    key="living.bribes",
    text=_(
        "To report a bribe, inside Kazakhstan: 1424, free of charge, day and night. The"
        " anti-corruption service answers. The service is part of the National Security Committee."
    ),
    sources=(
        "https://stan.kz/15-mln-tenge-koleminde-siyaki-aluga-boladi-kazakstanda-425714",
        "https://egov.kz/cms/en/articles/legal_relations/corruption",
    ),
    as_of=date(2025, 1, 1),
    dated=Dated.YEAR,
    about=About.CONTACT,
)
LEGAL_HELP = Fact(
    key="living.legal_help",
    text=_(
        "In the south the legal centre “Sana Sezim” helps people without citizenship"
        " or papers. The help is free. The centre works with the UN Refugee Agency,"
        " not with the state."
    ),
    sources=("https://www.unhcr.org/centralasia/en?p=21591",),
    as_of=date(2023, 1, 1),
    dated=Dated.YEAR,
    about=About.CONTACT,
)
LEGAL_BUREAU = Fact(
    key="living.legal_bureau",
    text=_(
        "The Kazakhstan International Bureau for Human Rights helps people without"
        " citizenship too. It also works with the UN Refugee Agency."
    ),
    sources=(
        "https://unhcr.org/centralasia/en/55133-migration-service-committee-and-unhcr-discuss-ways-to-improve-statelessness-determination-in-kazakhstan.html",
        "https://unhcr.org/centralasia/en/17617-nearly-9000-stateless-people-have-been-identified-and-documented-as-the-result-of-a-nation-wide-campaign-in-kazakhstan.html",
    ),
    as_of=date(2023, 12, 13),
    about=About.CONTACT,
)

LIVING = (
    GET_IIN,
    BANK,
    SIGNATURE,
    PHONE_CARD,
    PHONE_CARD_BIOMETRIC,
    BANK_CARD,
    ARMY,
    ARMY_FREE,
    RECOGNITION,
    RECOGNITION_PAPERS,
    PENSION_MN,
    PENSION_MN_YEARS,
    PENSION_UNION,
    PENSION_PAPERS,
    MARRIAGE,
    COMPLAINT,
    DEADLINE,
    BRIBES,
    LEGAL_HELP,
    LEGAL_BUREAU,
)
