"""What a round's page shows while it runs: stage, progress, curve, log, and whether anybody works on it. Only reads."""

import math
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db.models.functions import Mod
from django.utils import timezone

from training import child
from training.models import Round, RoundMetric, State

PATIENCE = 20.0
"""Seconds a round may wait for a worker before the page says what to start."""
SILENT = 15.0
"""Seconds without a heartbeat before the page says that the worker may be gone."""
WORKER = "celery -A studio worker -Q gpu --concurrency 1"
LOG_LINES = 40
POINTS = 200
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 600, 220, 48, 24, 10
"""The chart's box and the room for its numbers, in its own units."""


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    look: str
    """Class of the steps part: is-done, is-now, is-bad or nothing."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The loss by step, as points of an SVG polyline."""

    points: str
    smooth: str
    """The same, as a running mean: single steps of short rows jump about."""
    y_ticks: list[tuple[float, str]]
    x_ticks: list[tuple[float, str]]
    first_loss: float
    last_loss: float


@dataclass(frozen=True, slots=True)
class Live:
    """A round as it stands this second."""

    steps: list[Step]
    stage: str
    done: int | None
    total: int | None
    left: str
    """How long this stage still takes, as "2 min 5 s"; empty where nobody can say."""
    waiting: int | None
    """Seconds that nobody has picked it up, once they are too many."""
    silent: int | None
    """Seconds since its worker was heard, once they are too many."""
    worker: str
    reason: str
    metrics: list[RoundMetric]
    newest: RoundMetric | None
    curve: Curve | None
    log: str


def live(round: Round) -> Live:
    progress = round.progress if round.is_active else {}
    metrics = thinned(round)
    last_event = round.events.order_by("-pk").first()
    return Live(
        steps=steps(round),
        stage=progress.get("stage", "") if round.heartbeat_at else "",
        done=progress.get("done"),
        total=progress.get("total") or None,
        left=duration(progress.get("eta_seconds")),
        waiting=_too_long(round.sent_at or round.created_at, PATIENCE) if _unclaimed(round) else None,
        silent=_too_long(round.heartbeat_at, SILENT) if round.is_active and round.heartbeat_at else None,
        worker=WORKER,
        reason=last_event.reason if last_event and not round.is_active else "",
        metrics=metrics,
        newest=metrics[-1] if metrics else None,
        curve=curve(metrics),
        log=log_tail(round),
    )


def thinned(round: Round) -> list[RoundMetric]:
    """At most about `POINTS` of the round's logged steps, evenly spread, and always the newest: a page that is asked
    for every second cannot carry ten thousand."""
    last = round.metrics.order_by("-step").first()
    if last is None:
        return []
    stride = math.ceil(last.step / POINTS)
    found: list[RoundMetric] = list(round.metrics.annotate(rest=Mod("step", stride)).filter(rest=0))
    return found if last in found else [*found, last]


def _unclaimed(round: Round) -> bool:
    return round.is_active and round.heartbeat_at is None


def _too_long(since: datetime, limit: float) -> int | None:
    seconds = (timezone.now() - since).total_seconds()
    return int(seconds) if seconds > limit else None


def steps(round: Round) -> list[Step]:
    """The four stations of a round, and at which it stands or stopped."""
    names = ["Queued", "Training", "Evaluating", "Verdict"]
    at = {State.QUEUED: 0, State.TRAINING: 1, State.EVALUATING: 2, State.PASSED: 4, State.REJECTED: 4}
    if round.state in at:
        now = at[State(round.state)]
        return [Step(name, "is-done" if i < now else "is-now" if i == now else "") for i, name in enumerate(names)]
    reached = round.events.exclude(old_state="").order_by("-pk").values_list("old_state", flat=True).first()
    stopped = at[State(reached or State.QUEUED)]
    return [Step(name, "is-done" if i < stopped else "is-bad" if i == stopped else "") for i, name in enumerate(names)]


def duration(seconds: Any) -> str:
    """Seconds as "8 s", "2 min 5 s" or "3 h 20 min"; nothing as nothing."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds < 0:
        return ""
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def log_folder(round: Round) -> Path:
    """Where the newest child of the round writes."""
    evaluation = round.folder / "evaluation"
    return evaluation if (evaluation / "log.txt").is_file() else round.folder


def log_tail(round: Round) -> str:
    return child.last_lines(log_folder(round) / "log.txt", LOG_LINES)


def curve(metrics: list[RoundMetric]) -> Curve | None:
    """The loss curve; None before the second number."""
    known = [(metric.step, metric.loss) for metric in metrics if metric.loss is not None]
    if len(known) < 2:
        return None
    (x0, x1), ys = (known[0][0], known[-1][0]), [loss for _, loss in known]
    y0, y1 = min(0.0, *ys), max(ys) or 1.0

    def x(step: float) -> float:
        return round_(LEFT + (WIDTH - LEFT) * (step - x0) / max(x1 - x0, 1))

    def y(loss: float) -> float:
        return round_(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (loss - y0) / (y1 - y0)))

    middle, half = y0 + (y1 - y0) / 2, (x0 + x1) // 2
    return Curve(
        points=" ".join(f"{x(step)},{y(loss)}" for step, loss in known),
        smooth=" ".join(
            f"{x(step)},{y(loss)}" for step, loss in zip(map(itemgetter(0), known), running(ys), strict=True)
        ),
        y_ticks=[(y(value), f"{value:.3g}") for value in (y0, middle, y1)],
        x_ticks=[(x(step), str(step)) for step in dict.fromkeys((x0, half, x1))],
        first_loss=known[0][1],
        last_loss=known[-1][1],
    )


def running(values: list[float], *, keep: float = 0.9) -> list[float]:
    """Exponential running mean; the start is not pulled towards zero (the correction of Kingma and Ba, 2015)."""
    mean, weight, means = 0.0, 0.0, []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        means.append(mean / weight)
    return means


def round_(value: float) -> float:
    """One digit is finer than a screen's pixel."""
    return float(f"{value:.1f}")
