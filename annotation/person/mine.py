"""What a person sees of their own work. Only reads, only what is theirs, and compared with nobody by name."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from annotation.models import Answer, CheckIn, Gold, Item, Seat, Span, Topic, Verdict
from annotation.models.answer import AnswerQuerySet
from annotation.person import wellbeing
from annotation.queue import onboarding
from annotation.queue.payload import in_words, swapped
from annotation.science.diff import stretches
from annotation.settling import compare
from annotation.submit import why_final
from studio.models import Project, User

WEEKS = 8
LOOKED_AT = 2000
"""The newest answers are worked with, so many at most."""

LISTED = 1000
"""A list goes back so far: who looks further, filters."""

SAID: dict[str, tuple[str, tuple[str, ...]]] = {
    "fine": (Answer.Outcome.FINE.label, ("fine",)),
    "biased": (Answer.Outcome.BIASED.label, ("biased",)),
    "better": ("A or B is better", ("first", "second")),
    "tie": (Answer.Outcome.TIE.label, ("tie",)),
    "both_bad": (Answer.Outcome.BOTH_BAD.label, ("both_bad",)),
    "demonstrated": (Answer.Outcome.DEMONSTRATED.label, ("demonstrated",)),
    "cannot_judge": (Answer.Outcome.CANNOT_JUDGE.label, ("cannot_judge",)),
}
"""What one can look for, in the words of the buttons, and the outcomes that are meant. Which of two was the first is
nothing that a reader knows."""

TOO_FRESH = (
    "For half a minute after you gave it, you can take this answer back on the review screen (Undo). After that you "
    "can correct it here, as long as nothing was built on it."
)


def answers(project: Project, user: User) -> AnswerQuerySet:
    """This person's own answers at their seats, as they stand."""
    return Answer.objects.standing().filter(annotator=user, item__project=project, seat__isnull=False)


def listed(project: Project, user: User, wanted: dict[str, str]) -> QuerySet[Answer]:
    """Those of them that `wanted` describes ("q", "topic", "outcome", "mode"), the newest first."""
    found = answers(project, user)
    if text := wanted.get("q", "").strip():
        places = ("item__prompt__text", "item__generation__text", "item__other__text", "rewrite", "comment")
        somewhere = Q()
        for place in places:
            somewhere |= Q(**{f"{place}__icontains": text})
        found = found.filter(somewhere)
    for name, column in (("topic", "item__prompt__topic__slug"), ("mode", "item__mode")):
        if wanted.get(name):
            found = found.filter(**{column: wanted[name]})
    if said := wanted.get("outcome"):
        found = found.filter(outcome__in=SAID[said][1] if said in SAID else ())
    shown = found.select_related(
        "seat", "item__prompt__topic", "item__generation", "item__verdict__answer", "item__gold"
    )
    return shown.order_by("-created_at", "-pk")[:LISTED]


def with_words(found: Iterable[Answer]) -> None:
    """Give each its `said`, and what stands as `stands`, in the words of the screen on which it was given."""
    for given in found:
        verdict = getattr(given.item, "verdict", None)
        given.said = in_words(given, given.seat_id)  # type: ignore[attr-defined]
        given.stands = in_words(verdict.answer, given.seat_id) if verdict else ""  # type: ignore[attr-defined]


def page(project: Project, user: User) -> dict[str, Any]:
    """All of annotation/mine.html but the list."""
    new = onboarding.is_new(project, user)
    return {
        "pace": pace(project, user),
        "agreement": agreement(project, user),
        "gold": known(project, user),
        "onboarding": welcome(project, user) if new else None,
        "topics": topics(project, user),
        "check_in": CheckIn.objects.filter(project=project, user=user, week=wellbeing.this_week()).first(),
        "wellbeing": wellbeing.of_the_team(project),
        "outcomes": [(name, words) for name, (words, _) in SAID.items()],
        "modes": Item.Mode.choices,
    }


# ---------------------------------------------------------------- pace, agreement, known answers


def pace(project: Project, user: User) -> list[dict[str, Any]]:
    """Of each of the last WEEKS weeks in which this person worked: answers, and the median active time of one.

    Active time is what the page counted while it was looked at and used; idle time is not in it.
    """
    since = wellbeing.this_week() - timedelta(weeks=WEEKS - 1)
    given = answers(project, user).filter(created_at__date__gte=since, active_ms__isnull=False).order_by("-created_at")
    weeks: dict[date, list[int]] = defaultdict(list)
    for at, active in given.values_list("created_at", "active_ms")[:LOOKED_AT]:
        day = timezone.localdate(at)
        weeks[day - timedelta(days=day.weekday())].append(active or 0)
    return [
        {"week": week, "n": len(times), "seconds": median(times) / 1000, "minutes": sum(times) / 60_000}
        for week, times in sorted(weeks.items(), reverse=True)
    ]


def agreement(project: Project, user: User) -> dict[str, Any]:
    """On settled items that others read too: how many of this person's answers are what the others said.

    For each item, the share of the others who gave the same outcome; the mean over items. Not before an item is
    settled, so that nobody can tell from it what another said where one can still change one's mind.
    """
    work = Answer.objects.standing().filter(seat__purpose=Seat.Purpose.WORK)
    others = work.filter(item=OuterRef("item")).exclude(annotator=user)
    mine = answers(project, user).filter(seat__purpose=Seat.Purpose.WORK, item__verdict__isnull=False)
    mine = mine.filter(Exists(others)).order_by("-pk")
    said = dict(mine.values_list("item", "outcome")[:LOOKED_AT])
    shares, batch = [], list(said)
    for start in range(0, len(batch), 500):
        there = work.filter(item__in=batch[start : start + 500]).exclude(annotator=user)
        counts: dict[int, list[bool]] = defaultdict(list)
        for item, outcome in there.values_list("item", "outcome"):
            counts[item].append(outcome == said[item])
        shares += [sum(same) / len(same) for same in counts.values()]
    return {"n": len(shares), "share": sum(shares) / len(shares) if shares else None}


def known(project: Project, user: User) -> dict[str, Any]:
    """On items whose answer is known: how many this person answered, how many of them with the known outcome.

    Only what can no longer be taken back, and of what was taken back the first answer: nobody betters it by trying.
    """
    given = answers(project, user).exclude(seat__purpose=Seat.Purpose.WORK)
    given = given.filter(item__gold__isnull=False, item__gold__answer__undone_at=None)
    first: QuerySet[Any] = given.final().with_first_outcome()
    rows = first.values_list("first_outcome", "item__gold__answer__outcome").annotate(n=Count("pk")).order_by()
    n = sum(row[2] for row in rows)
    right = sum(row[2] for row in rows if row[0] == row[1])
    return {"n": n, "right": right}


def welcome(project: Project, user: User) -> onboarding.Standing | None:
    """How far the onboarding is; how it went is not told while one of its answers can be taken back."""
    now = onboarding.standing(project, user)
    there = answers(project, user).filter(seat__in=onboarding.seats_of(user, project))
    return None if now.is_over and there.exclude(pk__in=there.final()).exists() else now


def topics(project: Project, user: User) -> list[dict[str, Any]]:
    """The topics this person may read, and whether they opted out. A topic that is others' is not listed."""
    out = set(Topic.objects.filter(project=project, opted_out__user=user).values_list("pk", flat=True))
    named = Topic.readers.through.objects.filter(topic__project=project)
    readers: dict[int, set[int]] = defaultdict(set)
    for topic_id, reader in named.values_list("topic", "membership__user"):
        readers[topic_id].add(reader)
    mine = (one for one in Topic.objects.filter(project=project) if not readers[one.pk] or user.pk in readers[one.pk])
    return [{"topic": topic, "out": topic.pk in out} for topic in mine]


# ---------------------------------------------------------------- one answer


def with_all(project: Project, user: User) -> QuerySet[Answer]:
    """One's own answers, taken back or not, with everything `answer` reads."""
    spans = Prefetch("spans", Span.objects.select_related("category"))
    own = Answer.objects.filter(annotator=user, item__project=project, seat__isnull=False)
    return own.select_related(
        "seat", "guideline", "item__prompt__topic", "item__generation", "item__other", "replaced_by", "item__project"
    ).prefetch_related("categories", spans)


def answer(given: Answer) -> dict[str, Any]:
    """Context of annotation/mine_answer.html.

    Until an answer can no longer be taken back, and for one that was, the page is the same whether the item's answer
    was known before or not: what stands is told afterwards.
    """
    item = given.item
    assert given.seat is not None  # asked for by `with_all`
    is_told = given.undone_at is None and not can_be_taken_back(given)
    decided = Verdict.objects.filter(item=item).select_related("answer", "decided_by").first() if is_told else None
    is_known = is_told and given.seat.purpose != Seat.Purpose.WORK
    gold = Gold.objects.filter(item=item).select_related("answer").first() if is_known else None
    told = gold.answer if gold else decided.answer if decided else None
    return {
        "answer": given,
        "item": item,
        "outcome": in_words(given, given.seat_id),
        "seconds": round((given.active_ms or 0) / 1000),
        "texts": texts(item, given.seat_id),
        "marked": marked(given),
        "diff": compare.rewritten(item, given),
        "reasons": labels(item.project, given.reasons),
        "is_told": is_told,
        "verdict": None if is_known else decided,
        "gold": gold,
        "told_outcome": in_words(told, given.seat_id) if told else "",
        "told_diff": compare.rewritten(item, told) if told else [],
        "is_known": is_known,
        "stands": why_it_stands(given),
        "revisions": revisions(given),
    }


def can_be_taken_back(given: Answer) -> bool:
    """Whether the review screen's undo still takes this answer; a correction is corrected again instead."""
    return given.undone_at is None and given.is_fresh and given.replaces_id is None


def why_it_stands(given: Answer) -> str:
    """Why this answer cannot be corrected, as a sentence; empty where it can."""
    if given.undone_at is not None:
        return "This is not how you answered in the end: see the revisions."
    if can_be_taken_back(given):
        return TOO_FRESH
    if given.seat is not None and given.seat.purpose != Seat.Purpose.WORK:
        return "The answer to this item was known before, so yours stands as you gave it."
    return why_final(given.item)


def texts(item: Item, seat: int | None) -> list[tuple[str, str]]:
    """What is judged, each text with its caption, in the order in which it is shown at `seat`; never who wrote it."""
    if item.mode == Item.Mode.DEMONSTRATE:
        return []
    if item.mode == Item.Mode.REVIEW or item.other is None:
        return [("Answer", item.text)]
    both = [item.text, item.other.text]
    left, right = reversed(both) if seat is not None and swapped(seat) else both
    return [("A", left), ("B", right)]


def marked(given: Answer) -> list[dict[str, Any]]:
    """The model's answer in stretches, with what this person marked in it; empty where they marked nothing."""
    spans = list(given.spans.all())
    if not spans:
        return []
    return [
        {
            "text": piece.text,
            "marked": bool(piece.marks),
            "labels": sorted({str(spans[i].category) for i in piece.marks if spans[i].category}),
        }
        for piece in stretches(given.item.text, [(span.start, span.end) for span in spans])
    ]


def labels(project: Project, slugs: list[str]) -> list[str]:
    known = {reason["slug"]: reason["label"] for reason in project.rewrite_reasons}
    return [known.get(slug, slug) for slug in slugs]


def revisions(given: Answer) -> list[Answer]:
    """Every answer this person gave at the seat, the newest first: the present one, what it replaced, what they took
    back."""
    all_of_them = Answer.objects.filter(seat=given.seat_id, annotator=given.annotator_id)
    found = list(all_of_them.prefetch_related("categories").order_by("-created_at", "-pk"))
    for one in found:
        one.said = in_words(one, one.seat_id)  # type: ignore[attr-defined]
    return found
