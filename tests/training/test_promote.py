"""Going live: by the gate, by a person's written reason, or by going back."""

import pytest

from studio.models import AuditEntry
from tests.cast import make_round, make_version
from training.models import ModelVersion, Promotion, State
from training.promote import (
    AlreadyLive,
    ArtefactMissing,
    NotJudged,
    NotPassed,
    Stale,
    ensure_base_version,
    live_version,
    promote,
)


def candidate(studio, number: int = 1, state: State = State.PASSED, against: int = 0) -> ModelVersion:
    ensure_base_version(studio.project)
    gate = {"against": against} if state in (State.PASSED, State.REJECTED) else {}
    version = make_version(studio.project, number, round=make_round(studio.project, state=state, gate=gate))
    version.adapter_path.mkdir(parents=True)
    return version


def test_what_passed_goes_live_and_going_back_is_one_more_row(studio):
    version = candidate(studio)
    base = live_version(studio.project)
    promote(version, actor=studio.max, reason="good")
    assert live_version(studio.project) == version
    promote(base, actor=studio.max, reason="it swears")
    assert live_version(studio.project) == base
    promote(version, actor=studio.max)
    assert [p.version.number for p in Promotion.objects.all()] == [1, 0, 1, 0]
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", "actor", "reason"))
    assert verbs[1:] == [
        ("promoted", studio.max.pk, "good"),
        ("rolled back to", studio.max.pk, "it swears"),
        ("rolled back to", studio.max.pk, ""),
    ]


@pytest.mark.parametrize(
    ("state", "fields", "error"),
    [
        (State.REJECTED, {}, NotPassed),
        (State.REJECTED, {"reason": "I like it"}, NotPassed),
        (State.REJECTED, {"against_gate": True}, NotPassed),
        (State.REJECTED, {"against_gate": True, "reason": "  "}, NotPassed),
        (State.REJECTED, {"against_gate": True, "reason": "policy", "actor": None}, NotPassed),
        (State.EVALUATING, {"against_gate": True, "reason": "now"}, NotJudged),
        (State.FAILED, {"against_gate": True, "reason": "now"}, NotJudged),
        (State.CANCELLED, {"against_gate": True, "reason": "now"}, NotJudged),
    ],
)
def test_what_did_not_pass_stays_out(studio, state, fields, error):
    version = candidate(studio, state=state)
    with pytest.raises(error):
        promote(version, **{"actor": studio.max, **fields})
    assert live_version(studio.project).number == 0


def test_against_the_gate_with_a_written_reason_is_done_and_kept(studio):
    version = candidate(studio, state=State.REJECTED)
    promotion = promote(version, actor=studio.max, reason="The suite is wrong about us.", against_gate=True)
    assert promotion.against_gate
    entry = AuditEntry.objects.get(verb="promoted against the gate")
    assert (entry.actor, entry.reason) == (studio.max, "The suite is wrong about us.")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reason": "It is better, too."},
        {"old_verdict": True, "reason": "  "},
        {"against_gate": True, "reason": "It is better, too."},
        {"old_verdict": True, "reason": "policy", "actor": None},
    ],
)
def test_a_verdict_against_a_version_that_is_no_longer_live_promotes_nothing_by_itself(studio, fields):
    first, second = candidate(studio, 1), candidate(studio, 2)
    promote(second, actor=studio.max)
    with pytest.raises(Stale, match="Version 1 was judged against version 0, now live is version 2"):
        promote(first, **{"actor": studio.max, **fields})
    assert live_version(studio.project) == second


def test_on_an_old_verdict_with_a_written_reason_is_done_and_recorded_as_that(studio):
    first, second = candidate(studio, 1), candidate(studio, 2)
    promote(second, actor=studio.max)
    promotion = promote(first, actor=studio.max, reason="The second one stammers.", old_verdict=True)
    assert not promotion.against_gate
    entry = AuditEntry.objects.get(verb="promoted on an old verdict")
    assert (entry.reason, entry.data["judged_against"], entry.data["live"]) == ("The second one stammers.", 0, 2)


def test_a_verdict_counts_again_once_the_version_it_was_made_against_is_back(studio):
    first, second = candidate(studio, 1), candidate(studio, 2)
    promote(second, actor=studio.max)
    promote(studio.project.versions.get(number=0), actor=studio.max, reason="it stammers")
    assert not promote(first, actor=studio.max).against_gate


def test_what_is_live_or_lost_cannot_go_live(studio):
    version = candidate(studio)
    promote(version, actor=None, reason="policy")
    with pytest.raises(AlreadyLive):
        promote(version, actor=studio.max)
    promote(live_version(studio.project).project.versions.get(number=0), actor=studio.max)
    version.adapter_path.rmdir()
    with pytest.raises(ArtefactMissing):
        promote(version, actor=studio.max)
