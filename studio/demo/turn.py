"""Verb: turn the wheel once, with real workers and a private Redis but no browser, and print what changed."""

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connections

from annotation.models import Refill
from annotation.refill import unread_of
from studio.demo import bars, world
from studio.launch import prepare, run
from studio.launch.console import Console
from studio.models import Project
from training.models import Promotion, Round, State

STAGES = ("product overhead", "generation", "training", "evaluation")
ROUND_OPENS_WITHIN = 120.0
"""Seconds; the policy asks every second, and may have to wait for a first batch of answers."""


@dataclass
class Wheel:
    """What is seen of the turning: news is printed once, seconds are counted for the stage that had the machine."""

    project: Project
    out: Console
    begun: float
    give_up_at: float
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    seen: set[str] = field(default_factory=set)
    looked_at: float = field(default_factory=time.monotonic)
    looking_since: float = field(default_factory=time.monotonic)

    @property
    def round(self) -> Round | None:
        return Round.objects.filter(project=self.project).order_by("pk").first()

    def tell(self, news: str) -> None:
        """Print `news` once."""
        if news not in self.seen:
            self.seen.add(news)
            self.out.plain(f"{time.time() - self.begun:7.1f} s  {news}")

    def turned(self) -> bool:
        """Look: is the round judged and the queue full again, or is there nothing to wait for?"""
        now = time.monotonic()
        round, refill = self.round, Refill.objects.filter(project=self.project, state=Refill.State.WRITING).first()
        self.seconds[self.stage(round, refill)] += now - self.looked_at
        self.looked_at = now
        if refill is not None:
            self.tell(f"{refill.version} writes {len(refill.asked)} answers for the queue")
        if round is None:
            return now > min(self.give_up_at, self.looking_since + ROUND_OPENS_WITHIN)
        self.tell(f"round {round.number} is {round.state}")
        if round.is_active:
            return now > self.give_up_at
        return round.state != State.PASSED or self.full() or now > self.give_up_at

    def stage(self, round: Round | None, refill: Refill | None) -> str:
        if round is not None and round.state == State.TRAINING:
            return "training"
        if round is not None and round.state == State.EVALUATING:
            return "evaluation"
        return "generation" if refill is not None else "product overhead"

    def full(self) -> bool:
        """Whether the queue holds the new model's answers."""
        live = Promotion.objects.filter(project=self.project).order_by("-pk").first()
        if live is None or live.version.number == 0:
            return False
        waiting = unread_of(self.project, live.version).count()
        if waiting:
            self.tell(f"{waiting} answers of {live.version} wait to be read")
        return waiting * 4 >= self.project.stock * 3


def turn(begun: float, *, control: bool = False, patience: float = 900.0) -> bool:
    """Make the demo world in the data folder, turn the wheel once, print table and bars; whether all of them hold.

    `begun` is the time.time() from which the seconds count; after `patience` seconds what there is is judged.
    """
    prepare.tables()
    made = world.make(control=control)
    wheel = Wheel(made.project, Console(), begun, time.monotonic() + patience)
    wheel.seconds["product overhead"] = time.time() - begun
    arm = "80 neutral demonstrations, the control arm" if control else "its demonstrations"
    wheel.tell(f"demo project made: {made.project.prompts.count()} prompts, {arm}")
    connections.close_all()
    log_path = Path(settings.DATA_DIR) / "studio.log"
    with log_path.open("w", encoding="utf-8") as log:
        finished = run.headless(Console(log), wheel.turned)
    stopping = time.monotonic() - wheel.looked_at
    wheel.seconds["product overhead"] += stopping
    wheel.tell("everything is stopped")
    if not finished:
        raise KeyboardInterrupt
    return report(wheel, time.time() - begun, log_path, control=control)


def report(wheel: Wheel, total: float, log_path: Path, *, control: bool) -> bool:
    """Print what came of it; whether every promise holds."""
    out, round = wheel.out, wheel.round
    if round is None or round.state not in (State.PASSED, State.REJECTED):
        explain(out, round, log_path)
        return False
    versions = {version.number: version for version in wheel.project.versions.all()}
    before, after = bars.scores_of(versions[0]), bars.scores_of(round.version)
    out.plain(f"\nBefore (v0, the starter model) and after round {round.number} ({round.version}), 95 % intervals\n")
    out.plain("\n".join(bars.table(before, after)))
    out.plain("\nSeconds\n" + "\n".join(f"{stage:<22} {wheel.seconds[stage]:7.1f}" for stage in STAGES))
    out.plain(f"{'total':<22} {total:7.1f}")
    out.plain("\nThe gate: " + ("passed" if round.state == State.PASSED else "rejected"))
    for reason in round.gate.get("reasons", []):
        out.plain(f"  {'+' if reason['passed'] else '-'} {reason['text']}")
    promoted = Promotion.objects.filter(version=round.version, against_gate=False).exists()
    held = (
        [*bars.of_control(round.comparisons.all())]
        if control
        else [*bars.of_round(before, after), *of_time(wheel, total)]
    )
    if control:
        held.append(bars.Bar("promoted", "yes" if promoted else "no", "no", not promoted))
    else:
        demonstrations = round.snapshot.demonstrations
        held.append(bars.Bar("demonstrations", str(demonstrations), "at most 80", demonstrations <= 80))
        held.append(bars.Bar("promoted by the gate", "yes" if promoted else "no", "yes", promoted))
    out.plain(f"\n{'bar':<48} {'measured':<16} {'required':<22}")
    out.plain("\n".join(map(str, held)))
    return all(bar.ok for bar in held)


def of_time(wheel: Wheel, total: float) -> list[bars.Bar]:
    """The promises about time; the installation is not in them."""
    measured = (
        ("training", wheel.seconds["training"], bars.TRAINING_SECONDS),
        ("product overhead", wheel.seconds["product overhead"], bars.OVERHEAD_SECONDS),
        ("total without the installation", total, bars.TOTAL_SECONDS),
    )
    return [
        bars.Bar(f"seconds, {name}", f"{s:.1f} s", f"at most {most:.0f} s", s <= most) for name, s, most in measured
    ]


def explain(out: Console, round: Round | None, log_path: Path) -> None:
    """Say why there is nothing to show, with the ends of the logs."""
    if round is None:
        out.plain("\nNo round was opened; the log says why.")
    else:
        newest = round.events.order_by("-pk").first()
        out.plain(f"\nRound {round.number} is {round.state}: {newest.reason if newest else ''}")
    failed = Refill.objects.filter(state=Refill.State.FAILED).order_by("-pk").first()
    if failed is not None:
        out.plain(f"Answers for the queue could not be written: {failed.error}")
    for path in filter(Path.is_file, [*([round.folder / "log.txt"] if round else []), log_path]):
        with path.open(encoding="utf-8", errors="replace") as file:
            out.plain(f"\nThe end of {path.name}:\n" + "".join(f"    {line}" for line in deque(file, 25)))
