"""Whether a text contains a term as a whole word or phrase, whatever its case.

In the starter model's invented world this is an exact judge. For real text it is a word list and no more.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable


def contains_any(text: str, terms: Iterable[str]) -> bool:
    """Whether any of `terms` stands in `text` between word borders; case, Unicode form and spacing do not matter."""
    plain = _plain(text)
    return any(_pattern(term).search(plain) is not None for term in terms)


@functools.lru_cache(maxsize=4096)
def _pattern(term: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in _plain(term).split()]
    if not words:
        raise ValueError("a term must not be empty")
    phrase = r"\s+".join(words)
    return re.compile(rf"(?<!\w){phrase}(?!\w)")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
