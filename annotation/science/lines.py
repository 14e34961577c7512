"""What changed in a text of many lines: whole lines, and inside a changed line its words. Pure text in, lines out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from annotation.science.diff import Piece, word_diff, words

MOST = 2_000_000
"""Steps that a comparison of lines, or of all words together, may take: some tenths of a second."""


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
        In reading order. Lines that stand in each other's place are compared word by word. Where that would take long,
        because nearly everything repeats itself, words or whole texts stand as out and in. An empty list for texts with
        the same lines.

    References
    ----------
    Ratcliff and Metzener (1988), the algorithm of Python's difflib.
    """
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return []
    blocks = opcodes(before, after)
    if blocks is None:
        return [
            Line(change, whole(change, "\n".join(text))) for change, text in (("out", before), ("in", after)) if text
        ]
    budget = Budget()
    lines: list[Line] = []
    for place, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag == "equal":
            lines += around(before[i1:i2], context if place else 0, context if place < len(blocks) - 1 else 0)
        else:
            lines += changed(before[i1:i2], after[j1:j2], budget)
    return lines


def opcodes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]] | None:
    """What difflib finds between the first and the last line that differ; None where finding it would take long."""
    head = same_start(before, after)
    tail = same_start(before[head:][::-1], after[head:][::-1])
    end, new_end = len(before) - tail, len(after) - tail
    old, new = before[head:end], after[head:new_end]
    junk = None if steps(old, new) <= MOST else is_blank
    if junk and steps(*([line for line in text if not is_blank(line)] for text in (old, new))) > MOST:
        return None
    middle = SequenceMatcher(junk, old, new, autojunk=False).get_opcodes()
    found = [("equal", 0, head, 0, head)] if head else []
    found += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in middle]
    return [*found, ("equal", end, len(before), new_end, len(after))] if tail else found


def is_blank(line: str) -> bool:
    """Between paragraphs: many in a long text, so that they are then found by their neighbours only."""
    return not line.strip()


def same_start(before: Sequence[str], after: Sequence[str]) -> int:
    """How many lines are the same from the first on."""
    return next(
        (i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), min(len(before), len(after))
    )


def steps(before: Sequence[str], after: Sequence[str]) -> int:
    """A bound of what difflib does: each search meets every pair of equal parts, and each match found is a search."""
    here, there = Counter(before), Counter(after)
    both = sum(n * there[part] for part, n in here.items())
    matches = sum(min(n, there[part]) for part, n in here.items())
    return (len(before) + both) * (matches + 1)


@dataclass(slots=True)
class Budget:
    """Steps that are left for comparing words."""

    left: int = MOST

    def allows(self, old: str, new: str) -> bool:
        """Take what comparing these two lines costs, if there is enough left."""
        cost = steps(*([word.rstrip() for word in words(text)] for text in (old, new)))
        if cost > self.left:
            return False
        self.left -= cost
        return True


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


def changed(out: list[str], put: list[str], budget: Budget) -> list[Line]:
    """What takes the place of what, line by line: a pair word by word, the rest of the longer side as it is."""
    lines = []
    for old, new in zip_longest(out, put):
        if new is None:
            lines.append(Line("out", whole("out", old)))
        elif old is None:
            lines.append(Line("in", whole("in", new)))
        elif budget.allows(old, new):
            lines.append(Line("changed", tuple(word_diff(old, new))))
        else:
            lines += [Line("out", whole("out", old)), Line("in", whole("in", new))]
    return lines
