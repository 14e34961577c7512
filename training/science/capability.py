"""What must not get worse: how well the model predicts neutral text, and its answers to questions with one answer."""

import math
import unicodedata

from training.science.measures import Metric


def normalised(text: str) -> str:
    """`text` without outer space, final punctuation, case and repeated space: what "the same answer" compares."""
    plain = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    while plain and (plain[-1].isspace() or unicodedata.category(plain[-1]).startswith("P")):
        plain = plain[:-1]
    return plain


def is_exact(answer: str, expected: str) -> bool:
    """Whether the two are the same answer after `normalised`."""
    return normalised(answer) == normalised(expected)


METRICS = (
    Metric(
        "bits_per_byte",
        "text",
        "bits/byte",
        lambda row: -float(row["nats"]) / math.log(2),
        lambda row: float(row["bytes"]),
        higher_is_better=False,
    ),
    Metric("exact_match", "exact", "share", lambda row: float(row["correct"]), share=True, higher_is_better=True),
)
"""Bits per byte: Σ -log2 p(text) / Σ UTF-8 bytes, comparable between tokenizers. Exact match: greedy answers."""
