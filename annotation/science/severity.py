"""How severe readers would find an answer, guessed from its words and its topic: a ridge regression on TF-IDF."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import OneHotEncoder

LOWEST, HIGHEST = 0.0, 3.0
FOLDS = 5
MOST_TERMS = 50_000


@dataclass(frozen=True, slots=True)
class Known:
    """An answer whose severity readers have settled."""

    text: str
    topic: str
    """Its topic's name; empty for none."""
    group: int
    """Answers of one group, such as those to one prompt, are never split between learning and testing."""
    severity: float
    """0 (fine) to 3."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What cross-validation found."""

    n: int
    mae: float
    """Mean absolute error of the forecast, in steps of severity."""
    baseline: float
    """The same of always saying the mean of what was learned from."""
    low: float
    """Lower end of the 90 % interval of how much smaller the forecast's error is."""

    @property
    def is_better(self) -> bool:
        """Whether the forecast's error is smaller by more than chance would make it."""
        return self.low > 0


class Model:
    """A fitted forecast.

    Parameters
    ----------
    known : sequence of Known
        At least two.
    alpha : float
        Strength of the ridge penalty; 1 is scikit-learn's default.

    References
    ----------
    Hoerl and Kennard (1970), PAPERS.md#hoerl-1970.
    """

    def __init__(self, known: Sequence[Known], *, alpha: float = 1.0):
        self.words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_features=MOST_TERMS)
        self.topics = OneHotEncoder(handle_unknown="ignore")
        self.words.fit([one.text for one in known] + ["severity"])  # never an empty vocabulary
        self.topics.fit([[one.topic] for one in known])
        self.ridge = Ridge(alpha=alpha, solver="lsqr")
        features = self.features([one.text for one in known], [one.topic for one in known])
        self.ridge.fit(features, np.array([one.severity for one in known]))

    def features(self, texts: Sequence[str], topics: Sequence[str]) -> sparse.csr_matrix:
        return sparse.hstack(
            [self.words.transform(texts), self.topics.transform([[one] for one in topics])], format="csr"
        )

    def predict(self, texts: Sequence[str], topics: Sequence[str]) -> list[float]:
        """Severities in [0, 3], one per text."""
        if not texts:
            return []
        guessed = self.ridge.predict(self.features(texts, topics))
        return [round(float(one), 3) for one in np.clip(guessed, LOWEST, HIGHEST)]


def cross_validate(known: Sequence[Known]) -> Errors:
    """How far the forecast is off on answers it has not learned from, against always saying the mean.

    MAE = mean |y - f(x)| over all folds; the interval is that of the paired difference of absolute errors, mean ± 1.645
    standard errors (90 %).

    Parameters
    ----------
    known : sequence of Known
        Answers of at least two groups.

    Returns
    -------
    Errors
        An error of 0 is a perfect forecast, 3 the worst there is.

    Raises
    ------
    ValueError
        If all answers are of one group.

    References
    ----------
    Stone (1974), PAPERS.md#stone-1974.
    """
    groups = [one.group for one in known]
    folds = min(FOLDS, len(set(groups)))
    if folds < 2:
        raise ValueError("Answers to one prompt alone cannot be split into what is learned and what is tested.")
    wanted = np.array([one.severity for one in known])
    guessed, mean = np.zeros(len(known)), np.zeros(len(known))
    for learn, test in GroupKFold(folds).split(wanted, groups=groups):
        model = Model([known[i] for i in learn])
        guessed[test] = model.predict([known[i].text for i in test], [known[i].topic for i in test])
        mean[test] = wanted[learn].mean()
    ours, theirs = np.abs(wanted - guessed), np.abs(wanted - mean)
    gain = theirs - ours
    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return Errors(len(known), float(ours.mean()), float(theirs.mean()), float(gain.mean() - 1.645 * error))
