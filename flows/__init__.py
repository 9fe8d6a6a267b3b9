"""What a conversation is: the flows, in menu order. Pure: no I/O, no clock, no library."""

from flows.about import ABOUT
from flows.officer import OFFICER
from flows.preregistration import PREREGISTRATION

FLOWS = {flow.name: flow for flow in (PREREGISTRATION, ABOUT, OFFICER)}
