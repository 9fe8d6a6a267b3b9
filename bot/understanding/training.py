"""Trains the recognizer from the phrases; needs the dependency group `training`.

Training is reproducible (fixed seed, sorted rows): the same phrases give the same file.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding import features, model, phrases, skeleton
from bot.understanding.features import Features, Numbers
from bot.understanding.model import Model, Scores
from bot.understanding.phrases import Phrase
from flows.knowledge.intents import BY_ID, Kind

FOLDS = 5
SEED = 28112026
# Phrases of one intent whose trigrams are at least this similar are put into one fold. No phrase is
# thus tested by a model that learned a near-duplicate of it.
NEAR = 0.45
# `C` of the SVMs, chosen by cross-validation among values from 0.1 to 3 (docs/decisions/0042).
REGULARISATION = 1.0
TOLERANCE = 0.05
MIXING, MAX_STEPS = 0.05, 120
# Scales the scores of the first step to about 1, so that the second step regularises all equally.
SCALE = np.float32(3)
MAX_ROWS = 80_000
MAX_PROCESSES = 2
# Minimum number of phrases with an n-gram; one that is in a single phrase may be a typo.
MIN_PHRASES = 2
NOISE = "none.noise"

type Matrix = Any  # a CSR matrix of scipy, which only the dependency group installs


class TrainingError(Exception):
    """Training is impossible, because a package is missing. The error's text names the package."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Training samples, one row per phrase and script; near-duplicates have equal `groups`."""

    phrases: tuple[Phrase, ...]
    matrix: Matrix
    intents: NDArray[np.str_]
    groups: Numbers
    # Pairs (row of a text, hash of one of its n-grams), without duplicates.
    pieces: Numbers
    # False for a converted phrase that has the same skeleton as its original and would count twice.
    teaches: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HeldOutScores:
    """Predictions for each phrase by a model trained without the phrase and its near-duplicates."""

    samples: Samples
    classes: tuple[str, ...]
    probabilities: Scores
    danger: Sequence[float]


def train(written: Sequence[Phrase], digest: str) -> tuple[Model, HeldOutScores]:
    """Return the model trained on all phrases, and the out-of-fold predictions.

    Raises `TrainingError` if scikit-learn is missing.
    """
    limits = one_thread()
    with limits(limits=1):
        samples = gather(written)
        scores, weights, bias = _first_steps(samples)
        held, mixing, mixing_bias = _second_steps(samples, scores)
        idf = document_weights(samples.matrix[samples.teaches])
        # Both steps are linear. Their product is stored, so that recognition multiplies once.
        joined: Scores = (SCALE * weights @ mixing).astype(np.float32)
        shift: Scores = (SCALE * bias @ mixing + mixing_bias).astype(np.float32)
        found = compact(joined, shift, idf, samples)
    return replace(found, digest=digest), held


def gather(written: Sequence[Phrase]) -> Samples:
    """Return the samples: the features of every phrase in each of its scripts."""
    near = near_duplicates(written)
    rows = [
        (each, group, number == 0)
        for at, (phrase, group) in enumerate(zip(written, near, strict=True))
        for number, each in enumerate(phrases.spellings(phrase, at))
    ]
    lines = [skeleton.fold(phrase.text) for phrase, _group, _original in rows]
    teaches = [
        original or line.words != before.words
        for (_phrase, _group, original), line, before in zip(
            rows, lines, [skeleton.Skeleton(()), *lines], strict=False
        )
    ]
    found = [features.extract(line.words) for line in lines]
    return Samples(
        phrases=tuple(phrase for phrase, _group, _original in rows),
        matrix=matrix(found),
        intents=np.array([phrase.intent for phrase, _group, _original in rows]),
        groups=np.array([group for _phrase, group, _original in rows]),
        pieces=pieces_of(found),
        teaches=np.array(teaches),
    )


def matrix(found: Sequence[Features]) -> Matrix:
    """Return the features of texts as a sparse matrix with a row for each text."""
    from scipy.sparse import csr_matrix

    values = np.array([value for each in found for value in each.values], np.float32)
    buckets = np.array([bucket for each in found for bucket in each.buckets], np.int32)
    starts = np.cumsum([0, *(len(each.values) for each in found)])
    rows = csr_matrix((values, buckets, starts), shape=(len(found), features.BUCKETS))
    rows.sort_indices()
    return rows


def pieces_of(found: Sequence[Features]) -> Numbers:
    """Return pairs (row of a text, hash of one of its n-grams) without duplicates."""
    rows = np.repeat(np.arange(len(found)), [len(each.pieces) for each in found])
    pieces = np.array([piece for each in found for piece in each.pieces], np.int64)
    return np.unique(np.stack([rows, pieces], 1), axis=0)


def near_duplicates(written: Sequence[Phrase]) -> Numbers:
    """Return the number of each phrase's group; near-duplicates of one intent are in one group.

    Skeletons are compared, so that a phrase is also grouped with similar phrases in another script
    or a related language.
    """
    parents = list(range(len(written)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    by_intent: defaultdict[str, list[int]] = defaultdict(list)
    for at, phrase in enumerate(written):
        by_intent[phrase.intent].append(at)
    for places in by_intent.values():
        for one, other in _similar([written[at].text for at in places]):
            # The smallest index is the group's number, so that the result does not depend on the
            # order of pairs.
            first, second = sorted((root(places[one]), root(places[other])))
            parents[second] = first
    return np.array([root(at) for at in range(len(written))])


def folds(groups: Numbers) -> Numbers:
    """Return the cross-validation fold of each row; all rows of a group are in one fold."""
    _names, numbers = np.unique(groups, return_inverse=True)
    order = np.random.RandomState(SEED).permutation(int(numbers.max()) + 1)
    found: Numbers = order[numbers] % FOLDS
    return found


def document_weights(rows: Matrix) -> Scores:
    """Return the inverse document frequency (IDF) of each hash bucket."""
    document_counts = np.asarray((rows > 0).sum(0)).ravel()
    # Rounded to 16 bits as in the model file, so that training and recognition use equal numbers.
    rounded: Scores = (np.log((1 + rows.shape[0]) / (1 + document_counts)) + 1).astype(np.float16)
    return rounded.astype(np.float32)


def weighted(rows: Matrix, idf: Scores) -> Matrix:
    """Return the rows weighted by IDF and normalized to length 1."""
    from scipy.sparse import diags

    found = rows @ diags(idf)
    norms = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
    norms[norms == 0] = 1
    return (diags((1 / norms).astype(np.float32)) @ found).tocsr()


def fit(rows: Matrix, intents: NDArray[np.str_]) -> tuple[Scores, Scores]:
    """Train the model's first step, from hash buckets to scores; return its weights and biases.

    The scores are those of a linear SVM for each intent, one for danger and one for out of scope,
    and of complement naive Bayes for each intent. The two methods make different errors.
    """
    weights, bias = [], []
    for labels, regularisation, balance in _tasks(intents):
        found = _svm(regularisation, balance).fit(rows, labels)
        weights.append(found.coef_)
        bias.append(found.intercept_)
    bayes = _bayes().fit(rows, intents).feature_log_prob_
    bayes -= bayes.mean(0)
    bayes /= (rows @ bayes.T).std()
    every = np.concatenate([*weights, bayes]).T.astype(np.float32)
    return every, np.concatenate([*bias, np.zeros(len(bayes))]).astype(np.float32)


def mix(scores: Scores, intents: NDArray[np.str_]) -> tuple[Scores, Scores]:
    """Train the model's second step, from scores to log-odds; return its weights and biases.

    It learns how reliable scores are and which intents are confused. The last column is danger.
    """
    from sklearn.linear_model import LogisticRegression

    kinds = [BY_ID[intent].kind is Kind.DANGER for intent in intents]
    with warnings.catch_warnings():
        # A convergence warning is expected: further steps do not change the first four digits.
        warnings.simplefilter("ignore")
        every = LogisticRegression(C=MIXING, max_iter=MAX_STEPS, tol=1e-3).fit(scores, intents)
        danger = LogisticRegression(C=MIXING, max_iter=MAX_STEPS, tol=1e-3).fit(scores, kinds)
    mixing = np.concatenate([every.coef_, danger.coef_]).T
    bias = np.concatenate([every.intercept_, danger.intercept_])
    return mixing.astype(np.float32), bias.astype(np.float32)


def compact(weights: Scores, bias: Scores, idf: Scores, samples: Samples) -> Model:
    """Return a model with the MAX_ROWS most important hash buckets and 8-bit weights."""
    document_counts = np.asarray((samples.matrix[samples.teaches] > 0).sum(0)).ravel()
    size = np.sqrt((weights**2).sum(1)) * np.sqrt(document_counts)
    chosen_rows = np.sort(np.argsort(-size, kind="stable")[:MAX_ROWS])
    chosen_rows = chosen_rows[size[chosen_rows] > 0]
    scales = np.abs(weights[chosen_rows]).max(1) / 127
    rows = np.full(features.BUCKETS, -1, np.int32)
    rows[chosen_rows] = np.arange(len(chosen_rows), dtype=np.int32)
    return Model(
        classes=tuple(str(name) for name in np.unique(samples.intents)),
        rows=rows,
        idf=idf,
        weights=np.rint(weights[chosen_rows] / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        bias=bias,
        pairs=letter_pairs(samples),
        familiar=familiar_pieces(samples),
        danger_starts=danger_starts(samples),
        digest="",
    )


def letter_pairs(samples: Samples) -> Scores:
    """Return the log-probabilities that one letter code follows another in the phrases."""
    counts = np.ones((model.CODES, model.CODES))
    for phrase in samples.phrases:
        codes = model.letter_codes(skeleton.fold(phrase.text).words)
        np.add.at(counts, (codes[:-1], codes[1:]), 1)
    found: Scores = np.log(counts / counts.sum(1, keepdims=True)).astype(np.float16)
    return found.astype(np.float32)


def familiar_pieces(samples: Samples) -> NDArray[np.uint8]:
    """Return a bit set of the n-grams that several phrases contain, without phrases of noise."""
    taught = samples.teaches & (samples.intents != NOISE)
    rows, pieces = samples.pieces.T
    counts = np.bincount(pieces[taught[rows]], minlength=1 << features.FAMILIAR_BITS)
    return np.packbits(counts >= MIN_PHRASES, bitorder="little")


def danger_starts(samples: Samples) -> frozenset[str]:
    """Return words, and their beginnings, that are as common in danger phrases as in all phrases.

    Whole words count if half of their phrases are about danger, and Chinese words never. Phrases of
    `crisis_words` are detected separately.
    """
    every, dangers = Counter[str](), Counter[str]()
    kinds = [BY_ID[phrase.intent].kind for phrase in samples.phrases]
    for phrase, kind in zip(samples.phrases, kinds, strict=True):
        starts = _starts(phrase.text)
        every.update(starts)
        if kind is Kind.DANGER:
            dangers.update(starts)
    share = kinds.count(Kind.DANGER) / len(kinds)
    found = {start for start, count in dangers.items() if count >= share * every[start]}
    long = {each for each in found if len(each) > model.DANGER_START}
    rare = {each for each in long if dangers[each] < max(MIN_PHRASES, every[each] / 2)}
    return frozenset(found - rare - {each for each in long if each[: model.DANGER_START] in found})


def _starts(text: str) -> set[str]:
    words = [word for word in skeleton.fold(text).words if any(map(str.isalpha, word))]
    return model.starts(word for word in words if not skeleton.IS_HAN.match(word))


def _first_steps(samples: Samples) -> tuple[Scores, Scores, Scores]:
    """Return the out-of-fold scores of each row, and weights and biases trained on all rows."""
    from joblib import Parallel, delayed

    own = folds(samples.groups)
    # Training on all rows takes longest and is started first, so that all processes end together.
    *parts, (weights, bias) = reversed(
        Parallel(n_jobs=MAX_PROCESSES)(
            delayed(_first_step)(samples, own == fold) for fold in range(FOLDS, -1, -1)
        )
    )
    scores = np.zeros((len(own), len(bias)), np.float32)
    for fold, (fold_weights, fold_bias) in enumerate(parts):
        idf = document_weights(samples.matrix[samples.teaches & (own != fold)])
        held = weighted(samples.matrix[own == fold], idf)
        scores[own == fold] = SCALE * (held @ fold_weights + fold_bias)
    return scores, weights, bias


def _first_step(samples: Samples, held: NDArray[np.bool_]) -> tuple[Scores, Scores]:
    taught = samples.teaches & ~held
    idf = document_weights(samples.matrix[taught])
    return fit(weighted(samples.matrix[taught], idf), samples.intents[taught])


def _second_steps(samples: Samples, scores: Scores) -> tuple[HeldOutScores, Scores, Scores]:
    """Return the out-of-fold predictions, and weights and biases of the second step.

    The second step is trained twice, each time on half of the rows. The predictions of a row are
    from the training without the row. Weights and biases are the means of both.
    """
    from joblib import Parallel, delayed

    halves = np.random.RandomState(SEED + 1).permutation(int(samples.groups.max()) + 1)
    half = halves[samples.groups] % 2 == 0
    parts = Parallel(n_jobs=MAX_PROCESSES)(
        delayed(_second_step)(samples, scores, rows) for rows in (half, ~half)
    )
    odds = np.zeros((len(half), len(parts[0][1])), np.float32)
    for (part_mixing, part_bias), rows in zip(parts, (~half, half), strict=True):
        odds[rows] = scores[rows] @ part_mixing + part_bias
    classes = tuple(str(name) for name in np.unique(samples.intents))
    dangers = model.of_kind(classes, Kind.DANGER)
    mixing, bias = (np.mean(each, axis=0) for each in zip(*parts, strict=True))
    return HeldOutScores(samples, classes, *model.calibrate(odds, dangers)), mixing, bias


def _second_step(
    samples: Samples, scores: Scores, rows: NDArray[np.bool_]
) -> tuple[Scores, Scores]:
    taught = samples.teaches & rows
    return mix(scores[taught], samples.intents[taught])


def _tasks(intents: NDArray[np.str_]) -> Iterator[tuple[Any, float, dict[int, int] | None]]:
    """Yield for each SVM classifier the rows' labels, the regularisation and the class weights."""
    yield intents, REGULARISATION, None
    for kind in (Kind.DANGER, Kind.NONE):
        sides = [int(BY_ID[intent].kind is kind) for intent in intents]
        # The rarer class has double weight. For danger, a missed case is worse than a false alarm.
        yield sides, REGULARISATION / 2, {0: 1, 1: 2}


def _svm(regularisation: float, balance: dict[int, int] | None) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(
        C=regularisation, class_weight=balance, tol=TOLERANCE, random_state=SEED, max_iter=3000
    )


def _bayes() -> Any:
    from sklearn.naive_bayes import ComplementNB

    return ComplementNB(alpha=0.3)


def _similar(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield index pairs of texts whose trigrams (Chinese: bigrams) are similar by at least NEAR."""
    from scipy.sparse import csr_matrix

    numbers: dict[str, int] = {}
    found = [
        sorted(numbers.setdefault(each, len(numbers)) for each in _pieces(phrases.key(text)))
        for text in texts
    ]
    ends = np.cumsum([0, *map(len, found)])
    places = np.concatenate([np.array(each, np.int64) for each in found])
    table = csr_matrix((np.ones(len(places)), places, ends), shape=(len(texts), len(numbers)))
    shared, sizes = (table @ table.T).tocoo(), np.diff(ends)
    either = sizes[shared.row] + sizes[shared.col] - shared.data
    near = (shared.row < shared.col) & (shared.data >= NEAR * either)
    yield from zip(shared.row[near].tolist(), shared.col[near].tolist(), strict=True)


def _pieces(line: str) -> list[str]:
    """Return the distinct trigrams of a text, sorted because a set has no fixed order."""
    padded = f" {line} "
    length = 2 if skeleton.IS_HAN.search(line) else 3
    return sorted({padded[at : at + length] for at in range(max(len(padded) - length + 1, 1))})


def one_thread() -> Any:
    """Return a context manager that limits linear algebra to one thread.

    Several threads add numbers in varying order, so that the bytes of the model would vary. Raises
    `TrainingError` if scikit-learn is missing.
    """
    try:
        import sklearn
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise TrainingError("Training needs scikit-learn: uv sync --group training") from error
    assert sklearn
    return threadpool_limits
