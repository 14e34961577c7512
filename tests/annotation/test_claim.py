"""Taking seats: who gets which, and that nobody ever gets one that is another's."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from annotation.claim import attempt, claim, forget_leavers, lease_end, release, renew, taking
from annotation.models import UNDO_WINDOW, Notice, Seat, Skip
from annotation.queue.shapes import Said
from annotation.submit import skip, submit
from benchmarks.crowd.world import fill
from studio.models import AuditEntry, Role
from tests.cast import Cast, join, make_item, make_user


def ids(seats) -> list[int]:
    return [seat.pk for seat in seats]


def items(seats) -> list[int]:
    return [seat.item_id for seat in seats]


def run_out(*seats: int) -> None:
    Seat.objects.filter(pk__in=seats).update(lease_ends_at=timezone.now() - timedelta(seconds=1))


def test_the_oldest_open_items_come_first_with_a_lease(cast):
    made = [cast.item().pk for _ in range(4)]
    seats = claim(cast.project, cast.ada, want=3)
    assert items(seats) == made[:3]
    left = seats[0].lease_ends_at - timezone.now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert {seat.holder for seat in Seat.objects.filter(pk__in=ids(seats))} == {cast.ada}


def test_the_same_person_gets_the_same_seats_back(cast):
    for _ in range(5):
        cast.item()
    before = ids(claim(cast.project, cast.ada, want=3))
    assert ids(claim(cast.project, cast.ada, want=3)) == before
    run_out(*before)
    assert ids(claim(cast.project, cast.ada, want=3)) == before


def test_what_the_page_still_shows_is_not_given_again(cast):
    for _ in range(5):
        cast.item()
    first, second, third = ids(claim(cast.project, cast.ada, want=3))
    assert not {first, second, third} & {*ids(claim(cast.project, cast.ada, want=1, holding=[first, second, third]))}
    assert ids(claim(cast.project, cast.ada, want=1, holding=[first, third])) == [second]


def test_two_people_never_get_the_same_seat(cast):
    for _ in range(4):
        cast.item()
    assert not {*ids(claim(cast.project, cast.ada, want=3))} & {*ids(claim(cast.project, cast.bo, want=3))}


def test_an_expired_lease_is_open_again(cast):
    cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    assert claim(cast.project, cast.bo, want=1) == []
    run_out(seat.pk)
    assert ids(claim(cast.project, cast.bo, want=1)) == [seat.pk]
    assert claim(cast.project, cast.ada, want=1) == []


def test_nobody_sits_twice_at_one_item(cast):
    item = cast.item(overlap=3)
    assert items(claim(cast.project, cast.ada, want=3)) == [item.pk]
    assert items(claim(cast.project, cast.bo, want=3)) == [item.pk]
    first = item.seats.first()
    assert claim(cast.project, cast.ada, want=3, holding=[first.pk]) == []
    with pytest.raises(IntegrityError):
        item.seats.filter(holder=None).update(holder=cast.ada, lease_ends_at=timezone.now())


def test_overlap_is_never_exceeded(cast):
    cast.item(overlap=2)
    people = [cast.ada, cast.bo, cast.iris, cast.max]
    assert sum(len(claim(cast.project, person, want=3)) for person in people) == 2


def test_a_skipped_item_is_not_offered_again_but_to_others(cast):
    item = cast.item()
    (seat,) = claim(cast.project, cast.ada, want=1)
    skip(cast.project, cast.ada, seat.pk, reason="too_hard")
    assert claim(cast.project, cast.ada, want=1) == []
    assert items(claim(cast.project, cast.bo, want=1)) == [item.pk]


def test_a_fast_reader_goes_ahead_and_comes_back_for_what_became_free_behind(cast):
    made = [cast.item(overlap=2).pk for _ in range(4)]
    behind = ids(claim(cast.project, cast.bo, want=1))
    for _ in range(3):
        (seat,) = claim(cast.project, cast.ada, want=1)
        submit(cast.project, cast.ada, seat.pk, Said("fine"), key=uuid.uuid4())
    Seat.objects.filter(item=made[0], status=Seat.Status.ANSWERED).update(holder=cast.iris)  # as if it were never hers
    release(cast.project, cast.bo, behind)
    assert items(claim(cast.project, cast.ada, want=3)) == [made[0], made[3]]


@pytest.mark.parametrize("status", [Seat.Status.ANSWERED, Seat.Status.RETIRED])
def test_closed_seats_are_not_given(cast, status):
    item = cast.item()
    item.seats.update(status=status, holder=cast.bo, lease_ends_at=timezone.now() - timedelta(days=1))
    assert claim(cast.project, cast.ada, want=1) == []


def test_other_projects_are_left_alone(cast):
    make_item(cast.other)
    assert claim(cast.project, cast.ada, want=3) == []


def test_a_sign_of_life_renews_only_what_is_ones_own(cast):
    for _ in range(3):
        cast.item()
    mine, late, lost = ids(claim(cast.project, cast.ada, want=3))
    run_out(late, lost)
    assert ids(claim(cast.project, cast.bo, want=1)) == [late]
    kept, until = renew(cast.project, cast.ada, [mine, late, lost])
    assert kept == [mine, lost]
    assert set(Seat.objects.filter(pk__in=kept).values_list("lease_ends_at", flat=True)) == {until}
    assert renew(cast.project, cast.ada, [late])[0] == []


def test_released_seats_are_open_at_once_and_others_seats_stay(cast):
    for _ in range(2):
        cast.item()
    (mine,), (theirs,) = claim(cast.project, cast.ada, want=1), claim(cast.project, cast.bo, want=1)
    assert release(cast.project, cast.ada, [mine.pk, theirs.pk]) == 1
    assert ids(claim(cast.project, cast.iris, want=3)) == [mine.pk]


def test_a_claim_is_one_update_and_one_query_for_the_page(cast, django_assert_num_queries):
    for _ in range(5):
        cast.item()
    with django_assert_num_queries(2 + 2 * connection.in_atomic_block):  # the test's own transaction adds a savepoint
        claim(cast.project, cast.ada, want=1)


def test_a_claim_walks_the_indexes_of_open_seats_whatever_was_read_before(cast):
    fill(cast.project.pk, [cast.topic.pk], 2000)
    now, read = timezone.now(), Seat.objects.order_by("pk")[:1000].values("pk")
    Seat.objects.filter(pk__in=list(read.values_list("pk", flat=True))).update(
        holder=cast.ada, lease_ends_at=now, status=Seat.Status.ANSWERED
    )
    sql, params = taking(cast.project, cast.ada, besides=[1, 2], until=lease_end(cast.project))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' * (connection.vendor == 'sqlite')}{sql}", params)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert plan.count("seat_open_in_order") == 2, plan
    assert "seat_answered_by" in plan
    if connection.vendor == "sqlite":  # in so small a table PostgreSQL sees no difference to the unique index
        assert "seat_open_by_holder" in plan
    for detour in ("SCAN annotation_seat", "Hash Join", "Merge Join", "JIT"):
        assert detour not in plan, plan


# ---------------------------------------------------------------- real threads, real transactions


def at_once(people, do) -> list:
    """Call ``do(person)`` for all of them in the same instant, each on a connection of its own."""
    start, results = threading.Barrier(len(people)), []

    def one(person):
        start.wait()
        try:
            results.append((person, do(person)))
        except Exception as error:
            results.append((person, error))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[person]) for person in people]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    errors = [result for _, result in results if isinstance(result, Exception)]
    assert not errors, errors
    return results


@pytest.fixture
def crowd(transactional_db) -> tuple[Cast, list]:
    cast = Cast()
    return cast, [join(make_user(f"reader-{n}"), cast.project, Role.ANNOTATOR) for n in range(16)]


@pytest.mark.parametrize("overlap", [1, 3])
def test_sixteen_at_once_on_few_items_never_share_a_seat(crowd, overlap):
    cast, people = crowd
    made = [cast.item(overlap=overlap) for _ in range(6)]
    results = at_once(people, lambda person: claim(cast.project, person, want=3))
    given = [seat.pk for _, seats in results for seat in seats]
    assert len(given) == len(set(given)) == Seat.objects.exclude(holder=None).count() == len(made) * overlap
    for person, seats in results:
        assert len({seat.item_id for seat in seats}) == len(seats)
        assert {seat.holder_id for seat in Seat.objects.filter(pk__in=ids(seats))} <= {person.pk}


def test_sixteen_at_once_on_expired_leases_never_share_a_seat(crowd):
    cast, people = crowd
    held = []
    for _ in range(4):
        cast.item()
        held += ids(claim(cast.project, cast.ada, want=1, holding=held))
    run_out(*held)
    results = at_once(people, lambda person: claim(cast.project, person, want=2))
    given = [seat.pk for _, seats in results for seat in seats]
    assert sorted(given) == sorted(held)


def test_an_answer_and_a_takeover_in_the_same_instant_have_one_winner(crowd):
    cast, _ = crowd
    for _ in range(8):
        cast.item()
        (seat,) = claim(cast.project, cast.ada, want=1)
        run_out(seat.pk)

        def act(person, seat=seat):
            from annotation.submit import SeatLost

            if person != cast.ada:
                return ids(claim(cast.project, person, want=1))
            try:
                return submit(cast.project, person, seat.pk, Said("fine"), key=uuid.uuid4())
            except SeatLost:
                return None

        results = dict(at_once([cast.ada, cast.bo], act))
        assert (results[cast.ada] is None) == (results[cast.bo] == [seat.pk])
        Seat.objects.filter(status=Seat.Status.OPEN).update(status=Seat.Status.RETIRED)


def test_one_person_in_sixteen_tabs_gets_what_was_asked_in_each_and_never_two_seats_at_one_item(crowd):
    """Tabs that ask in the same instant may each take new seats, before the others' are in this person's name: so
    they may hold more than one tab asked for, but each seat is one of theirs, and no tab gets the same item twice."""
    cast, _ = crowd
    for _ in range(40):
        cast.item(overlap=3)
    results = at_once([cast.ada] * 16, lambda person: claim(cast.project, person, want=2))
    mine = items(Seat.objects.held_by(cast.ada))
    assert len(mine) == len(set(mine))
    assert [len(set(items(seats))) for _, seats in results] == [2] * 16
    assert {item for _, seats in results for item in items(seats)} == set(mine)
    if connection.vendor == "sqlite":  # where nobody comes between two tabs: all were given the same
        assert len(mine) == 2


def test_a_refusal_inside_a_transaction_undoes_the_claim_only(cast):
    item = cast.item(overlap=2)
    claim(cast.project, cast.ada, want=1)
    other = item.seats.get(holder=None)
    with pytest.raises(IntegrityError):
        attempt("UPDATE annotation_seat SET holder_id = %s, lease_ends_at = %s WHERE id = %s RETURNING id",
                [cast.ada.pk, "2026-01-01 00:00:00", other.pk])  # fmt: skip
    assert Seat.objects.held_by(cast.ada).count() == 1


def test_what_was_kept_for_somebody_who_left_is_for_everybody(cast):
    cast.item()
    Seat.objects.update(reserved_for=cast.ada)
    assert (forget_leavers(cast.project), ids(claim(cast.project, cast.bo, want=1))) == (0, [])
    cast.ada.memberships.all().delete()
    assert forget_leavers(cast.project) == 1
    assert len(claim(cast.project, cast.bo, want=1)) == 1


def test_what_somebody_held_who_left_is_free_at_once(cast):
    cast.item()
    Seat.objects.update(reserved_for=cast.ada, holder=cast.ada, lease_ends_at=timezone.now() + timedelta(days=7))
    cast.ada.memberships.all().delete()
    assert forget_leavers(cast.project) == 1
    assert len(claim(cast.project, cast.bo, want=1)) == 1


@pytest.mark.parametrize("purpose", [Seat.Purpose.GOLD, Seat.Purpose.ONBOARDING])
def test_seats_at_known_answers_end_with_the_membership_of_their_one_person(cast, purpose):
    item = cast.item()
    until = timezone.now() + timedelta(minutes=5)
    theirs = {"reserved_for": cast.ada, "holder": cast.ada, "lease_ends_at": until, "purpose": purpose}
    Seat.objects.update(**theirs)
    assert forget_leavers(cast.project) == 0
    cast.ada.memberships.all().delete()
    assert forget_leavers(cast.project) == 1
    seat = item.seats.get()
    assert (seat.status, seat.holder, seat.lease_ends_at) == (Seat.Status.RETIRED, None, None)
    assert claim(cast.project, cast.bo, want=1) == []
    assert forget_leavers(cast.project) == 0


@pytest.mark.parametrize("why", ["opted out", "others are named", "passed on"])
def test_what_is_kept_for_somebody_who_never_gets_it_is_for_everybody(cast, why):
    item = cast.item()
    Seat.objects.update(reserved_for=cast.ada)
    if why == "opted out":
        cast.topic.opted_out.add(cast.ada.memberships.get())
    elif why == "others are named":
        cast.topic.readers.add(cast.bo.memberships.get())
    else:
        Skip.objects.create(item=item, user=cast.ada, reason=Skip.Reason.EXPERTISE)
        assert forget_leavers(cast.project) == 0  # they may still take it back
        Skip.objects.update(at=timezone.now() - UNDO_WINDOW)
    told = AuditEntry.objects.count()
    assert claim(cast.project, cast.ada, want=1) == []
    assert forget_leavers(cast.project) == 1
    assert items(claim(cast.project, cast.bo, want=1)) == [item.pk]
    assert AuditEntry.objects.count() == told
    assert not Notice.objects.exists()


def test_what_is_kept_for_a_reader_of_the_topic_stays_theirs_and_so_does_what_they_have_begun(cast):
    begun, kept = cast.item(), cast.item()
    Seat.objects.update(reserved_for=cast.ada)
    cast.topic.readers.add(cast.ada.memberships.get())
    cast.topic.opted_out.add(cast.bo.memberships.get())
    assert forget_leavers(cast.project) == 0
    Seat.objects.filter(item=begun).update(holder=cast.ada, lease_ends_at=timezone.now())
    cast.topic.opted_out.add(cast.ada.memberships.get())
    assert forget_leavers(cast.project) == 1
    assert Seat.objects.get(item=begun).reserved_for == cast.ada
    assert Seat.objects.get(item=kept).reserved_for is None


def test_known_answers_of_a_topic_somebody_left_stay_for_them_alone(cast):
    cast.item()
    Seat.objects.update(reserved_for=cast.ada, purpose=Seat.Purpose.GOLD)
    cast.topic.opted_out.add(cast.ada.memberships.get())
    assert forget_leavers(cast.project) == 0
    assert Seat.objects.get().reserved_for == cast.ada
