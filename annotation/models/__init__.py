"""The people's nouns. Inside: project -> queue -> answer -> verdict -> team; refill and upload beside them."""

from annotation.models.answer import UNDO_WINDOW, Answer, Severity, Span
from annotation.models.project import Category, Guideline, Prompt, Proposal, TermSet, Topic
from annotation.models.queue import Draft, Generation, Item, OverlapChange, Seat, Skip
from annotation.models.refill import Refill, RefillMovedOn
from annotation.models.team import (
    BulkAction,
    CheckIn,
    Collection,
    Gold,
    Notice,
    Remark,
    Report,
    SavedView,
    Variant,
)
from annotation.models.upload import Upload, UploadMovedOn
from annotation.models.verdict import Verdict

__all__ = [
    "UNDO_WINDOW",
    "Answer",
    "BulkAction",
    "Category",
    "CheckIn",
    "Collection",
    "Draft",
    "Generation",
    "Gold",
    "Guideline",
    "Item",
    "Notice",
    "OverlapChange",
    "Prompt",
    "Proposal",
    "Refill",
    "RefillMovedOn",
    "Remark",
    "Report",
    "SavedView",
    "Seat",
    "Severity",
    "Skip",
    "Span",
    "TermSet",
    "Topic",
    "Upload",
    "UploadMovedOn",
    "Variant",
    "Verdict",
]
