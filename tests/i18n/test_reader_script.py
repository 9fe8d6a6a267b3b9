"""Messages between officer and person are converted to the script that the recipient reads."""

import pytest

from bot.i18n import kazakh_arabic, reader_script

CYRILLIC = "Сәлеметсіз бе! Құжатты алып келіңіз."
ARABIC = kazakh_arabic.to_arabic(CYRILLIC)


@pytest.mark.parametrize(
    ("text", "form", "shown"),
    [
        (CYRILLIC, "kk_Arab", ARABIC),
        (CYRILLIC, "kk", CYRILLIC),
        (ARABIC, "kk_Arab", ARABIC),
        (ARABIC, "kk", kazakh_arabic.to_cyrillic(ARABIC)),
        ("Здравствуйте, принесите справку", "kk_Arab", "Здравствуйте, принесите справку"),
        ("Хорошо", "kk_Arab", "Хорошо"),
        ("Дайын", "kk_Arab", kazakh_arabic.to_arabic("Дайын")),
        ("2 апта", "kk_Arab", kazakh_arabic.to_arabic("2 апта")),
        ("Дайын", "ru", "Дайын"),
        ("您好", "kk_Arab", "您好"),
        ("Hujjatni olib keling", "uz_Cyrl", "Ҳужжатни олиб келинг"),
        ("Ҳужжатни олиб келинг", "uz", "Hujjatni olib keling"),
        ("Здравствуйте", "uz", "Здравствуйте"),
        ("", "kk_Arab", ""),
    ],
)
def test_officer_text_is_converted_to_the_persons_script(text: str, form: str, shown: str) -> None:
    assert reader_script.for_person(text, form) == shown


@pytest.mark.parametrize(
    "kept",
    [
        "konsul@mfa.gov.kz",
        "KS-2026-TEST-ABDE",
        "KZ86125KZT5004100100",
        "KZ86 125K ZT50 0410 0100",
        "TR33 0006 1005 1978 6457 8413 26",
        "FB7654321",
        "FB 7654321",
    ],
)
def test_document_numbers_and_email_addresses_keep_their_letters(kept: str) -> None:
    text = f"Hujjatlaringizni bizga yuboring, mana: {kept}. Rahmat!"
    shown = reader_script.for_person(text, "uz_Cyrl")
    assert shown.startswith("Ҳужжатларингизни")
    assert kept in shown


@pytest.mark.parametrize(
    ("text", "language", "form"),
    [
        (ARABIC, "kk", "kk"),
        (ARABIC, "ru", "kk"),
        (ARABIC, "kk_Arab", None),
        (CYRILLIC, "kk_Arab", "kk_Arab"),
        (CYRILLIC, "ru", None),
        ("Ҳужжат керак", "uz", "uz"),
        ("Ҳужжат керак", "ru", None),
        ("Здравствуйте", "kk_Arab", None),
    ],
)
def test_persons_text_is_converted_to_the_officers_script(
    text: str, language: str, form: str | None
) -> None:
    found = reader_script.for_officer(text, language)
    assert (found[0] if found else None) == form
    assert found is None or found[1] != text


@pytest.mark.parametrize(
    ("text", "form", "other"),
    [
        (CYRILLIC, "kk_Arab", None),
        (CYRILLIC, "ru", "kk"),
        ("Здравствуйте, принесите справку", "kk_Arab", "ru"),
        ("Хорошо", "kk", "ru"),
        ("Алматы, 15:30", "ru", None),
        ("", "kk", None),
    ],
)
def test_language_of_a_text_is_shown_when_it_is_not_the_readers(
    text: str, form: str, other: str | None
) -> None:
    assert reader_script.other_language(text, form) == other
