"""People who write traditional Chinese characters are understood like readers of simplified ones.

Kazakhs from Taiwan and Hong Kong, and keyboards set to traditional characters, write them.
"""

import pytest

from tests.flows.recognizer import recognizing_chat_at


@pytest.mark.parametrize(
    ("question", "typed", "stored"),
    [
        ("target_region", "阿斯塔納市", "astana"),
        ("target_region", "阿拉木圖州", "almaty_region"),
        ("residence_country", "中國", "CN"),
        ("residence_country", "烏茲別克斯坦", "UZ"),
    ],
)
def test_traditional_characters_name_an_option(question: str, typed: str, stored: str) -> None:
    chat = recognizing_chat_at(question, "zh_Hans").says(typed)
    assert chat.stored_answers()[question] == stored
