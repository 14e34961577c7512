"""How alike two readers' spans are, and how alike their rewrites."""

from collections.abc import Sequence

import numpy as np

from annotation.science.diff import words

Spans = Sequence[tuple[int, int]]
"""[start, end) in code points; may overlap."""


def span_f1(one: Spans, other: Spans) -> float | None:
    """How far two readers marked the same characters: 2 |A ∩ B| / (|A| + |B|).

    Parameters
    ----------
    one, other : sequence of (int, int)
        What each reader marked; a character that is marked twice counts once.

    Returns
    -------
    float in [0, 1] or None
        1 is the same characters, 0 none in common; None where neither marked anything.

    References
    ----------
    Hripcsak and Rothschild (2005), PAPERS.md#hripcsak-rothschild-2005: F1 needs no count of what nobody marked.
    """
    a, b = _merged(one), _merged(other)
    total = sum(end - start for start, end in (*a, *b))
    common, i, j = 0, 0, 0
    while i < len(a) and j < len(b):
        common += max(0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return 2 * common / total if total else None


def exact_span_f1(one: Spans, other: Spans) -> float | None:
    """How far two readers marked the very same stretches: 2 |A ∩ B| / (|A| + |B|) over whole spans.

    Returns
    -------
    float in [0, 1] or None
        1 is the same spans to the character; None where neither marked anything.

    References
    ----------
    Hripcsak and Rothschild (2005), PAPERS.md#hripcsak-rothschild-2005.
    """
    a, b = set(one), set(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else None


def _merged(spans: Spans) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def word_similarity(one: str, other: str) -> float:
    """1 - d / max(m, n): d words must be put in, taken out or exchanged to make `other` of `one`.

    Parameters
    ----------
    one, other : str
        Any texts; words are cut as in the word diff, blanks do not count.

    Returns
    -------
    float in [0, 1]
        1 is the same words in the same order, also for two empty texts; 0 none in its place.

    References
    ----------
    Levenshtein (1966), PAPERS.md#levenshtein-1966.
    """
    a, b = ([word.strip() for word in words(text) if word.strip()] for text in (one, other))
    longest = max(len(a), len(b))
    return 1 - _edits(a, b) / longest if longest else 1.0


def _edits(a: list[str], b: list[str]) -> int:
    """Levenshtein's distance, a row of the table at a time: the least of (above, diagonal) first, then running along
    the row with "one more than the left", which is a running minimum of value minus place."""
    number: dict[str, int] = {}
    first, second = (np.array([number.setdefault(word, len(number)) for word in side], dtype=int) for side in (a, b))
    along = np.arange(len(b) + 1)
    row = along.copy()
    for i, word in enumerate(first, 1):
        candidate = np.empty_like(row)
        candidate[0] = i
        candidate[1:] = np.minimum(row[1:] + 1, row[:-1] + (second != word))
        row = np.minimum.accumulate(candidate - along) + along
    return int(row[-1])
