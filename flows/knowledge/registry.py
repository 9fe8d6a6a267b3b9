"""Facts about the registry of ethnic Kazakhs abroad and about applications to it."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import About, Fact, Withheld
from flows.knowledge.kandas import CHANNELS, FEE, ROLE

ANNOUNCEMENT = Fact(
    key="registry_preregistration.announcement",
    text=_(
        "On 22 July 2025 the Minister of Labour said that a list of ethnic Kazakhs abroad would be"
        " prepared within migration.enbek.kz, together with the missions and the Otandastar fund."
    ),
    sources=("https://kz.kursiv.media/kk/category/news/page/329",),
    as_of=date(2025, 7, 22),
    about=About.HISTORY,
)

REGISTRY = (ANNOUNCEMENT, CHANNELS, FEE, ROLE)

OTHER_STATES = _(
    "We send nothing to the authorities of another state. We cannot promise that another state"
    " learns nothing: the messenger's owner can read a chat, and a phone can be checked. We do not"
    " know to whom the registry shows its data."
)
NO_PROMISE = _(
    "Pre-registration gives no rights, payment or place in a queue, as far as we know. The "
    "authorities decide on every application."
)

REGISTRY_WITHHELD = (
    Withheld(
        key="registry_preregistration.launch",
        words=(
            "No evidence was found that the registry has been launched, that it has a"
            " public API, or that its field list has been published. (Not found; ask the"
            " owner (Labour Ministry, Migration Committee, JSC Center for Development of"
            " Labour Resources).)"
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="registry_preregistration.legal_effect",
        words=(
            "Nothing found says that pre-registration gives any right, place in a queue or"
            " priority. The bot must say so plainly."
        ),
        as_of="2026-11-24",
    ),
    Withheld(
        key="registry_preregistration.portal_name_conflict",
        words=(
            "The State Corporation press text of 12 Aug 2025 names the portal"
            " migration.gov.kz; the rules of 10 Oct 2025 name migration.enbek.kz. Use the"
            " second and never build links from the first."
        ),
        sources=(
            "https://www.zakon.kz/sovety/6487155-chto-nuzhno-chtoby-poluchit-status-kandasa-v-kazakhstane.html",
            "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
            "https://oq.gov.kz/en/movein",
            "https://prg.kz/lawyer/document/?doc_id=31760941",
        ),
        as_of="2026-01-30",
        verified=True,
    ),
)
