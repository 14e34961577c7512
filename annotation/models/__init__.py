"""The people's nouns. Direction inside: project -> queue -> answer -> verdict; refill and upload beside them."""

from annotation.models.answer import UNDO_WINDOW, Answer, Span
from annotation.models.project import Category, Guideline, Prompt, Topic
from annotation.models.queue import Draft, Generation, Item, Seat, Skip
from annotation.models.refill import Refill, RefillMovedOn
from annotation.models.upload import Upload, UploadMovedOn
from annotation.models.verdict import Verdict

__all__ = [
    "UNDO_WINDOW",
    "Answer",
    "Category",
    "Draft",
    "Generation",
    "Guideline",
    "Item",
    "Prompt",
    "Refill",
    "RefillMovedOn",
    "Seat",
    "Skip",
    "Span",
    "Topic",
    "Upload",
    "UploadMovedOn",
    "Verdict",
]
