"""Scripted conversations, from a person's first message to the number of the registration.

A handoff is the transfer of a conversation to an officer. Unpersisted answers are those that Kosh
must not store.
"""

from datetime import date

import pytest

from flows import about, missions, preregistration
from flows.engine import screens
from flows.engine.effects import OpenCase, Submit
from flows.engine.events import CancelCase, ConsentGiven, DeleteInput, Started
from flows.engine.flow import HandoffOffer
from flows.engine.registration import Acknowledged, RegistrationStatus
from flows.engine.state import Conversation
from flows.engine.text import Text, _, button
from flows.knowledge import registry as known
from flows.knowledge.contacts import UNIFIED
from flows.knowledge.laws import IR_MISSIONS
from flows.knowledge.registry import NO_PROMISE, REGISTRY
from flows.preregistration import PREREGISTRATION
from flows.preregistration.before_consent import APPLYING, CONSENT
from tests.flows.chat import LANGUAGES, WORDS, Chat, chat_at

FORM = "preregistration"

# Each gate (a step that offers an officer before the form continues): the answers that lead to the
# gate, and the topic that the officer sees.
GATES = {
    "gate_other": ({"applying": "other"}, "other_person"),
    "gate_minor": ({"adult": "no"}, "minor"),
    "gate_stay": ({"location": "kazakhstan", "stay_ends": "unsure"}, "stay_ends"),
    "gate_passport": ({"passport": "none"}, "passport"),
    "gate_former": ({"former_citizen": "yes"}, "former_citizen"),
    "gate_papers": ({"ethnicity_papers": "no"}, "no_papers"),
    "gate_trouble": ({"trouble": "money"}, "trouble"),
    "gate_kazakh": ({"ethnic_kazakh": "no"}, "general"),
}


# A person who only asks questions


def test_about_flow_shows_facts_and_stores_nothing() -> None:
    chat = Chat.start("kk")
    assert chat.shows(screens.WELCOME)
    assert chat.shows(screens.RISK)
    chat.presses("about")
    assert chat.shows(about.RUN_BY_UNNAMED)
    assert chat.shows(about.OFFICIAL)
    assert chat.shows(known.OTHER_STATES)
    assert chat.shows(REGISTRY[0].text)
    assert chat.shows(NO_PROMISE)
    assert chat.question_key == screens.MENU
    assert chat.effects == []
    assert not chat.conversation.is_persistent
    assert not any(form.answers for form in chat.conversation.forms.values())


def test_about_flow_names_the_configured_operator() -> None:
    texts = about.about("Test Body").outcome(Submit("about", {}, {}), date(2026, 12, 1)).texts
    assert "Test Body" in WORDS.render(texts[0], "kk")
    assert about.RUN_BY_UNNAMED not in texts


def test_language_screen_asks_in_every_language() -> None:
    chat = Chat().takes(Started())
    lines = [WORDS.render(line, "") for line in chat.last_messages[0].paragraphs[0]]
    lines = [line.strip("\u2068\u2069") for line in lines]  # Arabic script among others
    assert lines == [WORDS.render(screens.CHOOSE_LANGUAGE, code) for code in LANGUAGES]
    assert chat.keys[:-1] == list(LANGUAGES)


def test_start_link_opens_its_flow_after_the_language_choice() -> None:
    chat = Chat().takes(Started("preregistration")).presses("uz")
    assert chat.question_key == "applying"
    assert chat.conversation.language == "uz"


@pytest.mark.row(60)
def test_start_link_with_an_invalid_word_opens_the_menu() -> None:
    for invalid in ("x" * 64, "'; DROP TABLE people; --", "~menu", "../../etc"):
        assert Chat.start().takes(Started(invalid)).question_key == screens.MENU


# A person who registers


def test_registration_of_one_person_records_consent_and_answers() -> None:
    chat = chat_at("review")
    assert chat.effects_of(ConsentGiven) == [ConsentGiven("registration", CONSENT.text, "ru")]
    chat.presses("submit")
    (sent,) = chat.effects_of(Submit)
    assert sent.answers["surname"] == "TESTOVA"
    assert sent.answers["programme"] == "kandas_status"
    assert sent.members == {"family": ()}
    assert chat.conversation.registration == RegistrationStatus("sent")


@pytest.mark.requirement("S-51")
def test_registration_screen_confirms_the_submission() -> None:
    chat = chat_at("review").presses("submit")
    assert chat.shows(screens.REGISTRATION["sent"])


def test_temporary_answers_are_deleted_at_consent() -> None:
    chat = chat_at("consent_registration")
    assert chat.stored_answers()["passport"] == "long"
    chat.presses("yes")
    for question in PREREGISTRATION.questions():
        if not question.persisted:
            assert chat.stored_answers().get(question.name) is None
    assert chat.stored_answers()["citizenship"] == "CN"


def test_temporary_answers_given_after_consent_are_neither_kept_nor_sent() -> None:
    chat = chat_at("ethnic_kazakh")
    assert chat.presses("<").question_key == "trouble"
    chat.presses("money")
    assert chat.question_key == "gate_trouble"
    chat.presses("go_on").until("review").presses("submit")
    assert chat.stored_answers()["trouble"] is None
    assert chat.effects_of(Submit)[0].answers["trouble"] is None


def test_answers_to_questions_that_no_longer_apply_are_deleted_at_consent() -> None:
    chat = chat_at("gate_stay", location="kazakhstan", stay_ends="yes").presses("go_on", "<", "<")
    assert chat.presses("unsaid").until("ethnic_kazakh").stored_answers()["stay_ends"] is None


def test_amendment_does_not_restore_answers_deleted_by_retention() -> None:
    chat = chat_at("review").presses("submit")
    chat.takes(Acknowledged("accepted", "KZ-1"))
    chat.conversation = _without_form(chat.conversation)
    chat.presses("!status").presses("amend").until("review")
    assert chat.stored_answers()["passport"] is None


def _without_form(conversation: Conversation) -> Conversation:
    """Return the conversation without the registration form's answers, as retention leaves it.

    The retention job deletes them a day after the registry accepts the registration.
    """
    forms = {name: form for name, form in conversation.forms.items() if name != FORM}
    return Conversation(
        language=conversation.language,
        nonce=conversation.nonce,
        is_persistent=True,
        consents=conversation.consents,
        registration=conversation.registration,
        forms=forms,
    )


def test_family_group_adds_two_members_and_removes_one() -> None:
    chat = chat_at("family", "kk", applying="family")
    chat.presses("add", "spouse", "adult", "yes")
    chat.presses("add", "child", "under14")
    assert chat.question_key == "family"
    first, second = chat.form().members["family"]
    chat.presses(f"remove.{first}").until("review", applying="family")
    assert chat.form().members["family"] == (second,)
    assert not any(key.endswith(f"@{first}") for key in chat.stored_answers())
    chat.presses("submit")
    (sent,) = chat.effects_of(Submit)
    assert sent.members == {"family": ({"relation": "child", "age_band": "under14"},)}
    assert sent.answers["family"] == "1"


def test_family_members_are_not_submitted_when_applying_alone() -> None:
    chat = chat_at("family", applying="family")
    chat.presses("add", "child", "under14").until("review", applying="family")
    chat.edits("applying").presses("self", "submit")
    assert chat.effects_of(Submit)[0].members == {"family": ()}


def test_family_group_lists_its_members_up_to_fifteen() -> None:
    chat = chat_at("family", applying="family")
    for _number in range(15):
        chat.presses("add", "child", "under14")
    assert chat.shows(_("{relation}, {age}"))
    assert "add" not in {option.key for option in chat.conversation.asked.options}  # type: ignore[union-attr]
    chat.says("1").until("review")
    assert chat.presses("submit").effects_of(Submit)[0].answers["family"] == "15"


def test_handoff_offer_about_the_spouse_leads_to_an_officer_and_back() -> None:
    chat = chat_at("family", applying="family")
    chat.presses("add", "spouse", "adult", "no")
    assert chat.name == "gate_spouse"
    asked = chat.question_key
    chat.presses("person", "yes", "-").says("/menu").presses("yes")
    assert chat.question_key == asked
    chat.presses("go_on")
    assert chat.question_key == "family"


# A person who refuses consent


def _chat_after_refusal(**others: str) -> Chat:
    return chat_at("consent_registration", **others).presses("refuse")


@pytest.mark.requirement("S-20")
def test_consent_refusal_lists_missions_in_the_stated_country() -> None:
    chat = _chat_after_refusal(citizenship="UZ", location="origin")
    assert chat.shows(preregistration.NOT_KEPT)
    assert "Ташкент" in chat.text
    assert chat.stored_answers() == {}


@pytest.mark.parametrize(
    ("citizenship", "location"),
    [("UZ", "unsaid"), ("UZ", "elsewhere"), ("UZ", "kazakhstan"), ("stateless", "origin"),
     ("CN", "origin"), ("AF", "origin"), ("IR", "origin")],
)  # fmt: skip
def test_consent_refusal_names_no_mission_outside_a_safe_home_country(
    citizenship: str, location: str
) -> None:
    chat = _chat_after_refusal(citizenship=citizenship, location=location)
    assert chat.shows(preregistration.NOT_KEPT)
    assert chat.shows(UNIFIED.text)
    named = (missions.IN_COUNTRY, missions.NO_MISSION, missions.ADDRESSES, IR_MISSIONS.text)
    assert [text for text in named if chat.shows(text)] == []


# Gates (see GATES)


def test_handoff_offer_tests_cover_every_offer() -> None:
    gates = {item.name for item in PREREGISTRATION.questions() if isinstance(item, HandoffOffer)}
    assert gates == {*GATES, "gate_spouse"}


@pytest.mark.parametrize("gate", GATES)
def test_handoff_offer_leads_to_an_officer_and_back_to_the_form(gate: str) -> None:
    answers, topic = GATES[gate]
    chat = chat_at(gate, "uz", **answers)
    stored = chat.stored_answers()
    chat.presses("person")
    assert chat.question_key == "consent_handoff"
    chat.presses("yes").says("Testova asks")
    (case,) = chat.effects_of(OpenCase)
    assert (case.topic, case.words) == (topic, "Testova asks")
    assert chat.conversation.with_officer
    chat.presses("!menu", "yes")
    assert chat.effects_of(CancelCase)
    assert chat.question_key == gate
    assert chat.stored_answers() == stored


def test_person_who_goes_on_after_asking_for_another_registers_themselves() -> None:
    chat = chat_at("gate_other", applying="other").presses("go_on")
    assert chat.question_key == "adult"
    chat.presses("<")
    assert (chat.question_key, chat.stored_answers()["applying"]) == ("applying", "self")
    # The offer is repeated if the person chooses somebody else once more.
    chat.presses("other", "go_on").until("review")
    assert chat.shows(screens.SAVED, label=APPLYING.label, answer=APPLYING.show("self"))
    assert not chat.shows(screens.SAVED, label=APPLYING.label, answer=APPLYING.show("other"))
    chat.presses("submit")
    assert chat.effects_of(Submit)[0].answers["applying"] == "self"


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.requirement("S-52")
def test_handoff_offer_never_prevents_submit(gate: str) -> None:
    answers, _topic = GATES[gate]
    chat = chat_at("review", "zh_Hans", **answers).presses("submit")
    assert len(chat.effects_of(Submit)) == 1


@pytest.mark.parametrize("typed", ["человек", "Нужен специалист", "1"])
def test_handoff_offer_topic_is_used_for_a_typed_officer_request(typed: str) -> None:
    chat = chat_at("gate_minor", adult="no").says(typed)
    chat.presses("yes", "-")
    assert chat.effects_of(OpenCase)[0].topic == "minor"


# Consent to storing answers


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.requirement("S-21")
def test_consent_refusal_stores_nothing_and_names_direct_contacts(language: str) -> None:
    chat = chat_at("consent_registration", language).presses("refuse")
    assert chat.shows(
        _("These answers were not kept. You can go on asking, or turn to these directly:")
    )
    assert chat.question_key == screens.MENU
    assert chat.effects == []
    assert not chat.conversation.is_persistent
    assert FORM not in chat.conversation.forms


def test_handoff_consent_refusal_leads_back_to_the_form() -> None:
    chat = chat_at("citizenship").presses("!person")
    chat.presses("general", "refuse")
    assert chat.question_key == "citizenship"
    assert chat.effects_of(OpenCase) == []


@pytest.mark.parametrize("typed", ["да", "1", "ok", "👍", "согласен"])
def test_consent_is_not_given_by_an_unclear_typed_answer(typed: str) -> None:
    chat = chat_at("consent_registration").says(typed)
    assert chat.question_key == "consent_registration"
    assert chat.effects_of(ConsentGiven) == []


def test_consent_accepts_the_typed_button_label() -> None:
    label = WORDS.render(button("I agree"), "kk")
    chat = chat_at("consent_registration", "kk").says(f"{label.upper()}!")
    assert [given.language for given in chat.effects_of(ConsentGiven)] == ["kk"]


# Going back and changing answers


def test_back_command_shows_the_previous_question_with_its_answer() -> None:
    chat = chat_at("residence_region", patronymic="Testovna")
    chat.says("назад").presses("<")
    assert chat.question_key == "patronymic"
    assert chat.shows(screens.EARLIER, answer=Text("{words}", (("words", "Testovna"),)))
    stored = chat.stored_answers()
    chat.presses("=")
    assert chat.stored_answers() == stored
    assert chat.question_key == "residence_region"


def test_back_button_skips_notices() -> None:
    assert chat_at("purpose", adult="no").presses("<").question_key == "adult"
    assert chat_at("ethnic_kazakh", trouble="money").presses("<").question_key == "trouble"


def test_back_command_at_the_first_question_is_explained() -> None:
    chat = Chat.start("ru", FORM).says("/back")
    assert chat.shows(screens.NO_WAY_BACK)
    assert chat.question_key == "applying"


def test_review_edit_keeps_the_other_answers() -> None:
    chat = chat_at("review")
    before = chat.stored_answers()
    chat.edits("surname").says("TESTOVSKAYA")
    assert chat.question_key == "review"
    assert {**before, "surname": "TESTOVSKAYA"} == chat.stored_answers()
    assert DeleteInput() in chat.last_effects


def test_review_edit_of_the_country_asks_the_region_again() -> None:
    chat = chat_at("review", residence_region="Testland")
    chat.edits("residence_country").presses("TR")
    assert chat.question_key == "residence_region"
    assert chat.shows(screens.EARLIER)
    chat.presses("=")
    assert chat.question_key == "review"
    assert chat.stored_answers()["residence_region"] == "Testland"


def test_review_edit_restores_answers_when_their_question_applies_again() -> None:
    chat = chat_at("review")
    chat.edits("purpose").presses("information")
    assert chat.question_key == "review"
    assert "target_region" not in chat.path().answers
    chat.presses("submit")
    assert "target_region" not in chat.effects_of(Submit)[0].answers
    chat.takes(Acknowledged("received", "KZ-1")).presses("!status", "amend")
    chat.edits("purpose").presses("move")
    assert chat.question_key == "review"
    assert chat.path().answers["target_region"] == "astana"


def test_review_edit_reaches_answers_on_later_pages_by_buttons() -> None:
    chat = chat_at("review").presses("edit", ">", ">")
    assert chat.question_key == screens.EDIT
    chat.presses("kazakh_level", "little")
    assert chat.question_key == "review"
    assert chat.stored_answers()["kazakh_level"] == "little"


def test_review_edit_selects_an_answer_by_number() -> None:
    chat = chat_at("review")
    assert chat.edits("contact").question_key == "contact"


def test_review_edit_can_answer_a_skipped_question() -> None:
    chat = chat_at("review")
    assert chat.stored_answers()["patronymic"] is None
    chat.edits("patronymic").says("Testovna")
    assert chat.question_key == "review"
    assert chat.stored_answers()["patronymic"] == "Testovna"


def test_review_edit_adds_a_family_member() -> None:
    chat = chat_at("review", applying="family")
    chat.edits("family").presses("add", "child", "under14", "done")
    assert chat.question_key == "review"
    assert len(chat.form().members["family"]) == 1
