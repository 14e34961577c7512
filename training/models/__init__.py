"""The machines' nouns. Direction inside: snapshot -> round -> version -> evaluation."""

from training.models.evaluation import Comparison, Evaluation, Score
from training.models.round import (
    IllegalMove,
    Round,
    RoundEvent,
    RoundMetric,
    RoundMovedOn,
    State,
)
from training.models.snapshot import Snapshot, SnapshotRow
from training.models.version import ModelVersion, Promotion

__all__ = [
    "Comparison",
    "Evaluation",
    "IllegalMove",
    "ModelVersion",
    "Promotion",
    "Round",
    "RoundEvent",
    "RoundMetric",
    "RoundMovedOn",
    "Score",
    "Snapshot",
    "SnapshotRow",
    "State",
]
