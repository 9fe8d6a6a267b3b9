"""Questions about a person's situation, for flows that answer at once.

No question identifies the person. The answers are deleted when the flow ends. The last question
asks where the person is now. Its answer ends the flow in the same turn and is therefore never
stored.
"""

from dataclasses import replace

from flows.engine.options import Option
from flows.engine.questions import Choice, YesNo
from flows.engine.text import _, button, row
from flows.knowledge.origins import COMMON_ORIGINS
from flows.preregistration.after_consent import KAZAKH
from flows.preregistration.before_consent import CITIZENSHIP as TOLD_CITIZENSHIP
from flows.preregistration.before_consent import (
    FORMER,
    LOCATION,
    PAPERS,
    PURPOSE,
    TROUBLE,
    YES_NO_UNSURE,
)

PURPOSE_NOW = replace(PURPOSE, persisted=False)
KAZAKH_NOW = replace(KAZAKH, persisted=False)
FORMER_NOW = replace(FORMER, persisted=False)
TROUBLE_NOW = replace(TROUBLE, persisted=False)
PAPERS_NOW = replace(PAPERS, persisted=False)
CITIZENSHIP = replace(TOLD_CITIZENSHIP, offered=COMMON_ORIGINS, persisted=False)
FAMILY = Choice(
    name="family",
    label=button("Family"),
    text=_("Who comes with you?"),
    among=(
        Option("alone", row("I come alone")),
        Option("spouse", row("Husband or wife")),
        Option("children", row("Children")),
        Option("both", row("Spouse and children")),
        Option("relatives", row("Other relatives")),
    ),
    persisted=False,
    by_position=False,
)
CHILD_PAPERS = YesNo(
    name="child_papers",
    label=button("Children's papers"),
    text=_("Does every child have a birth certificate?"),
    among=YES_NO_UNSURE,
    when=FAMILY.is_("children", "both"),
    persisted=False,
    # A number of children is no answer.
    by_position=False,
)
PLACE = replace(LOCATION, persisted=False)
