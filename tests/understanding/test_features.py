"""The value of a text's feature grows with the logarithm of its number of occurrences."""

import math
from zlib import crc32

import pytest

from bot.understanding import features


@pytest.mark.parametrize("count", [1, 2, 63, 64, 200])
def test_feature_value_grows_with_the_logarithm_of_its_count(count: int) -> None:
    found = features.extract(["ю"] * count)
    whole = crc32("ю".encode(), features.WORD) & features.MASK
    value = found.values[found.buckets.index(whole)]
    assert value == pytest.approx(1 + math.log(count))


def test_feature_value_of_a_chinese_trigram_is_halved() -> None:
    found = features.extract(["护照签"])
    # The text has three trigrams with the spaces at both ends. The feature of the space, which
    # occurs twice, has the highest value.
    assert sorted(found.values)[:4] == [0.5, 0.5, 0.5, 1.0]
    assert max(found.values) == pytest.approx(1 + math.log(2))
    twice = features.extract(["护照签护照签"])
    assert min(twice.values) == 0.5
    assert pytest.approx((1 + math.log(2)) / 2) in twice.values
