"""Training of the recogniser from the phrases; needs the dependency group `training`.

The same phrases give the same file: nothing is drawn by lot but by a fixed seed, and rows are
ordered by what they hold.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.understanding import features, model, phrases, skeleton
from bot.understanding.model import Model, Scores
from bot.understanding.phrases import Phrase
from flows.knowledge.intents import BY_ID, Kind

FOLDS = 3
SEED = 28112026
# Of two phrases of an intent that share more of their trigrams, neither may teach the other's fold.
NEAR = 0.45
# From 0.1 to 3 tried in cross-validation: docs/decisions/0042.
REGULARISATION = 1.0
TOLERANCE = 0.05
MIXING, MAX_STEPS = 0.05, 120
# Brings the scores of the first step near one, where the second is regularised alike.
SCALE = np.float32(3)
MAX_ROWS = 80_000
MAX_PROCESSES = 2

type Matrix = Any  # scipy's CSR matrix, which is only there with the group.
type Numbers = NDArray[np.int64]


class TrainingError(Exception):
    """Training can't be done here."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Phrases as they are learned: in each script, with the group that folds keep together."""

    phrases: tuple[Phrase, ...]
    matrix: Matrix
    intents: NDArray[np.str_]
    groups: Numbers
    # Derived lines whose skeleton is that of the line they come from teach nothing.
    teaches: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Held:
    """What each phrase got from models that had learned neither it nor its like."""

    samples: Samples
    classes: tuple[str, ...]
    probabilities: Scores
    danger: Scores


def train(written: Sequence[Phrase], digest: str) -> tuple[Model, Held]:
    """Return the model of all phrases and the figures of cross-validation.

    Raise `TrainingError` where scikit-learn is missing.
    """
    limits = _one_thread()
    with limits(limits=1):
        samples = gather(written)
        scores, weights, bias = _first_steps(samples)
        held, mixing, mixing_bias = _second_steps(samples, scores)
        idf = document_weights(samples.matrix[samples.teaches])
        # Both steps are linear, so they are one: the message is multiplied once.
        joined: Scores = (SCALE * weights @ mixing).astype(np.float32)
        shift: Scores = (SCALE * bias @ mixing + mixing_bias).astype(np.float32)
        found = compact(joined, shift, idf, samples)
    return replace(found, digest=digest), held


def gather(written: Sequence[Phrase]) -> Samples:
    """Return phrases, in every script, as features."""
    near = near_duplicates(written)
    rows = [
        (each, group, number == 0)
        for phrase, group in zip(written, near, strict=True)
        for number, each in enumerate(phrases.in_scripts(phrase))
    ]
    lines = [skeleton.fold(phrase.text) for phrase, _group, _original in rows]
    teaches = [
        original or line.words != before.words
        for (_phrase, _group, original), line, before in zip(
            rows, lines, [skeleton.Skeleton(()), *lines], strict=False
        )
    ]
    return Samples(
        phrases=tuple(phrase for phrase, _group, _original in rows),
        matrix=matrix(lines),
        intents=np.array([phrase.intent for phrase, _group, _original in rows]),
        groups=np.array([group for _phrase, group, _original in rows]),
        teaches=np.array(teaches),
    )


def matrix(lines: Sequence[skeleton.Skeleton]) -> Matrix:
    """Return the features of lines, a row each."""
    from scipy.sparse import csr_matrix

    found = [features.extract(line) for line in lines]
    ends = np.cumsum([0, *(len(buckets) for buckets, _values in found)])
    buckets = np.concatenate([buckets for buckets, _values in found])
    values = np.concatenate([values for _buckets, values in found])
    return csr_matrix((values, buckets, ends), shape=(len(found), features.BUCKETS))


def near_duplicates(written: Sequence[Phrase]) -> Numbers:
    """Return a group for each phrase: those of one intent that are nearly the same share it.

    Similar means by letters of the skeleton, so a phrase and its like in a cognate language or in
    another script are one group too.
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
            # The first of a group names it, in whatever order its pairs are found.
            first, second = sorted((root(places[one]), root(places[other])))
            parents[second] = first
    return np.array([root(at) for at in range(len(written))])


def folds(groups: Numbers) -> Numbers:
    """Return the fold of each row; rows of one group share it."""
    _names, numbers = np.unique(groups, return_inverse=True)
    order = np.random.RandomState(SEED).permutation(int(numbers.max()) + 1)
    found: Numbers = order[numbers] % FOLDS
    return found


def document_weights(rows: Matrix) -> Scores:
    """Return the weight of each bucket: the rarer in the phrases, the more it says."""
    seen = np.asarray((rows > 0).sum(0)).ravel()
    # As it is stored, so that training and reading reckon with the same numbers.
    rounded: Scores = (np.log((1 + rows.shape[0]) / (1 + seen)) + 1).astype(np.float16)
    return rounded.astype(np.float32)


def weighted(rows: Matrix, idf: Scores) -> Matrix:
    """Return rows weighted and each of length one."""
    from scipy.sparse import diags

    found = rows @ diags(idf)
    norms = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
    norms[norms == 0] = 1
    return (diags((1 / norms).astype(np.float32)) @ found).tocsr()


def fit(rows: Matrix, intents: NDArray[np.str_]) -> tuple[Scores, Scores]:
    """Return the weights and the bias of the first step, for each bucket.

    Its outputs are a linear SVM for each class, one for danger and one for none of ours, and
    complement naive Bayes for each class: they err differently.
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
    """Return the second step: from scores of unseen lines to logarithms of probabilities.

    It learns how far each score can be trusted and which intents are taken for one another. The
    last output is the logarithm of the odds that a line speaks of danger.
    """
    from sklearn.linear_model import LogisticRegression

    kinds = [BY_ID[intent].kind is Kind.DANGER for intent in intents]
    with warnings.catch_warnings():
        # It stops early on purpose: the steps that follow change nothing in the fourth digit.
        warnings.simplefilter("ignore")
        every = LogisticRegression(C=MIXING, max_iter=MAX_STEPS, tol=1e-3).fit(scores, intents)
        danger = LogisticRegression(C=MIXING, max_iter=MAX_STEPS, tol=1e-3).fit(scores, kinds)
    mixing = np.concatenate([every.coef_, danger.coef_]).T
    bias = np.concatenate([every.intercept_, danger.intercept_])
    return mixing.astype(np.float32), bias.astype(np.float32)


def compact(weights: Scores, bias: Scores, idf: Scores, samples: Samples) -> Model:
    """Return a model with the buckets that say most, a byte for each weight."""
    seen = np.asarray((samples.matrix[samples.teaches] > 0).sum(0)).ravel()
    size = np.sqrt((weights**2).sum(1)) * np.sqrt(seen)
    kept = np.sort(np.argsort(-size, kind="stable")[:MAX_ROWS])
    kept = kept[size[kept] > 0]
    scales = np.abs(weights[kept]).max(1) / 127
    rows = np.full(features.BUCKETS, -1, np.int32)
    rows[kept] = np.arange(len(kept), dtype=np.int32)
    return Model(
        classes=tuple(str(name) for name in np.unique(samples.intents)),
        rows=rows,
        idf=idf,
        weights=np.rint(weights[kept] / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        bias=bias,
        pairs=letter_pairs(samples),
        digest="",
    )


def letter_pairs(samples: Samples) -> Scores:
    """Return how likely a letter follows another in the phrases, as a logarithm."""
    counts = np.ones((model.CODES, model.CODES))
    for phrase in samples.phrases:
        codes = model.letter_codes(skeleton.fold(phrase.text).words)
        np.add.at(counts, (codes[:-1], codes[1:]), 1)
    found: Scores = np.log(counts / counts.sum(1, keepdims=True)).astype(np.float16)
    return found.astype(np.float32)


def _first_steps(samples: Samples) -> tuple[Scores, Scores, Scores]:
    """Return what each row scores where it was not learned, and weights and bias from all rows."""
    from joblib import Parallel, delayed

    own = folds(samples.groups)
    # The longest first: learning all rows, which holds back none.
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


def _second_steps(samples: Samples, scores: Scores) -> tuple[Held, Scores, Scores]:
    """Return probabilities, each from the other half of the rows, and the step from all rows."""
    from joblib import Parallel, delayed

    halves = np.random.RandomState(SEED + 1).permutation(int(samples.groups.max()) + 1)
    half = halves[samples.groups] % 2 == 0
    everything = np.ones(len(half), np.bool_)
    learned = (everything, ~half, half)
    (mixing, bias), *parts = Parallel(n_jobs=MAX_PROCESSES)(
        delayed(_second_step)(samples, scores, rows) for rows in learned
    )
    odds = np.zeros((len(half), len(bias)), np.float32)
    for (part_mixing, part_bias), rows in zip(parts, (half, ~half), strict=True):
        odds[rows] = scores[rows] @ part_mixing + part_bias
    classes = tuple(str(name) for name in np.unique(samples.intents))
    dangers = model.of_kind(classes, Kind.DANGER)
    return Held(samples, classes, *model.calibrated(odds, dangers)), mixing, bias


def _second_step(
    samples: Samples, scores: Scores, rows: NDArray[np.bool_]
) -> tuple[Scores, Scores]:
    taught = samples.teaches & rows
    return mix(scores[taught], samples.intents[taught])


def _tasks(intents: NDArray[np.str_]) -> Iterator[tuple[Any, float, dict[int, int] | None]]:
    """Yield what each SVM tells apart, how freely, and what its sides weigh."""
    yield intents, REGULARISATION, None
    for kind in (Kind.DANGER, Kind.NONE):
        sides = [int(BY_ID[intent].kind is kind) for intent in intents]
        # The smaller side is what must not be missed.
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
    """Yield pairs of texts that share most of their trigrams, or pairs of Chinese characters."""
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
    """Return the different trigrams of a line; sorted, for sets differ from process to process."""
    padded = f" {line} "
    length = 2 if skeleton.IS_HAN.search(line) else 3
    return sorted({padded[at : at + length] for at in range(max(len(padded) - length + 1, 1))})


def _one_thread() -> Any:
    """Return what keeps linear algebra to one thread: sums in another order are other bytes."""
    try:
        import sklearn
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise TrainingError("Training needs scikit-learn: uv sync --group training") from error
    assert sklearn
    return threadpool_limits
