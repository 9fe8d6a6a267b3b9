"""Asks the external model for the topic of a message that the recogniser did not understand."""

from bot.conversations import outside_budgets
from bot.runtime import Runtime
from bot.understanding import external_model
from bot.understanding.endpoint import Outcome
from flows.engine.model_events import ChooseIntent, IntentChosen
from flows.knowledge.intents import BY_ID


async def choose(rt: Runtime, effect: ChooseIntent, author: str) -> IntentChosen | None:
    """Return the topic that the external model chose for a text.

    Returns None if no model is configured, an hourly budget of model calls is spent, the call
    failed, or no topic fits.
    """
    replies = rt.understanding.replies
    topics = {each: BY_ID[each].about for each, reply in replies.items() if reply.is_choosable}
    if rt.model is None:
        return None
    hourly, own = rt.settings.external_model_hourly, rt.settings.external_model_person_hourly
    if not await outside_budgets.draw(rt, "model", author, hourly=hourly, own_hourly=own):
        external_model.count(Outcome.BUDGET)
        return None
    intent = await rt.model.choose(effect.text, topics)
    return None if intent is None else IntentChosen(intent, effect.nonce)
