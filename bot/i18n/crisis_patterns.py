"""Patterns of danger in English and Turkish, which people write although neither is offered.

The recognizer is not trained on these languages. A pattern is a regular expression over words in
lower case without accents, with some shorthand. `<took taken>` is a key: one of these words must
match, and the pattern is tried only on texts with such a word. `*` is any ending, `~2` is up to two
words, and a name in capitals is an entry of `SETS`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

KEY_LETTERS = 4
MAX_CHARACTERS = 5000
KEYS = re.compile("<([^<>]+)>")
SET = re.compile("[A-Z]{3,}")
GAP = re.compile(r"~(\d) ?")
LATIN = re.compile("[A-Za-z]")
ENDS = re.compile(r"[.!?;:\n]+")
NO_WORD = re.compile(r"[^\w.]+|_+")
APOSTROPHES = re.compile("[ʻʼ'’‘`]")

SETS: Mapping[str, str] = {
    "KIN": (
        "(?:my|our|his|her|their) (?:\\w+ ){0,3}?(?:brother|sister|father|mother|dad|mom|mum"
        "|husband|wife|son|daughter|child|children|kid|parent|uncle|aunt|cousin|friend|famil|relative"
        "|grandfather|grandmother|grandpa|grandma|nephew|niece|boyfriend|girlfriend|baby)(?:s|y|ies)?"
    ),
    "WHOM": "(?:me|us|him|her|them|everyone|everybody|KIN)",
    "THEY": (
        "(?:they|police\\w*|cops?|officers?|soldiers?|army|security|agents?|authorities|guards?"
        "|government|militia|men|man|people|someone|somebody|strangers?)"
    ),
    "CHILD": "(?:child|children|kids?|sons?|daughters?|baby|babies|boys?|girls?)",
    "PAPERS": "(?:passports?|documents?|papers|ids?)",
    "BOSS": (
        "(?:boss|employers?|owner|company|agent|agency|manager|factory|farm|recruiter|broker|husband"
        "|landlord|foreman|master|madam|trafficker|in law)"
    ),
    "USUAL": (
        " to (?:(?:the|a|my|her|his) )?(?:school|hospital|doctor|kindergarten|airport|work|wrong"
        "|office|clinic|shop|park|kazakhstan)"
    ),
    "AKRABA": (
        "(?:kardes|agabey|abi|abla|baba|anne|koca|esim|esin|karim|karisi|ogl|kiz|cocu|bebe|amca"
        "|dayi|halam|teyze|arkadas|aile|kuzen|yegen|akraba|yakinlar|dede|nine|torun)\\w*"
    ),
    "KIMI": "(?:beni|bizi|onu|onlari|herkesi|AKRABA(?:mi|mu|zi|zu|ni|nu|ri))",
    "EVRAK": "(?:pasaport|kimlig|kimlik|evrak|belge)\\w*",
    "PATRON": (
        "(?:patron|isveren|sirket|araci|fabrika|mudur|kocam|esim|ustabasi|ajans|sahib|adam)\\w*"
    ),
}

# Patterns by intent, in search order. The intent is "" if the patterns do not tell the kind of
# danger.
ENGLISH: Mapping[str, tuple[str, ...]] = {
    "danger.self_harm": (
        "<suicide suicidal overdose overdosed>",
        "<kill killing killed hurt hurting cut cutting hang hanging harm harming drown shoot>"
        " (?:myself|my self|herself|himself|themselves)",
        "(?:want|wants|wanted|ready|rather|going) to <die>",
        "better off (?:<dead>|<without> me)",
        "(?:end|ending|take|taking) (?:my|this|her|his) (?:own )?<life>",
        "want this <life> to (?:be over|end)",
        "<life> (?:is |has )?(?:not worth|over|worthless|meaningless|no meaning|no sense)",
        "(?:no|not|dont see|cant see) ~2 (?:reason|point|strength|will|wish|sense|power)"
        " (?:to|in) <live living>",
        "(?:dont|not|no longer|never) ~1 (?:want|wish) to <live exist>"
        "(?! (?:in|at|with|there|near|here|abroad|under|on|alone|outside|without))",
        "(?:dont|not|never) ~1 (?:want|wish) to <wake>",
        "tired of <living life>",
        "(?:cant|cannot|can not) <live> (?:any ?more|like this)",
        "<end ending> it all",
        "(?:took|take|swallowed) ~4 <pills>",
        "<jump> (?:off|from|out)",
    ),
    "danger.child": (
        "CHILD ~3 (?:is|are|was|were|left|stay|stays|been) ~2 <alone abandoned unattended>",
        "(?:brother|sister|niece|nephew) ~2 (?:was|were) ~1 left <alone>",
        "little (?:brother|sister) is <alone>",
        "<left> ~3 CHILD ~1 alone",
        "CHILD ~2 (?:got|is|are) <lost>(?! (?:in|his|her|their|papers))",
        "<lost found> (?:a|my|our|the|his|her) ~1 CHILD",
        "(?:i am|im|iam) (?:only |just )?(?:[1-9]|1[0-7])(?: years old)? ~4 <alone>",
        "<kidnap kidnapped abducted stole> (?:my|our|his|her) ~1 CHILD",
        "<took taken> (?:away )?(?:my|our|the|his|her|their) ~1"
        " (?:children|kids|child|baby)(?!USUAL)",
        "(?:children|kids|child|baby) ~1 (?:was|were|been) ~1 <taken left>(?!USUAL)",
        "(?:put|took|taken|sent) ~6 (?:<orphanage>|<boarding> school)",
    ),
    "danger.deported": (
        "<deport deports deporting> (?:WHOM|today|tomorrow|tonight)",
        "(?:be|being|get|getting|got|are|am|im|is|was|were) ~2 <deported>",
        "<deportation> (?:today|tomorrow|tonight|order|centre|center|camp|prison|decision)",
        "<extradite extradited extradition extraditing>",
        "<send sends sending sent> WHOM ~1 (?:back|home)(?! (?:the|my|a|an|your|it))",
        "(?:be|being|get|getting|was|were|are|am|been) <sent> back",
        "on (?:a|the) <plane flight> back",
        "<return returning hand handing handed give giving send sending sent> WHOM (?:back |over )?"
        "(?:to|across|over) (?:the )?(?:china|chinese|xinjiang|police|border)",
        "<give giving hand handing> (?:me|us|him|her|them) (?:back|over)(?! (?:my|the|our|a|some))",
        "<force forces forced forcing> (?:WHOM )?to (?:return|go|leave|come)",
        "<make makes making made> WHOM (?:come|go) back",
        "(?:not|wont|dont|doesnt|didnt) <let letting> WHOM (?:in|enter|through|cross|pass)",
        "(?:want|wants) to <return> (?:me|us|him|her|them)",
        "(?:want|wants) (?:me|us|him|her|KIN) <back>",
        "<turn turned turning> (?:WHOM )?(?:back|away) ~2 (?:border|airport)",
    ),
    "danger.violence": (
        "<beat beats beating beaten hit hits hitting slap* punch* kick* stab* strangl* chok*"
        " attack* hurt hurts hurting abus* assault*> (?:up )?WHOM",
        "<rape raped raping torture tortured torturing beaten stabbed molested strangled>",
        "(?:was|were|been|being|got|am|im|is|are) ~1 <hit attacked abused assaulted>",
        "<abusive abuser>",
        "domestic <violence>",
        "sexual <abuse assault harassment violence>",
        "(?:husband|father|boyfriend|man) ~2 <violent>",
        "<kill kills killing murder murdered> (?:WHOM|you)",
        "(?:will|going to|gonna|want to|wants to|be|been|was|were) ~2 <kill killed>",
        "<lock locks locked> (?:WHOM )?(?:in|up|inside)",
        "<trapped captive hostage>",
        "not <allowed> to (?:leave|go out|go outside)(?: the| this| my)?"
        " (?:house|home|room|factory|farm|building|flat|site|alone)",
        "(?:wont|not|doesnt|dont) <let lets> WHOM (?:go|leave|out|call)",
        "BOSS ~4 <took takes take taken kept keep keeps keeping hold holds holding held has have"
        " hid hides stole locked withheld> (?:away )?(?:all )?(?:of )?(?:my|our) ~1 PAPERS",
        "<took taken take stole kept> (?:away )?(?:all )?(?:of )?(?:my|our) ~1 PAPERS (?:away"
        "|from (?:me|us)|by force|and ~3 (?:wont|not|dont|never|refuse|refuses|cannot|cant))",
        "<confiscate confiscated confiscates>",
        "(?:wont|not|never|dont|doesnt|refuse to|refuses to|refused to) ~1 <give gives return>"
        " ~2 (?:back|(?:my|our) PAPERS)",
        "<sold> (?:me|us|him|her|KIN) (?:to|for|as|in)",
        "(?:i|we|he|she|KIN) ~1 (?:was|were|been|being|got) <sold>",
        "(?:want|wants|going) to <sell> (?:me|us|him|her|KIN)(?! (?:a|an|the|some))",
        "<trafficked trafficking traffickers slave slaves slavery prostitution brothel>",
        "against (?:my|our|his|her|their) <will>",
        "<force forces forced forcing> (?:WHOM )?to (?:work|marry|beg|have)",
        "<forced> (?:labou?r|marriage|work)",
        "(?:work|working) without <pay payment wages>",
    ),
    "danger.followed": (
        "(?:being|been|am|is|are|were) ~1 <followed watched monitored tapped chased>",
        "<follow follows following watch watches watching monitor monitoring spy spies spying"
        " stalk* chase chases chasing>"
        " (?:on )?(?:WHOM|(?:my|our) ~1 (?:phone|house|home|messages|calls))",
        "THEY ~4 <check checks checked checking read reads listen listens listening search"
        " searched>"
        " (?:to |through )?(?:my|our) (?:phones?|messages|calls|chats|house|home|flat)(?! number)",
        "<threat threats threaten threatens threatened threatening blackmail*>",
        "<afraid scared frightened terrified hiding hide escaped> (?:of|from) (?:the )?"
        "(?:police|government|security|army|them|him|my husband)",
        "<afraid scared> to (?:write|talk|speak|go|call|leave|say|return|tell)",
        "in <hiding>",
        "<fear afraid scared> for (?:my|our|his|her) (?:life|lives|family|safety|child|children)",
        "(?:am|are|im|were) not <safe>",
        "<police policemen cops soldiers agents> ~3 (?:came|come|coming|called|visited|knock\\w*|at"
        "|outside) ~4 (?:my|our|the) ~1 (?:door|house|home|family|parents|flat)",
        "THEY ~2 at (?:my|our|the) <door>",
        "<police soldiers> (?:is |are )?(?:outside|at the door)",
        "under <surveillance>",
        "THEY ~6 <ask asks asked asking> ~1 about (?:KIN|my family|our family)",
        "THEY ~2 <looking searching> for WHOM",
        "they <know> (?:that )?i (?:talked|wrote|write|talk|contacted)",
        "why i <call talk write contact>",
        "(?:KIN|parents|family) (?:will )?~1 <suffer suffers punished>",
    ),
    "danger.detained": (
        "<arrest arrests arrested arresting detained detaining imprisoned jail jailed prison"
        " handcuffed kidnapped abducted interrogated interrogation>",
        "in <detention>",
        "THEY ~3 <took take takes taken taking grabbed grab seized seize dragged>"
        " (?:both of |all of |away )?WHOM(?!USUAL)",
        "<took take taking> (?:both of |all of )?WHOM away",
        "<came> ~4 and took (?:both of |all of |away )?WHOM",
        "police (?:has |have |had )?<took taken>",
        "(?:i|we|he|she|they|KIN|parents|people) ~1 (?:was|were|been|got|being) ~1 <taken dragged>"
        "(?!USUAL| care)",
        "(?:education|reeducation|internment|concentration|labou?r|detention) <camp camps>",
        "(?:in|to|into|at|from) (?:a |the |that )?<camp camps>",
        "(?:KIN|he|she|people) ~2 <missing>(?! (?:a|one|two|the|some|his|her|my|this) )",
        "(?:KIN|he|she|they|people|relatives) ~3 <disappeared vanished>",
        "(?:KIN|he|she) ~9 never <came come returned>",
        "no <news word contact> (?:from|of|about|with) (?:KIN|him|her|them)",
        "(?:not|havent|nothing|hasnt) ~2 <heard hear> ~1 (?:from|of) (?:KIN|him|her|them)",
        "<heard> nothing (?:from|of|about) (?:KIN|him|her|them)",
        "(?:took|taken) WHOM ~4 <heard> nothing",
        "(?:cant|cannot|can not|couldnt) <reach contact> (?:KIN|him|her|them)",
        "<lost> contact (?:with|to) (?:KIN|him|her|them)",
        "(?:dont|not|nobody|noone|no one) <know knows> where (?:he|she|KIN)",
        "<tell tells> (?:me |us )?where (?:he|she|KIN)",
        "(?:KIN|relatives) ~3 (?:not|dont|doesnt) <answer reply> ~1 (?:any ?more|since|for)",
        "<sentenced> (?:WHOM|to)",
        "THEY ~2 <holding hold held> (?:him|her|us|KIN)",
        "in <custody>",
    ),
    "": (
        "in (?:big |great |serious )?<danger>",
        "life ~1 at <risk>",
        "<save rescue> (?:us|him|her|KIN|my life|me)(?! (?:time|money|the|from paying|a) )",
    ),
}
TURKISH: Mapping[str, tuple[str, ...]] = {
    "danger.self_harm": (
        "<intihar*>",
        "<kendimi kendini> ~1 (?:oldur|as|at|kes|yak|zehirle)\\w*",
        "<olmek> ist\\w*",
        "(?<!de )(?<!da )(?<!te )(?<!ta )yasamak <istemiyor*>",
        "yasamaya <gucum*>",
        "yasamanin ~1 <anlami*>",
        "hayatima <son> ver\\w*",
        "canima <kiyacag* kiymak kiydi>",
        "bu <hayat*> bit\\w*",
    ),
    "danger.child": (
        "(?:cocu|kizim|ogl|bebe|kucuk kardes)\\w* ~3 <yalniz* birakilmis>",
        "(?:cocu|kizim|ogl|bebe|kardes)\\w* ~2 tek <basina*>",
        "(?:[1-9]|1[0-7]) yasinda\\w* ~4 (?:tek <basima*>|<yalniz*>)",
        "<yetimhane*>",
        "(?:cocuklari|cocugu|bebe)\\w* ~3 <aldi aldilar alindi kacirdi kacirdilar>",
        "(?:kizimi|oglumu) ~2 <kacirdi kacirdilar>",
        "(?:kizim|oglum|cocugum) ~3 <kayboldu* kayip>",
    ),
    "danger.deported": (
        "sinir <disi>(?! edilir mi)",
        "<deport> (?:ed|et)\\w+",
        "(?:KIMI|cine|cin|zorla) ~4 geri <gonder* yolla* yolluyor* cevir* iade verm* veri* vere*>",
        "geri <gonderme gonderil* gondermesin* gonderecekler gonderiyorlar>",
        "(?:KIMI|cine|cin e) ~2 <iade>",
        "<zorla> ~2 (?:geri|gonder|gotur|don)\\w*",
    ),
    "danger.violence": (
        "<dovuyor* dovdu* dovul* dovecek* dover dovmek*>",
        "(?:bana|bize|KIMI|cocuk\\w*) ~2 <vuruyor* vurdu* saldirdi* saldiriyor*>",
        "<siddet siddete siddetten>",
        "<iskence* tecavuz* taciz* bicakla* alikoy* saldirdilar>",
        "<oldurecek* oldurur* oldurmek* olduruyor* oldurdu* oldurul*>",
        "(?:eve|evde|oda\\w*|fabrika\\w*|KIMI|bodrum\\w*|icer\\w*) ~2 <kilit*>",
        "(?:evden|disari|disariya|buradan|fabrikadan) ~2"
        " <cikmama cikmamiza cikamiyor* birakmiyor*>",
        "PATRON ~3 EVRAK ~3 <aldi aldilar vermiyor* koydu* tutuyor* sakli* kilitle*>",
        "EVRAK ~2 el <koydu* koyuyor* konul*>",
        "(?:pasaportu|pasaportlari|kimligi|kimlikleri)m\\w* ~2 geri <vermiyor* vermedi*>",
        "(?:pasaportum|kimligim)\\w* <onda onlarda>",
        "(?:beni|bizi|AKRABA(?:mi|mu|zi|zu)) ~3 <satti sattilar satacak* satmak satiyor*>",
        "<kole kolelik koleyim koleyiz>",
        "insan <ticaret* kacakcil* tacir*>",
        "<fuhus* fuhsa>",
        "<zorla> ~1 (?:calis|evlen|tut|alikoy|fuhus)\\w*",
    ),
    "danger.followed": (
        "<takip> ed(?:iliyorum|iliyoruz|iyorlar)",
        "KIMI ~3 <takip izliyor* izledi* gozetl* dinliyor* ariyorlar>",
        "polis\\w* ~3 <ariyor ariyorlar>",
        "(?:telefon|mesaj|evi)\\w* ~2 <dinleniyor* dinliyor* okuyorlar izliyor* bakiyorlar>",
        "<pesimde* pesime pesimize pesimizde*>",
        "<tehdit* santaj*>",
        "(?:polis|devlet|onlardan|hayatim|canim)\\w* ~2 <korkuyor* endise*>",
        "(?:yazmaya|konusmaya|cikmaya|donmeye|gitmeye|soylemeye) <korkuyor*>",
        "<saklaniyor* gizleniyor*>",
        "polis\\w* ~2 (?:eve|evim\\w*|kapi\\w*|aile\\w*) ~1 <geldi geliyor dayandi>",
        "<kapidalar>",
        "(?:anne|baba|aile|akraba)\\w* ~4 <zarar> ver\\w*",
        "<konustug* yazistig*> ~2 bil\\w*",
    ),
    "danger.detained": (
        "<tutukla* tutuklu* gozalti* hapis* hapse hapiste cezaevi* sorguya>",
        "goz <altina altinda>",
        "(?:toplama|egitim) <kamp*>",
        "(?:havaliman|havaalan|sinir)\\w* ~2 <tutuyorlar tuttular>",
        "<kampta kampa kampina kampinda kamptalar>",
        "KIMI ~4 <aldi aldilar goturdu goturduler goturuyorlar yakaladi yakaladilar kacirdi"
        " kacirdilar tuttular tutuyorlar>",
        "(?:polis|jandarma|asker)\\w* ~5 <goturdu goturduler aldi aldilar yakaladi yakaladilar>",
        "<karakola karakolda> ~2 (?:gotur|al|tut)\\w*",
        "bir daha <donmedi gelmedi>",
        "AKRABA ~4 <kayip kayboldu* alindi goturuldu kacirildi yakalandi>",
        "ortadan <kaybol*>",
        "(?:AKRABA|ondan|onlardan) ~4 <haber> (?:al|yok|gelm|cikm)\\w*",
        "AKRABA ~3 <irtibat* iletisim*> ~1 (?:kes|kop|yok)\\w*",
        "AKRABA ~2 <ulasam*>",
        "AKRABA ~3 cevap <vermiyor*>",
    ),
    "": (
        "<tehlikede* imdat kurtarin>",
        "hayat\\w* ~1 <tehlike*>",
        "can <guvenlig*>",
        "KIMI ~1 <kurtar*>",
    ),
}


def intent(typed: str) -> str | None:
    """Return the danger intent of the first pattern that matches a text.

    Returns "" if the pattern does not tell the kind of danger, and None if no pattern matches.
    """
    if not LATIN.search(typed):
        return None
    text = _words(typed[:MAX_CHARACTERS])
    patterns = _patterns()
    keys = {word[:KEY_LETTERS] for word in text.split(" ")} & patterns.keys()
    candidates = sorted({each for key in keys for each in patterns[key]})
    return next((kind for _place, kind, spelt in candidates if _compile(spelt).search(text)), None)


def _words(typed: str) -> str:
    """Return a text in lower case without accents, with " . " between its sentences."""
    text = APOSTROPHES.sub("", typed.casefold())
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", text.replace("ı", "i"))
        text = "".join(each for each in decomposed if not unicodedata.combining(each))
    return NO_WORD.sub(" ", ENDS.sub(" . ", text))


@cache
def _patterns() -> Mapping[str, tuple[tuple[int, str, str], ...]]:
    """Map the beginning of each key (a word that a pattern requires) to the key's patterns.

    By this map, few patterns are tried on a text. A beginning has KEY_LETTERS letters. A pattern is
    (position in the search order, intent, regular expression).
    """
    found: dict[str, list[tuple[int, str, str]]] = {}
    for place, (kind, written) in enumerate(_all_patterns()):
        for key in {key[:KEY_LETTERS] for keys in KEYS.findall(written) for key in keys.split()}:
            found.setdefault(key, []).append((place, kind, _spelt(written)))
    return {key: tuple(each) for key, each in found.items()}


def _all_patterns() -> Iterator[tuple[str, str]]:
    for kind in ENGLISH:
        for written in (*ENGLISH[kind], *TURKISH[kind]):
            yield kind, written


def _spelt(written: str) -> str:
    """Return the regular expression of a pattern, with its shorthand expanded."""
    while SET.search(written):
        written = SET.sub(lambda name: SETS[name[0]], written)
    spelt = GAP.sub(r"(?:\\w+ ){0,\1}", written)
    return rf"\b(?:{KEYS.sub(_alternatives, spelt)})\b"


def _alternatives(keys: re.Match[str]) -> str:
    return f"(?:{'|'.join(keys[1].split())})".replace("*", r"\w*")


@cache
def _compile(spelt: str) -> re.Pattern[str]:
    return re.compile(spelt)
