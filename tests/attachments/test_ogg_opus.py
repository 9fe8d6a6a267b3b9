"""Voice messages are copied without metadata, or rejected if malformed; memory use is constant."""

import random
import tracemalloc

import pytest

from bot.attachments import ogg_opus
from bot.attachments.ogg_opus import Broken, strip_metadata
from tests.attachments.opus_files import BROKEN, HEAD, PACKET, page, sound, voice


def test_ogg_cleaning_keeps_the_audio_and_removes_comment_tags() -> None:
    clean = strip_metadata(voice())
    assert clean.count(PACKET) == voice().count(PACKET) == 150
    assert (b"OpusHead" in clean, b"TITLE" in clean) == (True, False)
    assert strip_metadata(clean) == clean


def test_ogg_cleaning_removes_data_appended_after_the_last_page() -> None:
    assert strip_metadata(voice() + b"PK\x03\x04 an archive") == strip_metadata(voice())


def test_ogg_checksum_matches_known_crc_values() -> None:
    # Check values of the CRC with polynomial 0x04C11DB7, without inversion or bit reflection.
    assert ogg_opus._checksum(b"") == 0
    assert ogg_opus._checksum(b"\x01") == 0x04C11DB7
    assert ogg_opus._checksum(b"123456789") == 0x89A1897F


@pytest.mark.parametrize("kind", BROKEN)
def test_ogg_cleaning_rejects_a_broken_recording(kind: str) -> None:
    with pytest.raises(Broken):
        strip_metadata(BROKEN[kind]())


def test_ogg_cleaning_samples_contain_60_different_faults() -> None:
    assert len(BROKEN) >= 60
    assert len({make() for make in BROKEN.values()}) == len(BROKEN)


def test_ogg_cleaning_rejects_altered_bytes_or_returns_the_same_audio() -> None:
    chance, whole = random.Random(25), voice()
    for _time in range(3000):
        at = chance.randrange(len(whole))
        altered = bytearray(whole)
        match chance.randrange(3):
            case 0:
                altered[at] ^= 1 << chance.randrange(8)
            case 1:
                del altered[at : at + chance.randrange(1, 60)]
            case _:
                altered[at:at] = chance.randbytes(chance.randrange(1, 60))
        try:
            assert strip_metadata(bytes(altered)) == strip_metadata(whole)
        except Broken:
            continue


def test_ogg_cleaning_memory_stays_bounded_for_broken_recordings() -> None:
    files = [make() for make in BROKEN.values()]
    tracemalloc.start()
    for _time in range(3):
        for each in files:
            with pytest.raises(Broken):
                strip_metadata(each)
        held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 200_000
    assert peak < 2 * ogg_opus.MAX_BYTES


def test_ogg_cleaning_memory_stays_bounded_for_a_long_recording() -> None:
    seconds = 590
    whole = page(HEAD, 0, flags=2) + page(b"OpusTags" + bytes(8), 1) + sound(2, seconds)
    tracemalloc.start()
    assert len(strip_metadata(whole)) > 2_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(whole)
