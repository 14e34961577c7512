"""Verbs: settled items become a snapshot; a snapshot is handed over to a round."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.crypto import salted_hmac

from annotation import refill
from annotation.models import Answer, Span, Verdict
from studio.models import Membership, Project, User
from training import start, store_snapshot
from training.models import Round, Snapshot

CHUNK = 500
"""Verdicts read at a time: memory stays flat whatever the project's size."""

SEED_ANNOTATOR = "seed"
"""Who answered, where nobody did: rows that came settled with the project."""


class NothingToFreeze(Exception):
    """No item is settled as fine or biased, and past the time for undo."""


class QueueRunsDry(Exception):
    """A round now would keep the machine from the answers that reviewers wait for."""


def settled_for_good(project: Project) -> QuerySet[Verdict]:
    """Verdicts that say fine or biased and can no longer be taken back."""
    says_something = (Answer.Outcome.FINE, Answer.Outcome.BIASED)
    return Verdict.objects.final().filter(item__project=project, answer__outcome__in=says_something)


def freeze(project: Project, *, actor: User | None) -> Snapshot:
    """The settled items of `project`, copied by value; the same items again give the same snapshot."""
    try:
        return store_snapshot.store(project, rows(project), actor=actor)
    except store_snapshot.NoRows as error:
        raise NothingToFreeze(str(error)) from error


def hand_over(project: Project, *, actor: User | None, trigger: str = "") -> Round:
    """Freeze, and open a round on the result: what a policy does.

    One machine generates and trains, so a round that starts on an empty queue would starve the reviewers.
    """
    if refill.runs_dry(project):
        raise QueueRunsDry("No unread answer is left, and new ones are being written: the round waits for them.")
    return start.open_round(freeze(project, actor=actor), actor=actor, trigger=trigger)


def rows(project: Project) -> Iterator[dict[str, Any]]:
    """Canonical rows, sorted by uuid: the order on disk depends on the data alone."""
    verdicts = (
        settled_for_good(project)
        .select_related("item__generation__prompt__topic", "answer__guideline__topic")
        .prefetch_related(
            "answer__categories", Prefetch("answer__spans", queryset=Span.objects.select_related("category"))
        )
        .order_by("item__uuid")
    )
    name = pseudonyms(project)
    for verdict in verdicts.iterator(chunk_size=CHUNK):
        yield _row(verdict, name(verdict.answer.annotator_id))


def pseudonyms(project: Project) -> Any:
    """A function from a person's id to the name under which exports know them in `project`.

    A person who left, or a superuser who never joined, keeps one stable name made from the studio's secret.
    """
    members = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))

    @lru_cache(maxsize=1024)
    def name(user_id: int | None) -> str:
        if user_id is None:
            return SEED_ANNOTATOR
        return members.get(user_id) or f"p-{salted_hmac('pseudonym', f'{project.pk}/{user_id}').hexdigest()[:10]}"

    return name


def _row(verdict: Verdict, annotator: str) -> dict[str, Any]:
    answer, generation = verdict.answer, verdict.item.generation
    prompt, guideline = generation.prompt, answer.guideline
    return {
        "uuid": str(verdict.item.uuid),
        "prompt": prompt.text,
        "messages": prompt.messages,
        "completion": generation.text,
        "verdict": answer.outcome,
        "rewrite": answer.rewrite or None,
        "categories": sorted(category.slug for category in answer.categories.all()),
        "severity": answer.severity,
        "spans": [
            {"start": span.start, "end": span.end, "category": span.category.slug if span.category else None}
            for span in answer.spans.all()
        ],
        "topic": prompt.topic.slug if prompt.topic else None,
        "split": prompt.split,
        "annotator": annotator,
        "guideline": {"topic": guideline.topic.slug, "version": guideline.version} if guideline else None,
        "model": generation.model_name,
        "settled": verdict.how,
        "comment": answer.comment,
    }
