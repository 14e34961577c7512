"""What long texts need of a page: unchanged runs put away, and whether a text is long."""

from collections.abc import Sequence
from typing import Any

from django import template

from annotation.science.diff import Piece, fold

LONG = 1500
"""Characters from which on a text is shown by its beginning first."""

MANY_LINES = 18

LONG_CHANGES = 3000
"""The same of a diff or a marked text, where what is put away does not count."""

register = template.Library()


@register.filter
def is_long(text: str) -> bool:
    return len(text) > LONG or text.count("\n") > MANY_LINES


@register.filter
def are_long(pieces: Sequence[dict[str, Any]]) -> bool:
    """Whether what `folded` leaves in sight is long all the same."""
    return sum(len(piece["text"]) for piece in pieces if not piece["hidden"]) > LONG_CHANGES


@register.filter
def folded(pieces: Sequence[Piece | dict[str, Any]]) -> list[dict[str, Any]]:
    """Pieces of a diff or of a marked text; of a long run between two that matter, the middle is `hidden`: so many
    words."""
    found = []
    for at, piece in enumerate(pieces):
        one = piece if isinstance(piece, dict) else {"text": piece.text, "change": piece.change}
        matters = one.get("marked") or one.get("change", "same") != "same"
        ends = {"before": at > 0, "after": at < len(pieces) - 1}
        for text, hidden in [(one["text"], 0)] if matters else fold(one["text"], **ends):
            found.append({**one, "text": text, "hidden": hidden})
    return found
