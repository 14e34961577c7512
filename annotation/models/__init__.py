"""The people's nouns. Direction inside: project -> queue -> answer -> verdict."""

from annotation.models.answer import UNDO_WINDOW, Answer, Span
from annotation.models.project import Category, Guideline, Prompt, Topic
from annotation.models.queue import Draft, Generation, Item, NothingToClaim, Seat, Skip
from annotation.models.verdict import Verdict

__all__ = [
    "UNDO_WINDOW",
    "Answer",
    "Category",
    "Draft",
    "Generation",
    "Guideline",
    "Item",
    "NothingToClaim",
    "Prompt",
    "Seat",
    "Skip",
    "Span",
    "Topic",
    "Verdict",
]
