"""What a rewrite changed, word by word. Pure text in, pieces out; knows no HTML."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise, takewhile

# A word with the blanks after it is one token. With blanks as tokens of their own, the comparison is quadratic
# in practice (3,000 words: 5.7 s instead of 65 ms), because every blank matches every other.
TOKEN = re.compile(r"\s*\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is in both texts ("same"), only in the old ("out") or only in the new one ("in")."""

    change: str
    text: str


def words(text: str) -> list[str]:
    """The text cut after the blanks that follow each word; joined again, it is the text.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        Tokens, none of them empty; an empty list for an empty text.
    """
    return TOKEN.findall(text)


def one_line_end(text: str) -> str:
    """The text as a text field gives it back: however its lines end, one character ends each.

    js/review/rewrite.js does the same before it compares.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        With a newline for every carriage return and newline, and for every carriage return that stands alone.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n")


def word_diff(old: str, new: str) -> list[Piece]:
    """The smallest run of words out and words in, as difflib finds it, that turns `old` into `new`.

    js/review/diff.js finds the same, piece by piece: what a person saw while writing is what a curator reads later.

    Parameters
    ----------
    old, new : str
        Any texts.

    Returns
    -------
    list of Piece
        In reading order; of two neighbours that differ, what goes out comes before what comes in. All pieces but
        "in" joined are `old`, all but "out" joined are `new`. Equal texts give one "same" piece, two empty ones none.

    References
    ----------
    Ratcliff and Metzener (1988), the algorithm of Python's difflib.
    """
    before, after = words(old), words(new)
    # A word is the same word whatever blanks follow it. autojunk would drop every word that makes up more than 1 % of
    # a text of 200 words or more.
    old_words, new_words = [[word.rstrip() for word in text] for text in (before, after)]
    steps: list[tuple[str, str]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_words, new_words, autojunk=False).get_opcodes():
        if tag != "equal":
            steps += [("out", "".join(before[i1:i2])), ("in", "".join(after[j1:j2]))]
            continue
        for mine, theirs in zip(before[i1:i2], after[j1:j2], strict=True):
            both = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(mine, theirs, strict=False)))
            steps += [("same", mine[:both]), ("out", mine[both:]), ("in", theirs[both:])]
    return merged(steps)


def merged(steps: list[tuple[str, str]]) -> list[Piece]:
    """Neighbours of one kind become one piece; between two "same", what goes out stands before what comes in."""
    pieces: list[Piece] = []
    for same, run in groupby((step for step in steps if step[1]), key=lambda step: step[0] == "same"):
        texts = list(run)
        for change in ("same",) if same else ("out", "in"):
            if text := "".join(text for kind, text in texts if kind == change):
                pieces.append(Piece(change, text))
    return pieces


def fold(text: str, *, before: bool, after: bool, keep: int = 24, least: int = 48) -> list[tuple[str, int]]:
    """A run of text in which nothing happens, cut so that its middle can be put away.

    Parameters
    ----------
    text : str
        The run.
    before, after : bool
        Whether something happens in front of the run, or after it: so many words at that end stay, as context.
    keep : int
        Words that stay at an end.
    least : int
        A middle of fewer words is not worth putting away.

    Returns
    -------
    list of (str, int)
        Stretches in reading order, none empty, with how many words each puts away: 0 for what stays. Joined, they are
        the text.
    """
    found = words(text)
    start = keep if before or not after else 0
    end = len(found) - (keep if after else 0)
    if end - start < least:
        return [(text, 0)] if text else []
    cut = [(found[:start], 0), (found[start:end], end - start), (found[end:], 0)]
    return [("".join(stretch), hidden) for stretch, hidden in cut if stretch]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was changed: words and characters (code points) taken out and put in, of how many in the old text."""

    words_out: int
    words_in: int
    letters_out: int
    letters_in: int
    words: int
    letters: int

    @property
    def share(self) -> float:
        """Words out and in, of all in both texts: 0 is the same text, 1 shares no word with it."""
        both = self.words + self.words - self.words_out + self.words_in
        return (self.words_out + self.words_in) / both if both else 0.0


def amount(pieces: list[Piece]) -> Amount:
    """How much of a text was changed, from its `word_diff`; js/review/diff.js counts the same way.

    Parameters
    ----------
    pieces : list of Piece
        As `word_diff` returns them.

    Returns
    -------
    Amount
        A run of white space by itself is no word, but its characters count.
    """
    texts = {change: [piece.text for piece in pieces if piece.change == change] for change in ("same", "out", "in")}
    count = {
        change: sum(bool(word.strip()) for text in found for word in words(text)) for change, found in texts.items()
    }
    letters = {change: sum(map(len, found)) for change, found in texts.items()}
    return Amount(
        words_out=count["out"],
        words_in=count["in"],
        letters_out=letters["out"],
        letters_in=letters["in"],
        words=count["same"] + count["out"],
        letters=letters["same"] + letters["out"],
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of text under the same marks: indices into the list of spans, empty where nothing is marked."""

    text: str
    marks: tuple[int, ...]


def stretches(text: str, spans: list[tuple[int, int]]) -> list[Stretch]:
    """Cut a text wherever a span begins or ends, so that overlapping spans can be shown without nesting.

    Parameters
    ----------
    text : str
        Any text.
    spans : list of (int, int)
        [start, end) in code points; may overlap. What lies outside the text is ignored.

    Returns
    -------
    list of Stretch
        In reading order, none empty; joined, they are the text.
    """
    cuts = sorted({0, len(text), *(min(max(cut, 0), len(text)) for span in spans for cut in span)})
    return [
        Stretch(text[a:b], tuple(i for i, (start, end) in enumerate(spans) if start <= a and b <= end))
        for a, b in pairwise(cuts)
    ]
