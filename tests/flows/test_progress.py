"""The progress that a question shows ("3 of 6"): the total never grows while a person answers."""

from tests.flows.chat import Chat

ANSWERS = ("kandas_status", "CN", "both", "yes", "yes", "unsaid")


def _progress_values(chat: Chat, *taps: str) -> list[tuple[int, int]]:
    found = []
    for tap in taps:
        found += [say.progress for say in chat.last_messages if say.progress]
        chat.presses(tap)
    return found


def test_form_progress_total_includes_questions_that_may_still_apply() -> None:
    counted = _progress_values(Chat.start("ru", "checklist"), *ANSWERS)
    assert [number for number, _total in counted] == [1, 2, 3, 4, 5, 6]
    assert {total for _number, total in counted} == {6}


def test_form_progress_total_falls_when_questions_do_not_apply() -> None:
    counted = _progress_values(Chat.start("ru", "checklist"), "kandas_status", "CN", "alone", "yes")
    assert [total for _number, total in counted] == [6, 6, 6, 5]


def test_form_progress_total_of_the_registration_never_grows() -> None:
    chat = Chat.start("ru", "preregistration").until("review")
    totals = [say.progress[1] for _did, turn in chat.turns for say in turn.says if say.progress]
    assert totals == sorted(totals, reverse=True)
    assert chat.last_messages[-1].progress == (totals[-1], totals[-1])
