"""Warnings that several answers share."""

from flows.engine.text import _

KEEP = _("Do not give up your citizenship before the migration service of Kazakhstan tells you to.")
STATEMENT_OPEN = _(
    "We have not found whether signing this statement already ends a citizenship. Ask the migration"
    " service before you sign."
)
WITHOUT_VISA = _(
    "We have not checked how this works for people who came without a visa. Talk to an officer"
    " at once, and do not wait for your last day."
)
LEFT = _("If you have already left, do not go back for a paper. Ask an officer what helps instead.")
REFUSED = _(
    "If you were refused, you may still have options. Keep the letter and talk to an officer "
    "soon: there is a deadline for complaints."
)
UNSAFE = _("Never go back to a place where you are not safe to get a paper.")
NO_SELLING = _("Nobody can sell you the kandas status, a paper or a place. Do not pay for one.")
ASK_BEFORE_PAYING = _(
    "Translations, the notary, the apostille and state fees cost money. We do not know the exact"
    " amounts; ask before you pay."
)
CITIZENSHIP_EXAM = _("The exam for citizenship is a different exam.")
ASK_AKIMAT = _("Ask the akimat of the place before you move.")
AGREEMENT_OPEN = _("We have not found whether this agreement is in force: ask an officer.")
