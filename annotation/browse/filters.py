"""The filters of the data browser: which of them leads to the items, and what the others ask of each. Only reads."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan
from django.utils import timezone

from annotation.browse import search, words
from annotation.browse.ways import Condition, Way, Ways, there_is, there_is_no
from annotation.models import Answer, Collection, Generation, Gold, Item, Seat, Span, Verdict
from studio.models import Project

OUT_OF_ORDER = timedelta(hours=1)
"""Ids are handed out in the order of time, but for what one transaction lasts: none lasts so long."""

Wanted = dict[str, Any]


def found(project: Project, wanted: Wanted) -> Ways:
    """The ways to the items that satisfy all of `wanted`, which is clean data of data_forms.FilterForm."""
    begin = leader(wanted)
    return Ways(lambda: made(project, wanted, begin), model=wanted["model"] if begin == "model" else "")


def made(project: Project, wanted: Wanted, begin: str) -> Iterator[Way]:
    facts = {lookup: wanted[name] for name, lookup in FACTS.items() if wanted.get(name) and name != begin}
    bounds = by_date(project, facts, wanted.get("since"), wanted.get("until"))
    bounds["gte"] = first = end_of(project, "pk")
    if reads_old(wanted):
        bounds["lte"] = newest_answered(project, first)
    asked = [name for name in CONDITIONS if wanted.get(name) and (name != begin or name in ALWAYS)]
    conditions = [CONDITIONS[name](wanted[name]) for name in asked]
    if begin != "answers" and (answers := answers_that(wanted)) is not None:
        conditions.append(lambda way: there_is(answers.filter(**way.there())))

    def narrow(way: Way) -> Way:
        return narrowed(project, way, facts, bounds, conditions)

    yield from words_lead(project, wanted, narrow) if begin == "q" else map(narrow, LEADERS[begin](project, wanted))


def words_lead(project: Project, wanted: Wanted, narrow: Callable[[Way], Way]) -> Iterator[Way]:
    """Where very many texts hold the words, what else is asked for leads, and the words are asked of each item."""
    looked_for, second = search.terms(wanted["q"]), leader({**wanted, "q": ""})
    yield narrow(words.near(looked_for))
    ways = words.by_index(looked_for)  # asked for when the first one was not enough
    if ways is not None:
        yield from map(narrow, ways)
    elif second in ("", "model"):  # a model's answers are in another order than what was found so far
        yield narrow(words.everywhere(looked_for))
    else:
        yield from made(project, wanted, second)


def narrowed(
    project: Project, way: Way, facts: dict[str, Any], bounds: dict[str, int], conditions: list[Condition]
) -> Way:
    """The same way, on which the other filters hold."""
    rows, within = way.rows, {f"{way.item}__{side}": bound for side, bound in bounds.items()}
    if way.ground is not None:
        way = replace(way, ground=way.ground.filter(project=project, **within))
    if way.item == "pk":
        rows = rows.filter(project=project, **facts)
    if way.key == way.item:
        rows = rows.filter(**within)
    else:
        facts = {**facts, **{f"pk__{side}": bound for side, bound in bounds.items()}}
    if way.item != "pk" and (facts or not way.knows_project):
        rows = rows.filter(there_is(Item.objects.filter(project=project, **way.itself(), **facts)))
    for condition in conditions:
        rows = rows.filter(condition(way))
    return replace(way, rows=rows)


# ---------------------------------------------------------------- which filter leads


def leader(wanted: Wanted) -> str:
    for name in ("collection", "gold", "q", "model"):  # of what was put together by hand there is little
        if wanted.get(name):
            return name
    if wanted.get("state") in ("unread", "reading", "replaced", "disputed"):
        return "state"
    if wanted.get("agreement") == "differ":  # few do, of many in a topic
        return "agreement"
    if wanted.get("topic"):
        return "topic"
    if any(wanted.get(name) for name in NARROW_ANSWERS):
        return "answers"
    return next((name for name in ("agreement", "state", "mode") if wanted.get(name)), "")


def reads_old(wanted: Wanted) -> bool:
    """Whether only items that somebody answered are asked for: what is newer than the newest of them is passed over."""
    of_answers = any(wanted.get(name) for name in (*NARROW_ANSWERS, "agreement"))
    return of_answers or wanted.get("state") in ("settled", "disputed")


def end_of(project: Project, order: str) -> int:
    """The id of a project's first or last item: beyond these, walks would pass over those of other projects."""
    return Item.objects.filter(project=project).order_by(order).values_list("pk", flat=True).first() or 0


def newest_answered(project: Project, first: int) -> int:
    ends = {"item__gte": first, "item__lte": end_of(project, "-pk")}
    answered = Answer.objects.order_by("-item_id").filter(
        there_is(Item.objects.filter(pk=OuterRef("item_id"), project=project)), **ends
    )
    return answered.values_list("item_id", flat=True).first() or 0


def by_state(project: Project, wanted: Wanted) -> list[Way]:
    """Seats lead to what is to be read or retired, verdicts to what is settled."""
    state, status = wanted["state"], Seat.Status
    if state == "settled":
        return [Way(Verdict.objects.all())]
    seats = Seat.objects.filter(project=project)
    if wanted.get("topic"):
        seats = seats.filter(topic=wanted["topic"])
    if state == "unread":
        found = [seats.open().filter(purpose=Seat.Purpose.WORK)]
    elif state == "reading":
        seats = seats.filter(purpose=Seat.Purpose.WORK)
        answered = Seat.objects.filter(item=OuterRef("item_id"), status=status.ANSWERED, purpose=Seat.Purpose.WORK)
        held = seats.filter(status=status.OPEN, holder__isnull=False, lease_ends_at__gt=timezone.now())
        begun = seats.filter(
            there_is(answered), status=status.OPEN, item_id__lte=newest_answered(project, end_of(project, "pk"))
        )
        found = [held, begun]
    elif state == "replaced":
        found = [seats.filter(status=status.RETIRED)]
    else:
        found = [seats.filter(status=status.ANSWERED, position__gt=0)]
    return [Way(rows, knows_project=True) for rows in found]


def by_agreement(project: Project, wanted: Wanted) -> list[Way]:
    if wanted["agreement"] == "single":
        return [Way(Answer.objects.standing().filter(seat__isnull=False))]
    second = Seat.objects.filter(project=project, status=Seat.Status.ANSWERED, position__gt=0)
    if wanted.get("topic"):
        second = second.filter(topic=wanted["topic"])
    return [Way(second, knows_project=True)]


def answers_lead(project: Project, wanted: Wanted) -> list[Way]:
    answers = answers_that(wanted)
    assert answers is not None  # that is why they lead
    return [Way(answers)]


def by_model(project: Project, wanted: Wanted) -> list[Way]:
    """Its answers lead to the items where they are the first, or the only one, and to the comparisons where they are
    the second; both in their order."""
    model = wanted["model"]
    its = Generation.objects.filter(model_name=model)
    item = Subquery(Item.objects.filter(generation=OuterRef("pk")).values("pk")[:1])
    # Named once, for each further mention of a relation to many in a filter would be a join of its own. The bound is
    # for a database that begins at the comparisons: of an old model, all newer ones are passed over at once.
    newest_of_it = its.order_by("-pk").values_list("pk", flat=True).first() or 0
    second = its.filter(compared_in__isnull=False, compared_in__other__lte=newest_of_it)
    of_pair = {"second_pk": "compared_in", "second_key": "compared_in__other", "against": "compared_in__generation"}
    second = second.annotate(**{name: F(path) for name, path in of_pair.items()})
    second = second.filter(there_is_no(its.filter(pk=OuterRef("against"))))  # else found as the first
    first = Way(its.annotate(item_pk=item), "item_pk", "pk")
    return [first, Way(second, "second_pk", "pk", twin="second_key")]


def of_model(name: str) -> Condition:
    its = Q(generation__model_name=name) | Q(other__model_name=name)
    return lambda way: there_is(Item.objects.filter(its, **way.itself()))


LEADERS: dict[str, Callable[[Project, Wanted], Iterable[Way]]] = {
    "collection": lambda project, wanted: [
        Way(Collection.items.through.objects.filter(collection=wanted["collection"]), knows_project=True)
    ],
    "gold": lambda project, wanted: [Way(Gold.objects.filter(is_active=True))],
    "model": by_model,
    "state": by_state,
    "topic": lambda project, wanted: [
        Way(Seat.objects.filter(project=project, topic=wanted["topic"], position=0), knows_project=True)
    ],
    "answers": answers_lead,
    "agreement": by_agreement,
    "mode": lambda project, wanted: [Way(Item.objects.filter(mode=wanted["mode"]), "pk", "pk")],
    "": lambda project, wanted: [Way(Item.objects.all(), "pk", "pk")],
}

# ---------------------------------------------------------------- conditions


def answers_that(wanted: Wanted) -> QuerySet[Answer] | None:
    """Answers of which all that is asked of answers is true at once: Ada's, and severe, and with a span."""
    answers, asked = Answer.objects.standing(), False
    for name, narrow in NARROW_ANSWERS.items():
        if wanted.get(name):
            answers, asked = narrow(answers, wanted[name]), True
    return answers if asked else None


LABELS = Answer.categories.through
NARROW_ANSWERS: dict[str, Callable[[Any, Any], Any]] = {
    "annotator": lambda answers, user: answers.filter(annotator=user),
    "outcome": lambda answers, outcome: answers.filter(outcome=outcome),
    "category": lambda answers, one: answers.filter(
        there_is(LABELS.objects.filter(answer=OuterRef("pk"), category=one))
    ),
    "severity": lambda answers, severity: answers.filter(severity=int(severity)),
    "rewrite": lambda answers, yes: answers.exclude(rewrite=""),
    "span": lambda answers, yes: answers.filter(there_is(Span.objects.filter(answer=OuterRef("pk")))),
}


def agreeing(which: str) -> Condition:
    """What the readers at work seats said: gold and onboarding seats ask about the reader, not about the item."""
    said = Answer.objects.standing().filter(seat__purpose=Seat.Purpose.WORK)

    def condition(way: Way) -> Q:
        here = said.filter(**way.there()).order_by().values("item")
        counted = here.annotate(readers=Count("pk"), low=Min("outcome"), high=Max("outcome"))
        if which == "differ":
            counted = counted.exclude(low=F("high"))
        elif which == "agree":
            counted = counted.filter(low=F("high"))
        readers = Coalesce(Subquery(counted.values("readers")), 0)
        if which == "single":
            return Q(Exact(readers, 1))
        if which == "differ":  # a verdict by agreement tells at a third of the cost that they do not
            agreed = Verdict.objects.filter(how=Verdict.How.AGREEMENT, **way.there())
            return there_is_no(agreed) & Q(GreaterThan(readers, 1))
        return Q(GreaterThan(readers, 1))

    return condition


def being(state: str) -> Condition:
    """What `items.state_of` says of an item, of whatever leads to it: by its verdict and its seats for work. Retired
    ones count for nothing where there are others: there may be some since fewer readers are wanted."""
    status = Seat.Status

    def condition(way: Way) -> Q:
        verdict = Verdict.objects.filter(**way.there())
        seats = Seat.objects.filter(purpose=Seat.Purpose.WORK, **way.there())
        is_open = seats.filter(status=status.OPEN)
        if state == "settled":
            return there_is(verdict)
        if state == "unread":
            return there_is_no(verdict) & there_is(is_open) & there_is_no(seats.touched())
        if state == "reading":
            return there_is_no(verdict) & there_is(is_open) & there_is(seats.touched())
        if state == "disputed":
            beyond = seats.filter(status=status.ANSWERED, position__gt=0)
            return there_is_no(verdict) & there_is_no(is_open) & there_is(beyond)
        return there_is_no(verdict) & there_is_no(seats.exclude(status=status.RETIRED))

    return condition


def by_date(project: Project, facts: dict[str, Any], since: date | None, until: date | None) -> dict[str, int]:
    """Add to `facts` from the beginning of one day to the end of another; the ids at both ends bound the walk."""
    all_items, bounds = Item.objects.filter(project=project), dict[str, int]()
    if since:
        facts["created_at__gte"] = start = midnight(since)
        before = all_items.filter(created_at__lt=start - OUT_OF_ORDER).order_by("-created_at")
        bounds["gt"] = before.values_list("pk", flat=True).first() or 0
    if until:
        facts["created_at__lt"] = end = midnight(until + timedelta(days=1))
        after = all_items.filter(created_at__gte=end + OUT_OF_ORDER).order_by("created_at")
        if (bound := after.values_list("pk", flat=True).first()) is not None:
            bounds["lt"] = bound
    return bounds


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


FACTS = {"mode": "mode", "topic": "prompt__topic"}
"""What an item is, by the column that says so."""

CONDITIONS: dict[str, Callable[[Any], Condition]] = {
    "q": lambda text: lambda way: there_is(words.all_texts(search.terms(text)).filter(**way.itself())),
    "model": of_model,
    "collection": lambda one: (
        lambda way: there_is(Collection.items.through.objects.filter(collection=one, **way.there()))
    ),
    "gold": lambda yes: lambda way: there_is(Gold.objects.filter(is_active=True, **way.there())),
    "no_onboarding": lambda yes: (
        lambda way: there_is_no(Seat.objects.filter(purpose=Seat.Purpose.ONBOARDING, **way.there()))
    ),
    "agreement": agreeing,
    "state": being,
}
ALWAYS = ("state", "agreement")
"""Filters whose leading rows are more than what is asked for: the condition is asked of them too."""
