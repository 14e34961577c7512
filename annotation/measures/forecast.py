"""Verb (machine): guess how severe readers would find what is to be read, so that whoever wishes is warned.

scikit-learn is imported when it is needed, in a worker: the web server never loads it.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from annotation.models import Answer, Gold, Item, Report, Seat, Verdict
from studio.models import Project

if TYPE_CHECKING:
    from annotation.science.severity import Known, Model

KIND = "severity"
ENOUGH = 50
"""Settled answers without which nothing is guessed."""

MOST_KNOWN = 5000
"""The newest settled answers are learned from, so many at most."""

MOST_UNREAD = 20_000
"""Of what waits, so many items are looked at, those that are read next."""

CHUNK = 500
AGAIN = timedelta(minutes=5)
"""How long a report stands before a new answer makes another."""


def newest(project: Project) -> Report | None:
    return Report.objects.filter(project=project, kind=KIND).first()


def due(project: Project) -> bool:
    """Whether there is something to learn from that was not there before, or something to guess that has no guess."""
    settled = judged(project)
    if settled[:ENOUGH].count() < ENOUGH:
        return False
    before = newest(project)
    if before is None:
        return True
    if before.data["written"] and None in read_next(project).values_list("predicted_severity", flat=True)[:CHUNK]:
        return True
    last = settled.aggregate(last=Max("answer"))["last"] or 0
    return last > before.last_answer and timezone.now() - before.at >= AGAIN


def run(project: Project) -> Report | None:
    """Learn, see how good that is, and write guesses for what is unread, or take them away where they are no good.

    Safe to run twice at once: both write the same. Returns the new report; the old one where no answer is new; None
    where there is too little to learn from.
    """
    from annotation.science import severity

    known = list(examples(project))
    if len(known) < ENOUGH or len({one.group for one in known}) < 2:
        return None
    last, before = judged(project).aggregate(last=Max("answer"))["last"], newest(project)
    if before is None or before.last_answer < last:
        errors = severity.cross_validate(known)
        numbers: dict[str, Any] = {"n": errors.n, "mae": errors.mae, "baseline": errors.baseline, "low": errors.low}
        before = Report.objects.create(
            project=project, kind=KIND, last_answer=last, data={**numbers, "written": errors.is_better}
        )
    if before.data["written"]:
        write(project, severity.Model(known))
    else:
        Item.objects.filter(project=project, predicted_severity__isnull=False).update(predicted_severity=None)
    return before


def judged(project: Project) -> Any:
    """Verdicts that say how severe an answer is."""
    words = (Answer.Outcome.FINE, Answer.Outcome.BIASED)
    return Verdict.objects.filter(item__project=project, item__mode=Item.Mode.REVIEW, answer__outcome__in=words)


def examples(project: Project) -> Iterator["Known"]:
    from annotation.science.severity import Known

    asked = judged(project).order_by("-answer")[:MOST_KNOWN]
    rows = asked.values_list("item__generation__text", "item__prompt__topic__name", "item__prompt", "answer__severity")
    for text, topic, prompt, said in rows:
        yield Known(text, topic or "", prompt, float(said or 0))


def read_next(project: Project) -> Any:
    """What somebody may get to read: items with an open seat of any purpose, and gold, which gets its seats as it is
    given. Without a guess, gold and second readings would be told from what is new."""
    waiting = Seat.objects.filter(project=project, status=Seat.Status.OPEN).values("item")
    gold = Gold.objects.filter(is_active=True, item__project=project).values("item")
    texts = Item.objects.exclude(mode=Item.Mode.DEMONSTRATE)
    return texts.filter(project=project, pk__in=waiting.order_by().union(gold.order_by())).order_by("pk")


def write(project: Project, model: "Model") -> int:
    """Guesses for what is read next, chunk by chunk; the number of items whose guess changed.

    Of two answers that are compared, the worse counts: both are shown.
    """
    facts = ("pk", "generation__text", "other__text", "prompt__topic__name", "predicted_severity")
    waiting, written = iter(list(read_next(project).values_list(*facts)[:MOST_UNREAD])), 0
    while chunk := list(islice(waiting, CHUNK)):
        topics = [topic or "" for _, _, _, topic, _ in chunk]
        guessed = model.predict([text for _, text, _, _, _ in chunk], topics)
        compared = [place for place, row in enumerate(chunk) if row[2] is not None]
        if compared:
            others = model.predict([chunk[place][2] for place in compared], [topics[place] for place in compared])
            for place, guess in zip(compared, others, strict=True):
                guessed[place] = max(guessed[place], guess)
        changed = [
            Item(pk=pk, predicted_severity=guess)
            for (pk, *_, before), guess in zip(chunk, guessed, strict=True)
            if before != guess
        ]
        written += Item.objects.bulk_update(changed, ["predicted_severity"], batch_size=CHUNK)
    return written
