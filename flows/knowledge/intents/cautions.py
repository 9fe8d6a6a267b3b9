"""Warnings that several answers share."""

from flows.engine.blocks import caution
from flows.engine.text import _
from flows.knowledge.intents.answer import Together
from flows.knowledge.origins import SAFETY_FIRST
from flows.knowledge.pilot_2026 import CONSENT
from flows.knowledge.requirements import CHINA_FIRST, CHINA_TWO_PAPERS

# The warning that must precede every mention of papers from China.
CHINA_PAPERS = Together((SAFETY_FIRST, CHINA_FIRST))
# The warning is separate from the fact CHINA_TWO_PAPERS, so that it is still shown after this fact
# has expired.
CHINA_NOT_ASKED = (Together((SAFETY_FIRST,), countries=frozenset({"CN"})), CHINA_TWO_PAPERS)
COUNTRYS_CONSENT = (SAFETY_FIRST, CONSENT)

KEEP = caution(
    _(
        "Do not give up your citizenship until Kazakhstan's migration service asks for it in"
        " writing."
    )
)
EVEN_THEN = _("Has the migration service asked in writing? Even then, talk to an officer first.")
STATEMENT_OPEN = _(
    "We have not found whether signing this statement already ends a citizenship. Ask the migration"
    " service before you sign."
)
WITHOUT_VISA = caution(
    _(
        "We have not checked how this works without a visa. Do not count on a longer "
        "stay: ask an officer at once."
    )
)
# A shorter version of WITHOUT_VISA. It follows entry.IR_ALONE, which already says that no agreement
# on visa-free entry was found.
NO_LONGER_STAY = caution(_("Do not count on a longer stay: ask an officer at once."))
STAY_DURING = caution(
    _(
        "Does your stay end soon? Ask a lawyer or an officer at once. We have not checked"
        " whether you may stay in Kazakhstan during the complaint."
    )
)
LEFT = caution(_("Do not go back for a paper. Ask an officer whether something can replace it."))
NO_PROOF = caution(
    _(
        "Your papers do not say that you are Kazakh, or you are not sure. You may still be able "
        "to apply; an officer can explain how. Do not pay anyone to prove it for you."
    )
)
REFUSED = caution(
    _(
        "If you were refused, you may still have options. Keep the letter and talk to an officer "
        "soon: there is a deadline for complaints."
    )
)
UNSAFE = caution(_("Take no risks for a paper: ask an officer whether something can replace it."))
NO_SELLING = caution(
    _("Nobody can sell you the kandas status, a paper or a place. Do not pay for one.")
)
ASK_BEFORE_PAYING = _(
    "Translations, the notary, the apostille and state fees cost money. We do not know the exact"
    " amounts; ask before you pay."
)
CITIZENSHIP_EXAM = _("The exam for citizenship is a different exam.")
ASK_AKIMAT = _(
    "Before you move, ask the akimat of the place about the kandas status. On what ground does it"
    " give the status there: to join relatives, for example?"
)
AGREEMENT_OPEN = _("We have not found whether this agreement is in force: ask an officer.")
