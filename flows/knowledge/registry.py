"""What is known of the registry of ethnic Kazakhs abroad and of applying."""

from datetime import date

from flows.engine.text import _
from flows.knowledge.facts import Fact

REGISTRY = (
    Fact(
        "registry_preregistration.announcement",
        _(
            "On 22 July 2025 the Minister of Labour said that a list of ethnic Kazakhs abroad would"
            " be prepared within migration.enbek.kz, together with the missions and the Otandastar"
            " fund."
        ),
        "https://kz.kursiv.media",
        date(2025, 7, 22),
        date(2027, 7, 22),
    ),
    Fact(
        "kandas_status.channels",
        _(
            "For the kandas status people apply through migration.enbek.kz, a mission abroad, the"
            " State Corporation or egov.kz."
        ),
        "https://www.zakon.kz/pravo/6494498-prisvoenie-statusa-kandasa-vneseny-izmeneniya-v-pravila.html",
        date(2025, 10, 26),
        date(2027, 10, 26),
    ),
    Fact(
        "kandas_status.fee",
        _("Applying for the kandas status is free of charge. Nobody can sell it to you."),
        "https://oq.gov.kz/en/qazalemnews/1277",
        date(2025, 10, 26),
        date(2027, 10, 26),
    ),
    Fact(
        "nationality_commission.role",
        _(
            "If no paper shows Kazakh ethnicity, the recommendation of a commission takes its"
            " place."
        ),
        "https://www.inform.kz/ru/v-kazahstane-uprostyat-protseduru-prisvoeniya-statusa-kandasa-070083",
        date(2025, 10, 17),
        date(2027, 10, 17),
    ),
)

NO_PROMISE = _(
    "We know of no right, payment or place in a queue that pre-registration gives. The officer"
    " decides on every application."
)
