"""Features are checksums of n-grams and words, in whatever way they are calculated."""

from itertools import pairwise
from zlib import crc32

import pytest

from bot.understanding import evaluation, features, skeleton
from bot.understanding.ngrams import Checksums
from bot.understanding.recognizer import READS_WELL, Recognizer

ENCODING = "utf-16-le"


def test_checksums_are_those_of_each_ngram() -> None:
    text, lengths = " паспорт 护照 𐍈 жоқ? ", (1, 2, 3, 5)
    units = text.encode(ENCODING)
    many = len(units) // 2
    for length, found in zip(lengths, Checksums(lengths).of(text).tolist(), strict=True):
        places = range(many - length + 1)
        assert len(found) == many
        assert found[: len(places)] == [crc32(units[2 * at : 2 * (at + length)]) for at in places]


@pytest.mark.parametrize("word", ["паспорт", "ab", "\U00010400\U00010401x"])
def test_features_of_a_word_are_checksums_of_its_ngrams(word: str) -> None:
    encoded = f" {word} ".encode("utf-16-le")
    ngrams = {
        encoded[at : at + 2 * length]
        for length in range(2, 6)
        for at in range(0, len(encoded) - 2 * length + 1, 2)
    }
    bare = skeleton.consonants(word)
    named = {f"w{word}".encode(), *([f"c{bare}".encode()] if len(word) > 3 else [])}
    buckets = {crc32(each) & features.MASK for each in ngrams | named}
    assert set(features.extract([word]).buckets) == buckets
    pair = crc32(f"b{word} {word}".encode()) & features.MASK
    assert set(features.extract([word, word]).buckets) == buckets | {pair}


@pytest.mark.parametrize("line", ["аб в где", "а а а", "мен", "қ 1 ?!", "𐍈𐍉 в 𐍊", "а бвг д ежзик"])
def test_features_of_a_line_are_those_of_its_words_and_pairs(line: str) -> None:
    words = line.split()
    alone = [features.extract([word]) for word in words]
    pairs = {
        crc32(f" {other}".encode(), crc32(one.encode(), features.PAIR)) & features.MASK
        for one, other in pairwise(words)
    }
    found = features.extract(words)
    assert set(found.buckets) == {bucket for each in alone for bucket in each.buckets} | pairs
    assert sorted(found.pieces) == sorted(piece for each in alone for piece in each.pieces)


def test_chinese_features_are_checksums_of_one_to_three_characters() -> None:
    found = features.extract(["护照", "过期"])
    line = " 护照 过期 "
    values: dict[int, float] = {}
    for length, value in ((1, 1.0), (2, 1.0), (3, 0.5)):
        for at in range(len(line) - length + 1):
            bucket = crc32(line[at : at + length].encode(ENCODING)) & features.MASK
            # The space is there three times.
            repeated = features.REPEATED[line.count(line[at : at + length])]
            values[bucket] = value * repeated
    assert dict(zip(found.buckets.tolist(), found.values.tolist(), strict=True)) == pytest.approx(
        values
    )
    assert len(found.pieces) == len(line)


def test_repeated_features_count_by_their_logarithm() -> None:
    once, thrice = features.extract(["мен"]), features.extract(["мен"] * 3)
    values = dict(zip(thrice.buckets.tolist(), thrice.values.tolist(), strict=True))
    assert {values[each] for each in once.buckets.tolist()} == {features.VALUES[3]}
    assert set(once.values.tolist()) == {1.0}


def test_line_that_reads_well_by_rounded_costs_does_so_exactly() -> None:
    model, well, lines = Recognizer.load().model, 0, 0
    for each in evaluation.held_lines()[::3]:
        words = skeleton.fold(each.phrase.text).words
        if model.reads_well(words, READS_WELL):
            assert model.ease(words) >= READS_WELL, words
            well += 1
        lines += not skeleton.IS_HAN.search(each.phrase.text)
    assert well > lines * 0.8
