"""Warnings that several answers share."""

from flows.engine.text import _
from flows.knowledge.intents.answer import Together
from flows.knowledge.origins import SAFETY_FIRST
from flows.knowledge.requirements import CHINA_FIRST

# Papers from China are never named without the warning.
CHINA_PAPERS = Together((SAFETY_FIRST, CHINA_FIRST))

KEEP = _("Do not give up your citizenship before the migration service of Kazakhstan tells you to.")
STATEMENT_OPEN = _(
    "We have not found whether signing this statement already ends a citizenship. Ask the migration"
    " service before you sign."
)
WITHOUT_VISA = _(
    "We have not checked how this works without a visa. If you want to stay, ask an officer at"
    " once."
)
STAY_DURING = _(
    "We have not checked whether you may stay in Kazakhstan during the complaint. Does your stay"
    " end soon? Ask a lawyer or an officer at once."
)
LEFT = _("Do not go back for a paper. Ask an officer what helps instead.")
REFUSED = _(
    "If you were refused, you may still have options. Keep the letter and talk to an officer "
    "soon: there is a deadline for complaints."
)
UNSAFE = _("Take no risks for a paper: an officer can tell you what helps instead.")
NO_SELLING = _("Nobody can sell you the kandas status, a paper or a place. Do not pay for one.")
ASK_BEFORE_PAYING = _(
    "Translations, the notary, the apostille and state fees cost money. We do not know the exact"
    " amounts; ask before you pay."
)
CITIZENSHIP_EXAM = _("The exam for citizenship is a different exam.")
ASK_AKIMAT = _("Ask the akimat of the place before you move.")
AGREEMENT_OPEN = _("We have not found whether this agreement is in force: ask an officer.")
