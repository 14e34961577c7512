"""Who gets which items: readers of topics, those who opted out, seats that are kept, gold, and the onboarding."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.claim import claim, lease_end, release, taking
from annotation.models import Answer, Generation, Gold, Item, Seat, Skip, Topic
from annotation.person import mine
from annotation.queue import assignment, gold, onboarding
from annotation.queue.shapes import Said
from annotation.submit import skip, submit, undo
from annotation.values import topics
from benchmarks.crowd.world import fill
from studio.models import AuditEntry, Membership, Role, User
from tests.annotation.test_claim import at_once, crowd, ids, items  # noqa: F401 (crowd is a fixture)
from tests.cast import Cast, join, make_item, make_user, settle_item


def member(cast: Cast, user: User) -> Membership:
    return Membership.objects.get(project=cast.project, user=user)


def make_topic(cast: Cast, slug: str, *readers: User) -> Topic:
    topic = Topic.objects.create(project=cast.project, slug=slug, name=slug.title())
    topic.readers.set([member(cast, one) for one in readers])
    return topic


def make_gold(cast: Cast, outcome: str = "fine", *, topic: Topic | None = None) -> Item:
    item = cast.item(topic=topic or cast.topic)
    settle_item(item, outcome=outcome)
    gold.mark(item, actor=cast.iris, explanation="Because.")
    return item


def given(cast: Cast, user: User, want: int = 3) -> list[int]:
    return items(claim(cast.project, user, want=want))


def answer_next(cast: Cast, user: User, outcome: str = "fine") -> Answer | None:
    for seat in claim(cast.project, user, want=1):
        said = Said(outcome) if outcome != "biased" else Said("biased", (cast.category.pk,), 2, (), "Better.")
        return submit(cast.project, user, seat.pk, said, key=uuid.uuid4())
    return None


# ---------------------------------------------------------------- topics


def test_a_topic_with_readers_is_for_them_alone_and_one_without_is_for_all(cast: Cast) -> None:
    closed = make_topic(cast, "religion", cast.bo)
    hidden, seen = cast.item(topic=closed).pk, cast.item().pk
    assert given(cast, cast.ada) == [seen]
    assert given(cast, cast.bo) == [hidden]
    cast.item(topic=None)
    assert len(given(cast, cast.ada)) == 2


def test_who_reads_some_topics_gets_the_oldest_of_them_first(cast: Cast) -> None:
    mine, other, closed = make_topic(cast, "a", cast.ada), make_topic(cast, "b"), make_topic(cast, "c", cast.bo)
    made = [cast.item(topic=topic).pk for topic in (closed, other, mine, closed, other, mine)]
    assert given(cast, cast.ada) == [made[1], made[2], made[4]]


def test_items_without_a_topic_come_to_those_who_do_not_read_every_topic_too(cast: Cast) -> None:
    cast.item(topic=make_topic(cast, "religion", cast.bo))
    free = cast.item(topic=None)
    assert given(cast, cast.ada) == [free.pk]


def test_opting_out_gives_back_what_is_not_begun_and_brings_no_more_until_one_opts_in(cast: Cast) -> None:
    made = [cast.item().pk for _ in range(3)]
    seats = claim(cast.project, cast.ada, want=2)
    cast.ada.drafts.create(item_id=made[0], data={"comment": "begun"})
    assert topics.opt(cast.topic, cast.ada, out=True) == 1
    assert Seat.objects.get(pk=seats[1].pk).holder is None
    assert given(cast, cast.ada) == made[:1]  # what they have begun stays theirs
    assert given(cast, cast.bo) == made[1:]
    release(cast.project, cast.bo, list(Seat.objects.filter(holder=cast.bo).values_list("pk", flat=True)))
    topics.opt(cast.topic, cast.ada, out=False)
    assert given(cast, cast.ada) == made


def test_opting_out_gives_to_others_what_was_kept_for_one(cast: Cast) -> None:
    begun, held, kept = (cast.item().pk for _ in range(3))
    Seat.objects.update(reserved_for=cast.ada)
    claim(cast.project, cast.ada, want=2)
    cast.ada.drafts.create(item_id=begun, data={"comment": "begun"})
    make_gold(cast)
    known = gold.seat_at_one(cast.project, cast.ada, until=lease_end(cast.project))
    assert topics.opt(cast.topic, cast.ada, out=True) == 2
    assert Seat.objects.get(pk=known).status == Seat.Status.RETIRED
    assert given(cast, cast.ada) == [begun]
    assert given(cast, cast.bo) == [held, kept]


def test_no_book_says_who_opted_out(cast: Cast) -> None:
    topics.opt(cast.topic, cast.ada, out=True)
    assert not AuditEntry.objects.exists()
    with pytest.raises(Membership.DoesNotExist):
        topics.opt(cast.topic, cast.eve, out=True)


def test_only_members_of_the_project_can_be_named_as_readers(cast: Cast) -> None:
    topics.name_readers(cast.topic, Membership.objects.filter(user__in=[cast.bo, cast.eve]), actor=cast.iris)
    assert [one.user for one in cast.topic.readers.all()] == [cast.bo]
    assert AuditEntry.objects.get().data == {"before": [], "after": ["bo"]}
    topics.name_readers(cast.topic, cast.topic.readers.all(), actor=cast.iris)
    assert AuditEntry.objects.count() == 1


def test_who_does_not_read_every_topic_pays_two_statements_and_who_does_pays_none(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    make_topic(cast, "religion", cast.bo)
    for _ in range(3):
        cast.item()
    inside = 2 * connection.in_atomic_block  # the test's own transaction adds a savepoint to each statement that writes
    with django_assert_num_queries(2 + inside):
        assert claim(cast.project, cast.bo, want=1)
    with django_assert_num_queries(4 + 2 * inside):
        assert claim(cast.project, cast.ada, want=1)


def test_a_reader_of_one_topic_walks_its_own_index_however_much_else_is_open(cast: Cast) -> None:
    fill(cast.project.pk, [make_topic(cast, "other").pk], 2000)
    sql, params = taking(
        cast.project, cast.ada, besides=[1], until=lease_end(cast.project), of="topic", topic=cast.topic.pk
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' * (connection.vendor == 'sqlite')}{sql}", params)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert plan.count("seat_open_by_topic") >= 2, plan  # in so small a table also for what is kept for them
    for detour in ("SCAN annotation_seat", "Hash Join", "Merge Join", "JIT"):
        assert detour not in plan, plan


# ---------------------------------------------------------------- kept for somebody, and one's own words


def test_what_is_kept_for_somebody_comes_to_them_first_and_to_nobody_else(cast: Cast) -> None:
    made = [cast.item().pk for _ in range(3)]
    Seat.objects.filter(item=made[2]).update(reserved_for=cast.ada)
    assert given(cast, cast.bo) == made[:2]
    release(cast.project, cast.bo, list(Seat.objects.values_list("pk", flat=True)))
    assert given(cast, cast.ada, want=1) == [made[2]]


def test_a_lease_that_ran_out_on_a_kept_seat_lets_nobody_else_in(cast: Cast) -> None:
    item = cast.item()
    item.seats.update(reserved_for=cast.ada, holder=cast.ada, lease_ends_at=timezone.now())
    assert given(cast, cast.bo) == []
    assert given(cast, cast.ada) == [item.pk]


def test_nobody_judges_their_own_words(cast: Cast) -> None:
    item = cast.item()
    theirs = Generation.objects.create(prompt=item.prompt, model_name="ada", text="Mine.", author=cast.ada)
    compared = Item.objects.create(
        project=cast.project, mode="compare", prompt=item.prompt, generation=theirs,
        other=Generation.objects.create(prompt=item.prompt, model_name="m", text="Theirs."),
    )  # fmt: skip
    Seat.objects.create(project=cast.project, item=compared, position=0, topic=cast.topic)
    judged = Generation.objects.create(prompt=item.prompt, model_name="ada", text="Mine too.", author=cast.ada)
    second = Item.objects.create(
        project=cast.project, mode="compare", prompt=item.prompt, generation=compared.other and
        Generation.objects.create(prompt=item.prompt, model_name="m", text="Another."), other=judged,
    )  # fmt: skip
    Seat.objects.create(project=cast.project, item=second, position=0, topic=cast.topic)
    assert given(cast, cast.ada) == [item.pk]
    assert given(cast, cast.bo) == [compared.pk, second.pk]


# ---------------------------------------------------------------- gold


def test_only_a_settled_item_can_be_gold(cast: Cast) -> None:
    item = cast.item()
    with pytest.raises(gold.NotSettled):
        gold.mark(item, actor=cast.iris)
    settle_item(item)
    marked = gold.mark(item, actor=cast.iris, explanation="See the statement.")
    assert marked.answer == item.verdict.answer
    assert gold.unmark(marked, actor=cast.iris)
    assert not gold.unmark(marked, actor=cast.iris)
    assert gold.mark(item, actor=cast.max).pk == marked.pk
    assert [one.verb for one in AuditEntry.objects.order_by("pk")] == ["marked gold", "unmarked gold", "marked gold"]


def test_half_of_all_items_are_gold_where_the_project_says_fifty_per_cent(cast: Cast) -> None:
    cast.project.gold_percent = 50
    known = {make_gold(cast).pk for _ in range(3)}
    made = [cast.item().pk for _ in range(4)]
    got = [answer.item_id for _ in range(7) if (answer := answer_next(cast, cast.ada))]
    assert {*got[0:6:2]} == known  # each time before the item itself
    assert got[1::2] + got[6:] == made
    assert answer_next(cast, cast.ada) is None


def test_the_share_of_gold_is_what_the_project_says(cast: Cast) -> None:
    cast.project.gold_percent = 20
    hits = sum(gold.is_due(cast.project, cast.ada, seat) for seat in range(4000))
    assert 900 < hits < 1100  # one beside every four: twenty of a hundred
    assert [gold.is_due(cast.project, cast.ada, n) for n in range(99)] != [
        gold.is_due(cast.project, cast.bo, n) for n in range(99)
    ]


def test_a_reload_brings_the_same_items_and_no_more_gold(cast: Cast) -> None:
    cast.project.gold_percent = 50
    for _ in range(4):
        make_gold(cast)
        cast.item()
    first = ids(claim(cast.project, cast.ada, want=2))
    for _ in range(3):
        assert ids(claim(cast.project, cast.ada, want=2)) == first
    assert Seat.objects.filter(purpose="gold").count() == 1


def test_a_gold_item_looks_like_any_other(cast: Cast) -> None:
    from annotation.queue.payload import item as shown

    cast.project.gold_percent = 50
    make_gold(cast)
    cast.item()
    one, two = (shown(seat) for seat in claim(cast.project, cast.ada, want=2))
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} <= {"seat", "item", "lease_ends_at"}


def test_nobody_gets_a_gold_item_they_answered_skipped_decided_or_may_not_read(cast: Cast) -> None:
    cast.project.gold_percent = 50
    decided = cast.item()
    settle_item(decided, by=cast.ada)
    gold.mark(decided, actor=cast.iris)
    Skip.objects.create(item=make_gold(cast), user=cast.ada, reason="other")
    gold.unmark(Gold.objects.get(item=make_gold(cast)), actor=cast.iris)
    assert gold.unseen_by(cast.project, cast.ada) == []
    closed = make_gold(cast, topic=make_topic(cast, "religion", cast.bo))
    assert gold.unseen_by(cast.project, cast.ada) == []
    assert (closed.pk, closed.prompt.topic_id) in gold.unseen_by(cast.project, cast.bo)


def test_an_answer_to_gold_changes_no_verdict_nor_does_taking_it_back(cast: Cast) -> None:
    cast.project.gold_percent = 50
    item = make_gold(cast, "biased")
    cast.item()
    verdict = item.verdict
    answer = answer_next(cast, cast.ada, "fine")
    assert answer is not None
    assert (answer.item_id, answer.seat.purpose) == (item.pk, "gold")
    undo(cast.project, cast.ada, answer.key)
    item.refresh_from_db()
    assert (item.verdict, Gold.objects.get().answer) == (verdict, verdict.answer)
    assert not Item.objects.unread().filter(pk=item.pk).exists()


def test_gold_that_a_page_gave_back_stays_that_persons(cast: Cast) -> None:
    cast.project.gold_percent = 50
    item = make_gold(cast)
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    release(cast.project, cast.ada, [seat.pk])
    assert item.pk not in given(cast, cast.iris)
    release(cast.project, cast.iris, list(Seat.objects.values_list("pk", flat=True)))
    assert seat.pk in ids(claim(cast.project, cast.ada, want=3))
    assert not Item.objects.unread().filter(pk=item.pk).exists()


def test_who_opens_and_closes_the_page_again_and_again_gets_no_more_than_three(cast: Cast) -> None:
    cast.project.gold_percent = 50
    for _ in range(8):
        make_gold(cast)
        cast.item()
    for _ in range(6):
        release(cast.project, cast.ada, ids(claim(cast.project, cast.ada, want=3)))
    assert Seat.objects.filter(purpose="gold").count() == gold.MOST_OPEN


def test_gold_costs_two_statements_where_it_is_served_and_none_elsewhere(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    cast.project.gold_percent = 50
    make_gold(cast)
    for _ in range(3):
        cast.item()
    inside = 2 * connection.in_atomic_block  # the test's own transaction adds a savepoint to each statement that writes
    claim(cast.project, cast.bo, want=1)
    with django_assert_num_queries(4 + 2 * inside):
        claim(cast.project, cast.ada, want=1)
    with django_assert_num_queries(2 + inside):
        claim(cast.project, cast.ada, want=1)


# ---------------------------------------------------------------- real threads, real transactions


def test_sixteen_at_the_same_gold_items_sit_at_seats_of_their_own(crowd: Any) -> None:  # noqa: F811
    cast, people = crowd
    cast.project.gold_percent = 50
    made = [make_gold(cast) for _ in range(2)]
    for _ in range(20):
        cast.item()
    results = at_once(people, lambda person: claim(cast.project, person, want=2))
    assert all(len(seats) == 2 for _, seats in results)
    extra = Seat.objects.filter(item__in=made, purpose="gold")
    assert len({(seat.item_id, seat.position) for seat in extra}) == extra.count() >= 14
    assert all(seat.reserved_for_id == seat.holder_id for seat in extra)


def test_readers_of_different_topics_at_once_never_share_a_seat(crowd: Any) -> None:  # noqa: F811
    cast, people = crowd
    halves = make_topic(cast, "a", *people[:8]), make_topic(cast, "b", *people[8:])
    for n in range(24):
        cast.item(topic=halves[n % 2])
    results = at_once(people, lambda person: claim(cast.project, person, want=1))
    given = [seat.pk for _, seats in results for seat in seats]
    assert len(given) == len(set(given)) == 16
    for person, seats in results:
        allowed = halves[0] if person in people[:8] else halves[1]
        assert {Seat.objects.get(pk=seat.pk).topic_id for seat in seats} == {allowed.pk}


def test_a_stranger_gets_no_gold_of_another_project(cast: Cast) -> None:
    make_gold(cast)
    join(make_user("zoe"), cast.other, Role.ANNOTATOR)
    cast.other.gold_percent = 50
    item = make_item(cast.other)
    assert items(claim(cast.other, User.objects.get(username="zoe"), want=3)) == [item.pk]


def test_a_known_item_that_one_passes_on_ends_and_does_not_keep_others_from_coming(cast: Cast) -> None:
    for _ in range(gold.MOST_OPEN + 2):
        make_gold(cast)
    until = lease_end(cast.project)
    for _ in range(gold.MOST_OPEN + 1):
        seat = gold.seat_at_one(cast.project, cast.ada, until=until)
        assert seat is not None
        skip(cast.project, cast.ada, seat, reason="too_hard")
        assert Seat.objects.get(pk=seat).status == Seat.Status.RETIRED
    assert len(gold.unseen_by(cast.project, cast.ada)) == 1


def test_what_was_marked_gold_on_an_answer_that_is_gone_is_given_to_nobody_and_counts_for_nobody(cast: Cast) -> None:
    cast.project.gold_percent = 50
    cast.project.onboarding_items = 1
    item = make_gold(cast)
    seat = gold.seat_at_one(cast.project, cast.ada, until=lease_end(cast.project))
    submit(cast.project, cast.ada, seat or 0, Said("fine"), key=uuid.uuid4())
    assert onboarding.is_new(cast.project, cast.bo)
    Answer.objects.filter(pk=item.gold.answer_id).update(undone_at=timezone.now())
    assert gold.unseen_by(cast.project, cast.bo) == []
    assert not onboarding.is_new(cast.project, cast.bo)
    assert mine.known(cast.project, cast.ada) == {"n": 0, "right": 0}
    assert assignment.results(cast.project) == {}


def test_marking_waits_for_who_takes_the_answer_back(cast: Cast) -> None:
    item = cast.item()
    answer = answer_next(cast, cast.ada)
    assert answer is not None
    with CaptureQueriesContext(connection) as captured:
        gold.mark(item, actor=cast.iris)
    locked, verdict = ("annotation_item", "annotation_verdict")
    tables = [next((name for name in (verdict, locked) if f'FROM "{name}"' in one["sql"]), "") for one in captured]
    assert tables.index(locked) < tables.index(verdict)
