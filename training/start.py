"""Verbs: open a round on a frozen snapshot, after every check that costs no model; cancel it."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from studio import audit
from studio.models import Project, User
from training import tidy
from training.models import IllegalMove, Round, RoundEvent, RoundMovedOn, Snapshot, State
from training.science import dataset, loading
from training.science.gate import Limits
from training.science.lines import Refused
from training.science.spec import RoundSpec
from training.suites import UnknownSuite, suites_of
from training.tasks import run_round

HUB_ID = re.compile(r"(?![.-])[\w.-]{1,96}(/(?![.-])[\w.-]{1,96})?")
NOT_A_SETTING = {"snapshot", "snapshot_path", "base_model", "code_version", "threads"}
"""Fields of RoundSpec that the studio fills; a recipe names any of the others."""


class CannotOpen(Exception):
    """This snapshot, project or machine cannot start a round now; the text says what to mend."""


class AlreadyActive(CannotOpen):
    """The project has an active round."""


class BadRecipe(CannotOpen):
    """A training setting is wrong; `field` names it."""

    def __init__(self, field: str, rule: str):
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


class AlreadyOver(Exception):
    """The round came to rest before it could be cancelled."""


def open_round(
    snapshot: Snapshot,
    *,
    actor: User | None,
    reason: str = "",
    trigger: str = "",
    recipe: Mapping[str, Any] | None = None,
) -> Round:
    """Open a round of `snapshot`'s project on it, and send for a worker.

    `recipe` overrides the project's training settings for this round. Raises CannotOpen, with a sentence for people,
    when the round could only fail.
    """
    project = snapshot.project
    spec = make_spec(snapshot, recipe)
    check_machine(project, spec)
    check_rows(snapshot, spec)
    with transaction.atomic():
        # Two rounds opened at once: the second sees the first.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if (active := Round.objects.active().filter(project=project).first()) is not None:
            raise AlreadyActive(f"Round {active.number} is still {active.state}: cancel it, or wait until it is over.")
        last = Round.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
        round = Round.objects.create(
            project=project,
            number=last + 1,
            snapshot=snapshot,
            spec=spec.as_dict(),
            trigger=trigger or ("a person" if actor else "the studio"),
            created_by=actor,
            sent_at=timezone.now(),
        )
        RoundEvent.objects.create(round=round, new_state=State.QUEUED, actor=actor, reason=reason)
        audit.record(actor, "opened", round, reason=reason, snapshot=snapshot.digest, trigger=round.trigger)
        # `robust`: a broker that is away must not turn a round that exists into an error page; the reaper sends again.
        transaction.on_commit(lambda: run_round.delay(round.pk), robust=True)
    return round


def make_spec(snapshot: Snapshot, recipe: Mapping[str, Any] | None = None) -> RoundSpec:
    """The settings of a round on `snapshot`: defaults, then the project's recipe, then `recipe`; or raise BadRecipe."""
    chosen = {**snapshot.project.recipe, **(recipe or {})}
    defaults = {name: field.default for name, field in RoundSpec.__dataclass_fields__.items()}
    for name, value in chosen.items():
        if name not in defaults or name in NOT_A_SETTING:
            raise BadRecipe(name, "is not a training setting")
        if not _same_kind(value, defaults[name]):
            raise BadRecipe(name, f"must be a {_kind(defaults[name])}")
    try:
        return RoundSpec(
            snapshot=snapshot.digest,
            snapshot_path=str(snapshot.path),
            base_model=snapshot.project.base_model,
            code_version=code_version(),
            **chosen,
        )
    except ValueError as error:
        field, _, rule = str(error).partition(": ")
        raise BadRecipe(field, rule) from error


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and value == value
    return isinstance(value, type(default))


def _kind(default: Any) -> str:
    return {bool: "yes or no", int: "whole number", float: "number"}.get(type(default), "text")


def check_machine(project: Project, spec: RoundSpec) -> None:
    """Raise CannotOpen unless the suites, the gate's limits, the base model and the replay rows are there."""
    try:
        suites_of(project)
        Limits.of(project.gate_limits)
        check_base_model(project.base_model)
    except UnknownSuite as error:
        raise CannotOpen(str(error)) from error
    except (ValueError, TypeError) as error:
        raise CannotOpen(f"The project's gate limits cannot be used: {error}.") from error
    check_replay(spec.replay_path)


def check_replay(name: str) -> None:
    """Raise BadRecipe unless `name` is empty, or a file a recipe may name: not whatever lies on the machine."""
    path = (settings.BASE_DIR / name).resolve()
    allowed = path.suffix == ".jsonl" and any(path.is_relative_to(folder) for folder in settings.REPLAY_DIRS)
    if name and not (allowed and path.is_file()):
        raise BadRecipe(
            "replay_path", "must be a .jsonl file of the starter's demo, or below replay/ in the data folder"
        )


def check_base_model(name: str) -> None:
    """Raise CannotOpen unless `name` could be a model: a folder with safetensors weights, or a hub's id.

    The hub itself is asked in the child, where it may take its time.
    """
    if not Path(name).expanduser().is_dir() and HUB_ID.fullmatch(name):
        return
    if not name.strip():
        raise CannotOpen("The project has no base model: an admin chooses one in the settings.")
    try:
        loading.resolve(name if "/" in name else f"./{name}")  # with a slash it is never looked up on the hub
    except Refused as error:
        raise CannotOpen(str(error)) from error


def check_rows(snapshot: Snapshot, spec: RoundSpec) -> None:
    """Raise CannotOpen unless the snapshot's file is the one that was frozen, and every row can be trained on.

    TRL trains on an empty completion without a word, and resumes on other data without a word: both end here.
    """
    if not snapshot.rows:
        raise CannotOpen("The snapshot has no rows: settle some answers, then freeze again.")
    if not snapshot.demonstrations:
        raise CannotOpen("The snapshot has no demonstration: no row holds a rewrite to learn from.")
    try:
        dataset.check_snapshot(snapshot.path, snapshot.digest, use_accepted=spec.use_accepted)
    except Refused as error:
        raise CannotOpen(str(error)) from error


@cache
def code_version() -> str:
    """This code's version, and the commit it was checked out at if there is one: ``0.1.0+4fd1a2b3c4d5``."""
    about = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return f"{about['project']['version']}{_commit(settings.BASE_DIR / '.git')}"


def _commit(git: Path) -> str:
    try:
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        digest = (git / head.removeprefix("ref: ")).read_text(encoding="utf-8") if head.startswith("ref: ") else head
    except OSError:
        return ""  # installed from an archive, or the branch's name is packed
    return f"+{digest.strip()[:12]}"


def cancel_round(round: Round, *, actor: User, reason: str = "") -> None:
    """Move `round` to cancelled, wherever it stands; its worker notices within a second and ends the child."""
    for _ in range(5):  # a worker may move it between our look and our write
        try:
            with transaction.atomic():
                round.move(State.CANCELLED, actor=actor, reason=reason)
                audit.record(actor, "cancelled", round, reason=reason)
                # Where no worker is left to do it; a living one does it when its child has ended.
                transaction.on_commit(lambda: tidy.drop_checkpoints(round), robust=True)
            return
        except RoundMovedOn:
            round.refresh_from_db()
        except IllegalMove as error:
            raise AlreadyOver(f"Round {round.number} is over already: {round.state}.") from error
    raise AlreadyOver(f"Round {round.number} could not be cancelled; try again.")
