"""Machine's verb: one step per active state of a round. Each may be repeated: it goes on from what it finds.

A step keeps the books while a child computes (rule 17), and ends by moving the round in the transaction that stores
what the step made: so a round's state tells exactly what exists.
"""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from studio import audit
from studio.models import Project
from training import child, tidy
from training.models import Comparison, Evaluation, ModelVersion, Promotion, Round, RoundMetric, Score, State
from training.promote import Stale, live_version, promote
from training.science import checkpoints, gate
from training.science.lines import Refused
from training.science.spec import EvaluationSpec, RoundSpec, Spec
from training.suites import Suite, UnknownSuite, suites_of

FLUSH_SECONDS = 0.3
"""How often progress is written down, and so how soon a cancel is noticed."""
MEASURED = ("loss", "learning_rate", "tokens_per_second", "memory_mb")
CANDIDATE, CURRENT = "candidate", "current"


class Books:
    """What a child says, written down a few times a second: metrics, progress, and with it the heartbeat.

    Ten thousand quick steps must not become ten thousand transactions, so metrics wait for the next heartbeat.
    """

    def __init__(self, round: Round, clock: Callable[[], float] = time.monotonic):
        self.round = round
        self.clock = clock
        self.progress: dict[str, Any] = {"stage": "starting"}
        self.metrics: list[RoundMetric] = []
        self.written = clock()
        self.origin: tuple[float, float] | None = None

    def note(self, message: child.Message | None) -> None:
        """Take in one message, or None for a quiet moment; RoundMovedOn when the round is no longer ours."""
        if message is not None and message["event"] == "stage":
            self._stage(message)
        elif message is not None and message["event"] == "progress":
            self._progress(message)
        if self.clock() - self.written >= FLUSH_SECONDS:
            self.flush()

    def _stage(self, message: child.Message) -> None:
        model = f" ({message['model']})" if message.get("model") else ""
        self.progress = {"stage": f"{message.get('name', '')}{model}"}
        self.origin = None
        self.flush()
        if message.get("message"):  # such as a damaged checkpoint that was passed over
            self.round.remark(str(message["message"]))
        if message.get("resumed_from"):
            self.round.remark(f"Training goes on from step {message['resumed_from']}.")

    def _progress(self, message: child.Message) -> None:
        done, total, now = number(message.get("done")) or 0, number(message.get("total")) or 0, self.clock()
        if self.origin is None:
            self.origin = (now, done)
        begun, first = self.origin
        speed = (done - first) / (now - begun) if now > begun else 0
        shown = {name: number(message.get(name)) for name in MEASURED}
        self.progress |= {"done": done, "total": total, **{k: v for k, v in shown.items() if v is not None}}
        self.progress["eta_seconds"] = round((total - done) / speed, 1) if speed > 0 else None
        if (step := number(message.get("step"))) is not None:
            self.progress["step"] = int(step)
            self.metrics.append(RoundMetric(round=self.round, step=int(step), **shown))

    def flush(self) -> None:
        if self.metrics:
            newest = {metric.step: metric for metric in self.metrics}  # one statement cannot update a row twice
            RoundMetric.objects.bulk_create(
                newest.values(), update_conflicts=True, unique_fields=["round", "step"], update_fields=MEASURED
            )
            self.metrics = []
        self.round.beat(self.progress)
        self.written = self.clock()


def number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def watch(round: Round, program: str, spec: Spec, folder: Path) -> None:
    """Run `program` to its end with the round's books open; the child ends with us, whatever happens."""
    books = Books(round)
    books.flush()
    try:
        with closing(child.run(program, spec, folder)) as messages:
            for message in messages:
                books.note(message)
    except child.TrainingFailed:
        books.flush()  # the last steps before the failure are those that people want to see
        raise
    books.flush()


def begin(round: Round) -> None:
    round.move(State.TRAINING, held=True)


def train(round: Round) -> None:
    """Train unless a finished adapter lies there already; then the candidate exists, and is evaluated."""
    if finished(round) is None:
        watch(round, "train", RoundSpec(**round.spec), round.folder)
    manifest = finished(round)
    if manifest is None:
        raise child.ChildCrashed("The training process said it was done, but left no finished adapter.")
    with transaction.atomic():
        last = ModelVersion.objects.filter(project=round.project).aggregate(last=Max("number"))["last"] or 0
        ModelVersion.objects.create(
            project=round.project,
            number=last + 1,
            base_model=round.spec["base_model"],
            round=round,
            adapter=str(adapter_folder(round).relative_to(settings.DATA_DIR)),
            digest=manifest["files"]["adapter_model.safetensors"],
        )
        round.move(State.EVALUATING, held=True)
    shutil.rmtree(round.folder / "checkpoints", ignore_errors=True)  # gigabytes that nobody needs any more


def adapter_folder(round: Round) -> Path:
    return round.folder / "adapter"


def finished(round: Round) -> dict[str, Any] | None:
    """The manifest of the round's adapter, None while there is none; a damaged one is the disk's fault, and said."""
    try:
        return checkpoints.finished(adapter_folder(round))
    except Refused as error:
        raise child.TrainingFailed(str(error)) from error


def evaluate(round: Round) -> None:
    """Measure candidate and live version on the project's suites, judge, and promote if the policy says so."""
    project = Project.objects.get(pk=round.project_id)  # limits and policy as they are now
    candidate, current = round.version, live_version(project)
    try:
        suites = suites_of(project)
        limits = gate.Limits.of(project.gate_limits)
    except (UnknownSuite, ValueError, TypeError) as error:
        raise child.TrainingFailed(str(error)) from error
    folder = round.folder / "evaluation"
    spec = evaluation_spec(candidate, current, suites, folder)
    results_path = folder / "results.json"
    if not (results_path.is_file() and same_spec(folder / "spec.json", spec)):
        results_path.unlink(missing_ok=True)  # of another comparison, beside which the new spec.json must not lie
        watch(round, "evaluate", spec, folder)
    results = json.loads(results_path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    verdict = gate.judge_results(measured(results), limits, candidate=CANDIDATE, current=CURRENT)
    with transaction.atomic():
        store(round, results, {CANDIDATE: candidate, CURRENT: current}, folder)
        rest(round, verdict, limits, current, {suite.name: suite.digest for suite in suites})
        if verdict.passed and project.auto_promote:
            follow_policy(round, candidate)
    tidy.drop_older_checkpoints(round)


def follow_policy(round: Round, candidate: ModelVersion) -> None:
    """Promote what passed, unless somebody chose what is live since the round was opened, or another version went live
    since it was measured: who did that knows more than this verdict. Then it waits for an admin, and says why."""
    Project.objects.select_for_update(no_key=True).get(pk=round.project_id)  # one after the other, as in `promote`
    by_hand = Promotion.objects.filter(project=round.project_id, created_at__gt=round.created_at)
    chosen = by_hand.exclude(actor=None).select_related("version", "actor").first()
    try:
        if chosen is None:
            promote(candidate, actor=None, reason="gate passed, project policy")
            return
        who = chosen.actor.display_name if chosen.actor else ""
        why = f"{who} made version {chosen.version.number} live after this round was opened"
    except Stale as error:
        why = str(error).split(":")[0]
    sentence = f"{why}, so version {candidate.number} does not go live by itself: an admin decides."
    round.remark(sentence)
    audit.record(None, "left to an admin", round, reason=sentence)


def measured(results: dict[str, Any]) -> dict[str, Any]:
    """The results without numbers that are none: what could not be measured has not passed, and the gate says so."""

    def scores(model: dict[str, Any]) -> dict[str, Any]:
        return model | {"scores": [score for score in model["scores"] if score["value"] is not None]}

    suites = [
        suite
        | {"models": {key: scores(model) for key, model in suite["models"].items()}}
        | {"comparisons": [change for change in suite["comparisons"] if change["delta"] is not None]}
        for suite in results["suites"]
    ]
    return {"suites": suites}


def rest(
    round: Round, verdict: gate.Verdict, limits: gate.Limits, against: ModelVersion, suites: dict[str, str]
) -> None:
    """Keep the verdict with everything it was based on, and move the round to where it rests."""
    round.gate = {**verdict.as_dict(), "limits": asdict(limits), "against": against.number, "suites": suites}
    Round.objects.filter(pk=round.pk).update(gate=round.gate)
    decisive = [reason.text for reason in verdict.reasons if reason.passed == verdict.passed]
    sentence = decisive[0] if decisive else ""
    round.move(State.PASSED if verdict.passed else State.REJECTED, reason=sentence, held=True)
    audit.record(None, "judged", round, reason=sentence, passed=verdict.passed)


def same_spec(path: Path, spec: EvaluationSpec) -> bool:
    """Whether an earlier delivery evaluated exactly this."""
    try:
        return EvaluationSpec.read(path) == spec
    except (OSError, ValueError, TypeError):
        return False


def evaluation_spec(
    candidate: ModelVersion, current: ModelVersion, suites: list[Suite], folder: Path
) -> EvaluationSpec:
    """What the child measures; what was measured of these versions before, on the same items, is only read again."""
    known = {}
    for key, version in ((CANDIDATE, candidate), (CURRENT, current)):
        for suite in suites:
            old = version.evaluations.filter(suite=suite.name, suite_digest=suite.digest).first()
            if old is not None and old.raw_path.is_file():
                known[f"{suite.name}/{key}"] = str(old.raw_path)
    return EvaluationSpec(
        models=[
            {"key": key, "base_model": version.base_model, "adapter": str(version.adapter_path or "")}
            for key, version in ((CANDIDATE, candidate), (CURRENT, current))
        ],
        suites=[str(suite.folder) for suite in suites],
        output_dir=str(folder),
        known_raw=known,
    )


def store(round: Round, results: dict[str, Any], versions: dict[str, ModelVersion], folder: Path) -> None:
    """Write the evaluations that are new, and the comparisons, as rows."""
    for suite in results["suites"]:
        for key, measured in suite["models"].items():
            evaluation, new = Evaluation.objects.get_or_create(
                version=versions[key],
                suite=suite["name"],
                suite_digest=suite["digest"],
                defaults={
                    "suite_version": suite["version"],
                    "raw": str((folder / Path(measured["raw"]).name).relative_to(settings.DATA_DIR)),
                    "seconds": measured["seconds"],
                },
            )
            if new:
                Score.objects.bulk_create(Score(evaluation=evaluation, **score) for score in measured["scores"])
        Comparison.objects.bulk_create(
            Comparison(round=round, against=versions[CURRENT], suite=suite["name"], **row)
            for row in suite["comparisons"]
        )


STEPS: dict[State, Callable[[Round], None]] = {
    State.QUEUED: begin,
    State.TRAINING: train,
    State.EVALUATING: evaluate,
}
