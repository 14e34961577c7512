"""The queue as a state machine: whatever people do, in whatever order, the books stay right.

What four people and a curator do at a dozen items: topics (one closed to some, one with two readers), gold, seats kept
for somebody, corrections, answers sent back, decisions, many items at once and its undo. After every one of them the
rules below hold. An example is a transaction that is rolled back, so this is one process after another; who wins when
two come in the same moment is for benchmarks.queue.
"""

import uuid
from collections import Counter, defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from annotation import claim, settle, submit
from annotation.browse import filters, ways
from annotation.browse import items as states
from annotation.browse.bulk import bulk_actions
from annotation.models import Answer, BulkAction, Item, Seat, Skip, Topic, Verdict
from annotation.queue import gold, overlap
from annotation.queue.correct import CorrectionRefused, correct
from annotation.queue.shapes import Said
from annotation.settling import thread
from annotation.submit import KeyTaken, SeatLost, UndoRefused
from annotation.values import topics
from tests.cast import Cast, join, make_item, make_user, settle_item

PEOPLE = st.integers(0, 3)
OUTCOMES = st.sampled_from(["fine", "fine", "biased"])
WORK = Seat.Purpose.WORK


class Queue(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.inside = transaction.atomic()
        self.inside.__enter__()
        self.acknowledged: dict[uuid.UUID, tuple[int, int, str]] = {}
        """Key of each answer that stands, as far as its person was told: who, where, what."""
        self.decided: dict[int, int] = {}
        """Answer that a curator chose, by item, where that stands."""
        self.items: list[int] = []
        self.by_hand: set[int] = set()
        self.actions: list[BulkAction] = []
        self.given: list[tuple[int, int]] = []
        """(person, seat) in the order they were given."""

    def teardown(self) -> None:
        try:
            if self.items:
                self.every_item_is_in_exactly_one_list()
        finally:
            transaction.set_rollback(True)
            self.inside.__exit__(None, None, None)

    def every_item_is_in_exactly_one_list(self) -> None:
        """Asked at the end of each example, and after what curators did to many: it takes long."""
        found = [ways.ids(filters.found(self.project, {"state": state}), 100) for state in states.STATES]
        listed = Counter(pk for pks in found for pk in {*pks})
        assert {*self.items} <= {*listed}
        assert {*listed.values()} <= {1}

    @initialize(percent=st.sampled_from([0, 50]))
    def world(self, percent: int) -> None:
        cast = Cast(gold_percent=percent)
        self.cast, self.project = cast, cast.project
        self.people = [cast.ada, cast.bo, *(join(make_user(name), cast.project, "annotator") for name in ("cy", "di"))]
        self.topics = [
            cast.topic,
            *(Topic.objects.create(project=cast.project, slug=s, name=s) for s in ("two", "few")),
        ]
        Topic.objects.filter(slug="two").update(overlap=2)
        for number in range(12):
            topic = self.topics[number % 3]
            item = make_item(
                self.project, topic=topic, overlap=1 + (topic.slug == "two"), text=f"They are all {number}."
            )
            item.seats.update(topic=topic)
            self.items.append(item.pk)
        for number in range(2):
            known = make_item(self.project, topic=cast.topic, text=f"Known {number}.")
            settle_item(known, outcome="fine", by=cast.iris)
            gold.mark(known, actor=cast.iris)
        kept = Seat.objects.filter(item__generation__text="They are all 3.").first()
        Seat.objects.filter(pk=kept.pk).update(reserved_for=self.people[2])
        self.known = dict(Verdict.objects.values_list("item", "answer"))
        self.by_hand = {*Verdict.objects.filter(how="adjudication").values_list("item", flat=True)}

    # ------------------------------------------------------------ what people do

    @rule(person=PEOPLE, want=st.integers(1, 3))
    def claims(self, person: int, want: int) -> None:
        who = self.people[person]
        mine = {*Seat.objects.held_by(who).values_list("pk", flat=True)}
        closed = {*topics.closed_to(who, self.project).values_list("pk", flat=True)}
        given = [seat.pk for seat in claim.claim(self.project, who, want=want)]
        assert len({*given}) == len(given) <= want
        for seat in Seat.objects.filter(pk__in=given).select_related("item__prompt"):
            assert (seat.holder, seat.status) == (who, "open")
            assert seat.lease_ends_at > timezone.now()
            if seat.pk not in mine:
                assert seat.item.prompt.topic_id not in closed
                assert not Skip.objects.filter(item=seat.item, user=who).exists()
                assert not Answer.objects.standing().filter(item=seat.item, annotator=who).exists()
        self.given += [(person, seat) for seat in given]

    @precondition(lambda self: self.given)
    @rule(which=st.integers(0, 10**6), person=PEOPLE, outcome=OUTCOMES, is_own=st.booleans())
    def answers(self, which: int, person: int, outcome: str, is_own: bool) -> None:
        """Mostly the person the seat was given to; now and then somebody who has no business there."""
        owner, seat = self.given[which % len(self.given)]
        self.say(owner if is_own else person, seat, outcome, uuid.uuid4())

    def say(self, person: int, seat: int, outcome: str, key: uuid.UUID) -> None:
        held = Seat.objects.held_by(self.people[person]).filter(pk=seat).exists()
        said = self.said(outcome, "People differ.", severity=2)
        try:
            answer = submit.submit(self.project, self.people[person], seat, said, key=key)
        except SeatLost:
            assert not held
            return
        assert held
        self.acknowledged[answer.key] = (person, seat, outcome)

    def said(self, outcome: str, rewrite: str, *, severity: int) -> Said:
        if outcome == "fine":
            return Said(outcome=outcome)
        return Said(outcome=outcome, rewrite=rewrite, categories=(self.cast.category.pk,), severity=severity)

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 10**6))
    def sends_again(self, which: int) -> None:
        key = [*self.acknowledged][which % len(self.acknowledged)]
        person, seat, outcome = self.acknowledged[key]
        answer = submit.submit(self.project, self.people[person], seat, Said(outcome=outcome), key=key)
        assert answer.key == key

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 10**6), person=PEOPLE)
    def sends_with_anothers_key(self, which: int, person: int) -> None:
        key = [*self.acknowledged][which % len(self.acknowledged)]
        owner, seat, _ = self.acknowledged[key]
        if owner == person:
            return
        try:
            submit.submit(self.project, self.people[person], seat, Said(outcome="fine"), key=key)
        except (KeyTaken, SeatLost):
            return
        raise AssertionError("somebody answered in another's name")

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 10**6))
    def takes_back(self, which: int) -> None:
        key = [*self.acknowledged][which % len(self.acknowledged)]
        person, seat, _ = self.acknowledged[key]
        try:
            assert submit.undo(self.project, self.people[person], key) == seat
        except UndoRefused:
            return
        del self.acknowledged[key]

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 10**6), outcome=OUTCOMES)
    def corrects(self, which: int, outcome: str) -> None:
        key, new = [*self.acknowledged][which % len(self.acknowledged)], uuid.uuid4()
        person, seat, _ = self.acknowledged[key]
        said = self.said(outcome, "People differ, all of them.", severity=1)
        try:
            answer = correct(self.project, self.people[person], key, said, new_key=new)
        except CorrectionRefused:
            return
        del self.acknowledged[key]
        self.acknowledged[answer.key] = (person, seat, outcome)

    @precondition(lambda self: self.given)
    @rule(which=st.integers(0, 10**6))
    def passes_on(self, which: int) -> None:
        person, seat = self.given[which % len(self.given)]
        held = Seat.objects.held_by(self.people[person]).filter(pk=seat).exists()
        item = Seat.objects.get(pk=seat).item_id
        before = Skip.objects.filter(item=item, user=self.people[person]).exists()
        try:
            submit.skip(self.project, self.people[person], seat, reason="other")
        except SeatLost:
            assert not held
        else:
            assert held or before

    @precondition(lambda self: self.given)
    @rule(which=st.integers(0, 10**6))
    def gives_back(self, which: int) -> None:
        person, seat = self.given[which % len(self.given)]
        claim.release(self.project, self.people[person], [seat])

    @rule(person=PEOPLE, which=st.integers(0, 2), out=st.booleans())
    def opts(self, person: int, which: int, out: bool) -> None:
        topics.opt(self.topics[which], self.people[person], out=out)

    # ------------------------------------------------------------ what time and curators do

    @rule(person=PEOPLE)
    def leases_run_out(self, person: int) -> None:
        Seat.objects.held_by(self.people[person]).update(lease_ends_at=timezone.now() - timedelta(seconds=1))

    @rule()
    def the_time_for_undo_passes(self) -> None:
        Answer.objects.update(created_at=F("created_at") - timedelta(minutes=1))

    @rule(wanted=st.integers(1, 3))
    def another_overlap(self, wanted: int) -> None:
        topic = self.topics[1]
        overlap.change_topic(Topic.objects.get(pk=topic.pk), wanted, actor=self.cast.iris)
        overlap.apply(self.project, topic)

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 10**6))
    def sends_back(self, which: int) -> None:
        key = [*self.acknowledged][which % len(self.acknowledged)]
        answer = Answer.objects.select_related("item__project", "annotator").get(key=key)
        if answer.seat.purpose != WORK:
            return  # no page offers it
        try:
            thread.send_back(answer.item, answer, "Look again.", actor=self.cast.iris)
        except thread.NotToBeSentBack:
            return
        del self.acknowledged[key]

    @rule(which=st.integers(0, 10**6), own=st.booleans())
    def decides(self, which: int, own: bool) -> None:
        """A curator settles what its readers do not agree on, in words of their own or of a reader."""
        disputed = [*Item.objects.disputed().select_related("project", "generation", "other", "prompt__topic")]
        if not disputed:
            return
        item = disputed[which % len(disputed)]
        if own:
            verdict = settle.settle(item, said=Said(outcome="fine"), actor=self.cast.iris)
        else:
            answer = Answer.objects.standing().filter(item=item, seat__isnull=False).first()
            verdict = settle.settle(item, answer=answer, actor=self.cast.iris)
        self.decided[item.pk] = verdict.answer_id

    @rule(verb=st.sampled_from(["requeue", "retire", "assign"]), first=st.integers(0, 11), n=st.integers(1, 4))
    def many_at_once(self, verb: str, first: int, n: int) -> None:
        choice = {"person": self.people[first % 4]} if verb == "assign" else {}
        action = bulk_actions.act(self.project, verb, self.items[first : first + n], actor=self.cast.iris, **choice)
        self.actions.append(action)
        if verb == "requeue":
            for item in action.changes["items"]:
                self.decided.pop(item, None)

    @precondition(lambda self: self.actions)
    @rule(which=st.integers(0, 10**6))
    def undone(self, which: int) -> None:
        action = self.actions.pop(which % len(self.actions))
        bulk_actions.undo(action, actor=self.cast.iris)
        self.every_item_is_in_exactly_one_list()
        by_curators = Verdict.objects.filter(how="adjudication", item__in=self.items)
        self.decided |= dict(by_curators.values_list("item", "answer"))

    # ------------------------------------------------------------ what always holds

    @invariant()
    def every_acknowledged_answer_stands_once_and_no_other_does(self) -> None:
        standing = Answer.objects.standing().filter(seat__isnull=False)
        people = {user.pk: number for number, user in enumerate(getattr(self, "people", []))}
        found = {key: (people[who], seat, what) for key, who, seat, what in
                 standing.values_list("key", "annotator", "seat", "outcome")}  # fmt: skip
        assert found == self.acknowledged

    @invariant()
    def nobody_answers_an_item_twice_and_no_item_too_often(self) -> None:
        standing = Answer.objects.standing().filter(seat__isnull=False)
        pairs = Counter(standing.values_list("item", "annotator"))
        assert all(times == 1 for times in pairs.values())
        work = Counter(standing.filter(seat__purpose=WORK).values_list("item", flat=True))
        seats = Counter(Seat.objects.filter(purpose=WORK).values_list("item", flat=True))
        assert all(work[item] <= seats[item] for item in work)

    @invariant()
    def a_seat_is_answered_if_and_only_if_an_answer_stands_there(self) -> None:
        answered = {*Seat.objects.filter(status="answered").values_list("pk", "holder")}
        assert answered == {*Answer.objects.standing().filter(seat__isnull=False).values_list("seat", "annotator")}

    @invariant()
    def an_item_is_settled_if_and_only_if_all_its_readers_agree(self) -> None:
        """Or a curator decided: then as they did."""
        known = {**getattr(self, "known", {}), **self.decided}
        assert dict(Verdict.objects.filter(how="adjudication").values_list("item", "answer")) == self.decided | {
            item: answer for item, answer in getattr(self, "known", {}).items() if item in self.by_hand
        }
        settled = {item: answer for item, answer in Verdict.objects.values_list("item", "answer") if item not in known}
        waiting = {*Seat.objects.filter(purpose=WORK, status="open").values_list("item", flat=True)}
        said = defaultdict[int, dict[int, str]](dict)
        work = Answer.objects.standing().filter(seat__purpose=WORK)
        for item, pk, outcome in work.values_list("item", "pk", "outcome"):
            said[item][pk] = outcome
        due = {item: answers for item, answers in said.items() if item not in waiting and len({*answers.values()}) == 1}
        assert settled.keys() == due.keys()
        assert all(settled[item] in due[item] for item in settled)

    @invariant()
    def what_is_known_stays_known(self) -> None:
        known = getattr(self, "known", {})
        assert dict(Verdict.objects.filter(item__in=known).values_list("item", "answer")) == known

    @invariant()
    def a_seat_that_is_kept_for_somebody_is_theirs_alone(self) -> None:
        strange = Seat.objects.filter(reserved_for__isnull=False, holder__isnull=False).exclude(
            holder=F("reserved_for")
        )
        assert not strange.exists()


def test_the_queue_stays_right_whatever_people_do_in_whatever_order(db):
    """A failure names its steps unshortened: shortening them takes minutes, so the profile “explore” does it."""
    same = settings(max_examples=16, stateful_step_count=30, phases=[Phase.generate])
    exploring = settings(max_examples=200, stateful_step_count=50)
    is_exploring = settings.get_current_profile_name() == "explore"
    run_state_machine_as_test(Queue, settings=exploring if is_exploring else same)
