"""The recogniser's training is reproducible; the shipped model has seen the shipped phrases."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bot.understanding import phrases, training
from bot.understanding.model import VERSION, Model, ModelError
from bot.understanding.phrases import Phrase
from bot.understanding.recognizer import Recognizer
from flows.knowledge.intents import IDS

EVERY = 40
TRAINED = """
import sys
from pathlib import Path
from bot.understanding import phrases, training

written = phrases.read("ru", Path(sys.argv[1]))
training.train(written, "digest")[0].save(Path(sys.argv[2]))
"""


@pytest.fixture(name="few", scope="module")
def _small_phrase_set() -> list[Phrase]:
    pytest.importorskip("sklearn", reason="training needs the dependency group `training`")
    # Include greetings: the order of their many near-duplicates once made two trainings differ.
    intents = {"danger.child": 30, "talk.hello": 120, "talk.thanks": 120, "none.noise": 30}
    written = phrases.read("ru")
    return [
        phrase
        for intent, many in intents.items()
        for phrase in [each for each in written if each.intent == intent][:many]
    ]


@pytest.mark.release
def test_recognizer_training_is_reproducible(few: list[Phrase], tmp_path: Path) -> None:
    """Train in two processes with different hash seeds, which change the order of sets."""
    phrases.write(few, "ru", tmp_path)
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", TRAINED, str(tmp_path), str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_recognizer_training_keeps_near_duplicates_in_one_fold() -> None:
    pytest.importorskip("scipy", reason="training needs the dependency group `training`")
    lines = ["когда будет решение по статусу", "когда будет решение по статусу?!", "сколько ждать"]
    groups = training.near_duplicates([Phrase("ru", "kandas.term", line) for line in lines])
    assert groups[0] == groups[1] != groups[2]
    written = [phrase for phrase in phrases.read_all() if phrase.intent == "kandas.term"]
    samples = training.gather(written)
    folds = training.folds(samples.groups)
    assert len(set(folds)) == training.FOLDS
    for group in np.unique(samples.groups):
        assert len(set(folds[samples.groups == group])) == 1


def test_recognizer_model_file_is_trained_on_the_current_phrases() -> None:
    model = Model.load()
    assert model.digest == phrases.digest(), "run ./kosh understanding train"
    assert set(model.classes) == set(IDS)


def test_recognizer_model_file_recognizes_its_training_phrases() -> None:
    """If few phrases are recognised, then recogniser and training convert a text differently."""
    recognizer, written = Recognizer.load(), phrases.read_all()[::EVERY]
    right = sum(recognizer.recognize(each.text).intent == each.intent for each in written)
    assert right / len(written) > 0.85


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_recognizer_refuses_a_damaged_model_file(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.npz"
    file.write_bytes(content)
    with pytest.raises(ModelError, match="understanding train"):
        Model.load(file)


def test_recognizer_refuses_a_model_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.npz"
    Model.load().save(file)
    assert Model.load(file).classes == Model.load().classes
    monkeypatch.setattr("bot.understanding.model.VERSION", VERSION + 1)
    with pytest.raises(ModelError, match="another version"):
        Model.load(file)
