"""What changed in a text of many lines: whole lines, and inside a changed line its words. Pure text in, lines out."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from annotation.science.diff import Piece, word_diff


@dataclass(frozen=True, slots=True)
class Line:
    """A line of both texts ("same"), of the old ("out"), of the new one ("in"), one that changed within ("changed"),
    or the place of `skipped` unchanged lines that are not shown ("gap")."""

    change: str
    pieces: tuple[Piece, ...] = ()
    skipped: int = 0


def line_diff(old: str, new: str, *, context: int = 1) -> list[Line]:
    """The lines that turn `old` into `new`, with `context` unchanged ones around each change.

    Parameters
    ----------
    old, new : str
        Any texts; line breaks of Windows count as one.
    context : int
        Unchanged lines that are shown before and after a change; longer runs become one gap.

    Returns
    -------
    list of Line
        In reading order. Lines that stand in each other's place are compared word by word. An empty list for texts
        with the same lines.

    References
    ----------
    Ratcliff and Metzener (1988), the algorithm of Python's difflib.
    """
    before, after = old.splitlines(), new.splitlines()
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    if all(tag == "equal" for tag, *_ in blocks):
        return []
    lines: list[Line] = []
    for place, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag == "equal":
            lines += around(before[i1:i2], context if place else 0, context if place < len(blocks) - 1 else 0)
        else:
            lines += changed(before[i1:i2], after[j1:j2])
    return lines


def around(run: list[str], first: int, last: int) -> list[Line]:
    """Unchanged lines: the `first` and `last` of them, and a gap between where there are more."""
    skipped = len(run) - first - last
    if skipped <= 1:
        return [same(line) for line in run]
    return [*map(same, run[:first]), Line("gap", skipped=skipped), *map(same, run[len(run) - last :])]


def same(line: str) -> Line:
    """A line that stays as it is."""
    return Line("same", whole("same", line))


def whole(change: str, line: str) -> tuple[Piece, ...]:
    """A line as one piece; an empty one has none."""
    return (Piece(change, line),) if line else ()


def changed(out: list[str], put: list[str]) -> list[Line]:
    """What takes the place of what, line by line: a pair word by word, the rest of the longer side as it is."""
    lines = []
    for old, new in zip_longest(out, put):
        if new is None:
            lines.append(Line("out", whole("out", old)))
        elif old is None:
            lines.append(Line("in", whole("in", new)))
        else:
            lines.append(Line("changed", tuple(word_diff(old, new))))
    return lines
