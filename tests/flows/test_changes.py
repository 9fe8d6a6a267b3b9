"""A new release changes a flow while people fill it in.

No answer is lost or moved to another question. Unpersisted answers are those that Kosh must not
store.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from flows import FLOWS
from flows.engine import screens
from flows.engine.effects import Submit
from flows.engine.events import ConsentGiven, Event, Pressed, Said
from flows.engine.flow import Answer, Consent, HandoffOffer, Item, RepeatingGroup
from flows.engine.questions import Day, Number
from flows.engine.state import Asked, Conversation, Shown
from flows.engine.text import _, button
from flows.preregistration.after_consent import BIRTH_YEAR, EDUCATION, FAMILY, OCCUPATION, RELATION
from flows.preregistration.before_consent import ADULT, MINOR, PURPOSE
from tests.flows.chat import Chat, chat_at, default_answer
from tests.flows.versions import EARLY, NAME, VERSIONS, Flows, with_items, with_replaced

PEOPLE = 1000
NO = "жоқ"
WORDS = ("1", "да", "TESTOVA", "1990", "Китай", "move", "…", "+7 701 000 00 00")


def conversation_states(seed: int) -> Iterator[Conversation]:
    """Yield the state of one random conversation after every turn; `seed` selects it."""
    random = Random(seed)
    chat = Chat.start(random.choice(("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")), NAME)
    members = 0
    for _turn in range(70):
        if chat.question_key == screens.MENU:
            return
        yield chat.conversation
        asked = chat.conversation.asked
        assert asked is not None
        keys = [each.key for each in asked.options if each.key not in ("person", "refuse", "edit")]
        removals = [key for key in keys if key.startswith("remove.")]
        if chat.name == "family":
            members += 1
            chat.answers("done" if members > 3 else random.choice(("add", *removals)))
        else:
            chat.answers(random.choice(keys) if keys else default_answer(chat.name))


@cache
def random_states() -> list[Conversation]:
    states = [state for seed in range(36) for state in conversation_states(seed)]
    Random(1).shuffle(states)
    return states


def stored_form(conversation: Conversation) -> dict[str, Answer]:
    form = conversation.forms.get(NAME)
    return dict(form.answers) if form else {}


def random_event(conversation: Conversation, random: Random) -> Event:
    """Return a random next event: a press of an option of the open question, or a text.

    No event refuses a consent, because a refusal deletes all answers.
    """
    asked = conversation.asked
    assert asked is not None
    options = [option for option in asked.options if option.key not in ("person", "refuse")]
    if options and random.random() < 0.7:
        return Pressed(f"{asked.nonce}:{random.choice(options).key}")
    no = () if any(option.key == "refuse" for option in asked.options) else (NO,)
    return Said(random.choice((*WORDS, *no, *(option.words for option in options))))


def check_answers_kept(before: Conversation, event: Event, flows: Flows) -> Chat:
    asked = before.asked
    assert asked is not None
    chat = Chat(before.language, flows, before).takes(event)
    earlier, now = stored_form(before), stored_form(chat.conversation)
    question = flows[NAME].find(asked.key.partition("@")[0])
    changed = {key for key in earlier.keys() | now.keys() if earlier.get(key) != now.get(key)}
    if isinstance(question, Consent):
        changed = {key for key in changed if key not in earlier or now[key].value is not None}
    if isinstance(question, RepeatingGroup):
        members = chat.form().members.get(question.name, ())
        changed = {key for key in changed if key.partition("@")[2] in (*members, "")}
    same = question is not None and question.name == asked.key.partition("@")[0]
    if question is None or not same or question.rev != asked.rev:
        assert changed == set(), (asked.key, event)
    else:
        offer = question if isinstance(question, HandoffOffer) else None
        also = {item.name for item, _value in offer.on_go_on} if offer else set()
        assert changed <= {asked.key, *also}, (asked.key, event)
        given = now[asked.key].value if asked.key in changed else None
        assert given is None or question.accepts(given)
    return chat


@pytest.mark.no_cover
def test_random_conversations_cover_every_question() -> None:
    assert len(random_states()) >= PEOPLE
    asked = {state.asked.key.partition("@")[0] for state in random_states() if state.asked}
    assert {item.name for item in FLOWS[NAME].questions()} <= asked


@pytest.mark.no_cover
@pytest.mark.parametrize("version", VERSIONS)
def test_form_update_loses_no_answer_of_1000_conversations(version: str) -> None:
    random = Random(version)
    for conversation in random.sample(random_states(), PEOPLE // len(VERSIONS) + 1):
        event = random_event(conversation, random)
        check_answers_kept(conversation, event, VERSIONS[version])


@pytest.mark.no_cover
@pytest.mark.parametrize("version", VERSIONS)
def test_form_update_keeps_the_answers_of_open_conversations_until_submit(version: str) -> None:
    random = Random(version)
    flow = VERSIONS[version][NAME]
    for conversation in random.sample(random_states(), 4):
        answers = stored_form(conversation)
        chat = Chat(conversation.language, VERSIONS[version], conversation).says("/help")
        sent = submitted_form(chat)
        for question in flow.questions():
            names = (question.name, *question.former_names)
            given = next((answers[name] for name in names if name in answers), None)
            kept = question.persisted and not isinstance(question, RepeatingGroup)
            if given and given.value is not None and not question.accepts(given.value):
                continue  # the option is gone: it was asked again
            if kept and given and given.rev == question.rev and question.name in sent.answers:
                assert sent.answers[question.name] == given.value


def submitted_form(chat: Chat) -> Submit:
    """Answer the questions until the form is submitted; return the submission."""
    known = {"nickname": "-Testy", "pets": "no", "last": "TESTOVA", "lives": "here"}
    for _turn in range(90):
        if chat.effects_of(Submit):
            return chat.effects_of(Submit)[0]
        if chat.name == "kazakh_level" and not chat.conversation.asked.options:  # type: ignore[union-attr]
            chat.says("Testova")
        else:
            value = known.get(chat.name) or default_answer(chat.name)
            options = [option.key for option in chat.conversation.asked.options]  # type: ignore[union-attr]
            chat.answers(options[0] if options and value not in options else value)
    raise AssertionError(f"never sent; the last question was {chat.question_key}")


# Each kind of change in a scripted conversation


def test_button_of_a_removed_question_does_not_answer_the_next_question() -> None:
    chat = chat_at("education")
    stored_before = chat.stored_answers()
    chat.flows = VERSIONS["a question is gone"]
    chat.presses("higher")
    assert chat.shows(screens.CHANGED)
    assert chat.question_key == "occupation"
    assert chat.stored_answers() == stored_before


def test_answer_of_a_renamed_question_is_kept_under_the_new_name() -> None:
    chat = chat_at("review")
    chat.flows = VERSIONS["a question has another name"]
    chat.says("/help").presses("submit")
    assert chat.effects_of(Submit)[0].answers["last"] == "TESTOVA"


def test_question_renamed_while_open_is_asked_again_after_a_typed_text() -> None:
    chat = chat_at("surname")
    chat.flows = VERSIONS["a question has another name"]
    chat.says("TESTOVA")
    assert chat.shows(screens.CHANGED)
    assert chat.question_key == "last"
    assert chat.says("TESTOVA").stored_answers()["last"] == "TESTOVA"


def test_question_with_changed_meaning_is_asked_again_with_the_old_answer() -> None:
    chat = chat_at("review")
    chat.flows = VERSIONS["a question means something else"]
    chat.presses("submit")
    assert chat.effects_of(Submit) == []
    assert chat.question_key == "purpose"
    assert chat.shows(screens.EARLIER)
    chat.presses("=")
    assert chat.question_key == "review"


def test_new_question_is_asked_before_a_completed_form_is_submitted() -> None:
    chat = chat_at("review")
    stored_before = chat.stored_answers()
    chat.flows = VERSIONS["a question before the review"]
    chat.presses("submit")
    assert chat.effects_of(Submit) == []
    assert chat.question_key == "pets"
    chat.presses("yes", "submit")
    assert {**stored_before, "pets": "yes", "review": "submit"} == chat.stored_answers()


def test_option_numbers_refer_to_the_order_that_was_shown() -> None:
    chat = chat_at("target_region")
    second = chat.conversation.asked.options[1].key  # type: ignore[union-attr]
    chat.flows = VERSIONS["options changed places"]
    chat.says("2")
    assert chat.stored_answers()["target_region"] == second


def test_option_removed_in_a_new_form_version_is_not_accepted() -> None:
    chat = chat_at("purpose")
    chat.flows = VERSIONS["an option is gone"]
    chat.presses("move")
    assert chat.shows(screens.CHANGED)
    assert chat.question_key == "purpose"
    assert "purpose" not in chat.stored_answers()


def test_changed_consent_is_asked_again_before_submit() -> None:
    chat = chat_at("review")
    chat.flows = VERSIONS["the consent says something else"]
    chat.presses("submit")
    assert chat.question_key == "consent_registration"
    assert chat.effects_of(Submit) == []
    chat.presses("yes", "submit")
    assert [given.text.msgid for given in chat.effects_of(ConsentGiven)][1:] == [
        "May we keep your answers? (new)"
    ]
    assert len(chat.effects_of(Submit)) == 1


def test_country_choice_is_not_offered_after_a_question_was_inserted() -> None:
    chat = chat_at("citizenship")
    chat.flows = with_items((EARLY, *FLOWS[NAME].items))
    chat.says("Корея")
    assert chat.question_key == "nickname"
    assert "KR" not in chat.keys


def test_question_with_changed_type_is_asked_again() -> None:
    chat = chat_at("residence_country")
    day = Day(name="birth_year", label=button("Birth"), text=_("Your date of birth?"), rev=2)
    chat.flows = with_replaced(BIRTH_YEAR, day)
    assert chat.says("Китай").question_key == "birth_year"


def test_earlier_answer_is_not_offered_when_its_option_was_removed() -> None:
    chat = chat_at("review", purpose="business")
    chat.flows = with_replaced(PURPOSE, replace(PURPOSE, among=PURPOSE.among[:3]))
    chat.presses("submit")
    assert chat.question_key == "purpose"
    assert "=" not in chat.keys


def test_repeating_groups_of_one_form_store_their_members_separately() -> None:
    other = replace(FAMILY, name="friends", items=(replace(RELATION, name="knows"),))
    chat = Chat.start("ru", NAME)
    chat.flows = with_replaced(FAMILY, FAMILY, other)
    chat.until("family", applying="family").presses("add", "child", "under14", "done")
    chat.presses("add", "child")
    assert {"child", "under14"} <= set(chat.stored_answers().values())


def test_list_of_answers_to_edit_leads_to_the_menu_without_its_flow() -> None:
    chat = chat_at("review").presses("edit")
    assert chat.question_key == screens.EDIT
    chat.flows = {}
    assert chat.says("1").question_key == screens.MENU


def test_menu_option_of_a_removed_flow_does_not_crash() -> None:
    chat = Chat.start("ru")
    chat.flows = {name: flow for name, flow in FLOWS.items() if name != "about"}
    chat.presses("about")
    assert chat.question_key == screens.MENU


def test_temporary_answer_of_a_renamed_question_is_deleted_at_consent() -> None:
    grown = replace(ADULT, name="grown", former_names=("adult",))
    minor = replace(MINOR, when=grown.is_("no"))
    chat = chat_at("purpose")
    new: dict[Item, Item] = {ADULT: grown, MINOR: minor}
    chat.flows = with_items(tuple(new.get(item, item) for item in FLOWS[NAME].items))
    chat.until("ethnic_kazakh")
    assert chat.stored_answers()["adult"] is None


def test_earlier_answer_is_not_offered_when_the_question_type_changed() -> None:
    chat = chat_at("review")
    school = Number(name="education", label=button("Years"), text=_("Years at school?"), rev=2)
    more = replace(OCCUPATION, when=school.answered())
    new: dict[Item, Item] = {EDUCATION: school, OCCUPATION: more}
    chat.flows = with_items(tuple(new.get(item, item) for item in FLOWS[NAME].items))
    chat.presses("submit")
    assert chat.question_key == "education"
    assert "=" not in chat.keys


def test_answer_to_a_moved_question_gets_a_notice_that_the_form_changed() -> None:
    chat = chat_at("citizenship")
    chat.flows = VERSIONS["a question before all others"]
    assert chat.says("Корея").shows(screens.CHANGED)


def test_unknown_screen_of_another_release_leads_to_the_menu() -> None:
    chat = Chat.start("ru")
    unknown_screen = Asked("", "~gone", 1, chat.nonce, "ru", (Shown("one", "Один"),))
    chat.conversation = replace(chat.conversation, asked=unknown_screen)
    chat.takes(Pressed(f"{chat.nonce}:one"))
    assert chat.question_key == screens.MENU
