"""Every door of the machines' half that shows or moves rounds and versions, tried by the right and the wrong person."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import make_round, make_snapshot, make_user, make_version
from training.models import ModelVersion, Promotion, Round, RoundMetric, State
from training.promote import ensure_base_version
from training.start import open_round
from training.tasks import run_round


def url(studio, name: str, *args) -> str:
    return reverse(f"training:{name}", args=[studio.project.slug, *args])


def judged(studio, behaviour: str = "") -> Round:
    """A round that ran to its verdict with the fake programs."""
    round = open_round(make_snapshot(studio.project), actor=studio.max)
    round.folder.mkdir(parents=True)
    (round.folder / "behaviour").write_text(behaviour)
    run_round(round.pk)
    return Round.objects.get(pk=round.pk)


@pytest.mark.parametrize(
    ("method", "name", "args", "lowest"),
    [
        ("get", "rounds", [], "ada"),
        ("get", "round", [1], "ada"),
        ("get", "round-progress", [1], "ada"),
        ("get", "round-log", [1], "max"),
        ("get", "round-raw", [1, "probes", "candidate"], "ada"),
        ("get", "versions", [], "ada"),
        ("get", "round-open", ["DIGEST"], "max"),
        ("post", "round-open", ["DIGEST"], "max"),
        ("post", "round-cancel", [1], "max"),
        ("post", "version-promote", [1], "max"),
    ],
)
def test_each_door_opens_for_the_right_people_only(studio, client, method, name, args, lowest):
    round = judged(studio)
    assert (round.number, round.state) == (1, State.PASSED)
    path = url(studio, name, *[round.snapshot.digest if arg == "DIGEST" else arg for arg in args])
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    for person in ("eve", "ada", "iris", "max"):
        client.force_login(getattr(studio, person))
        status = getattr(client, method)(path).status_code
        if person == "eve":
            assert status == 404
        elif lowest == "max" and person != "max":
            assert status == 403
        else:
            assert status in (200, 302, 409)
    assert getattr(client, "post" if method == "get" and name != "round-open" else "put")(path).status_code == 405


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("round", [99]),
        ("round-progress", [99]),
        ("round-log", [1]),
        ("round-raw", [1, "probes", "candidate"]),
        ("round-raw", [1, "etc", "passwd"]),
        ("round-open", ["0" * 64]),
    ],
)
def test_what_is_not_there_is_not_found(studio, client, name, args):
    make_round(studio.project, number=1)
    make_round(studio.other, number=99)
    client.force_login(studio.max)
    assert client.get(url(studio, name, *args)).status_code == 404


def test_a_snapshot_of_another_project_opens_no_round_here(studio, client):
    foreign = make_snapshot(studio.other)
    client.force_login(studio.max)
    assert client.post(url(studio, "round-open", foreign.digest)).status_code == 404
    assert not Round.objects.exists()


def test_the_forms_defaults_open_a_round_and_say_who_and_why(studio, client):
    snapshot = make_snapshot(studio.project)
    client.force_login(studio.max)
    page = client.get(url(studio, "round-open", snapshot.digest)).content.decode()
    assert 'placeholder="0.0002"' in page
    answer = client.post(
        url(studio, "round-open", snapshot.digest), {"reason": "try", "epochs": "2", "use_accepted": "no"}
    )
    round = Round.objects.get()
    assert answer["Location"] == url(studio, "round", round.number)
    assert (round.spec["epochs"], round.spec["use_accepted"], round.events.get().reason) == (2.0, False, "try")


@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"learning_rate": "-3"}, 400, "Must be above 0 and at most 1"),
        ({"learning_rate": "quick"}, 400, "Enter a number."),
        ({"lora_rank": "0"}, 400, "Must be 1 to 1024"),
        ({"scheduler": "wavy"}, 400, "Select a valid choice"),
    ],
)
def test_a_wrong_setting_is_said_beside_its_field(studio, client, given, status, sentence):
    client.force_login(studio.max)
    answer = client.post(url(studio, "round-open", make_snapshot(studio.project).digest), given)
    assert answer.status_code == status
    page = answer.content.decode()
    [name] = given
    assert sentence in page.split(f'id="field-{name}"')[1].split('class="field"')[0]
    assert not Round.objects.exists()


def test_a_round_that_cannot_open_says_why_on_the_form(studio, client):
    client.force_login(studio.max)
    answer = client.post(url(studio, "round-open", make_snapshot(studio.project, []).digest))
    assert answer.status_code == 409
    assert "The snapshot has no rows" in answer.content.decode()


def test_a_queued_round_polls_itself_and_says_after_a_while_what_to_start(studio, client):
    make_round(studio.project, number=1, sent_at=timezone.now())
    client.force_login(studio.ada)
    page = client.get(url(studio, "round", 1)).content.decode()
    assert f'hx-get="{url(studio, "round-progress", 1)}" hx-trigger="every 1s"' in page
    assert "No worker" not in page
    assert "Cancel the round" not in page
    past = timezone.now() - timedelta(seconds=33)
    Round.objects.update(sent_at=past, created_at=past)
    answer = client.get(url(studio, "round-progress", 1))
    fragment = answer.content.decode()
    assert "No worker has picked this round up for 33 s" in fragment
    assert "celery -A studio worker -Q gpu" in fragment
    assert "HX-Refresh" not in answer


def test_a_training_round_shows_its_stage_its_curve_its_numbers_and_its_log(studio, client):
    progress = {"stage": "training", "done": 3, "total": 9, "eta_seconds": 125.0}
    round = make_round(studio.project, number=1, state=State.TRAINING, progress=progress, heartbeat_at=timezone.now())
    RoundMetric.objects.bulk_create(
        RoundMetric(round=round, step=n, loss=3 / n, learning_rate=1e-4, tokens_per_second=1234, memory_mb=456)
        for n in (1, 2, 3)
    )
    round.folder.mkdir(parents=True)
    (round.folder / "log.txt").write_text("first\n" + "line\n" * 50 + "<script>alert(1)</script>\n")
    client.force_login(studio.max)
    page = client.get(url(studio, "round", 1)).content.decode()
    for text in ("Training: 3 of 9", "2 min 5 s left", "<polyline", "1,234", "456", "Cancel the round"):
        assert text in page
    assert "&lt;script&gt;alert(1)" in page
    assert "first" not in page.split('id="round-log"')[1].split("</pre>")[0]
    assert "hx-swap-oob" not in page
    assert 'id="round-metrics"' in page
    polled = client.get(url(studio, "round-progress", 1)).content.decode()
    for beside in ("round-state", "round-metrics", "round-history"):  # kept fresh without closing an open table
        assert f'id="{beside}"' in page
        assert f'id="{beside}"' in polled
    assert polled.count('hx-swap-oob="true"') == 3
    Round.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=30))
    assert "Its worker has said nothing for 30 s" in client.get(url(studio, "round-progress", 1)).content.decode()


@pytest.mark.parametrize("behaviour", ["refuse", "disk"])
def test_a_failed_round_shows_the_childs_own_sentence_and_stops_polling(studio, client, behaviour):
    sentence = {"refuse": "The loss stopped being a number at step 3", "disk": "The disk is full"}[behaviour]
    judged(studio, behaviour)
    client.force_login(studio.ada)
    page = client.get(url(studio, "round", 1)).content.decode()
    assert sentence in page
    assert 'class="is-bad">Training' in page
    answer = client.get(url(studio, "round-progress", 1))
    assert "hx-get" not in answer.content.decode()
    assert answer["HX-Refresh"] == "true"


def test_a_judged_round_shows_the_evidence_the_verdict_and_the_way_to_go_live(studio, client):
    judged(studio)
    client.force_login(studio.max)
    page = client.get(url(studio, "round", 1)).content.decode()
    for text in (
        "Stereotyped answers",
        "80.0 % (75.0 to 85.0)",
        "10.0 % (5.0 to 15.0)",
        "-70.0 points (-72.0 to -68.0)",
        "Wilson interval, McNemar test",
        "nurse",
        "better beyond noise",
        "Promote v1",
        '<circle class="dot" ',
        '<circle class="dot-2" ',
        '<li class="key-dot">candidate</li><li class="key-dot-2">current</li>',  # as they are drawn
    ):
        assert text in page
    raw = client.get(url(studio, "round-raw", 1, "probes", "current"))
    assert json.loads(raw.getvalue()) == {"id": "a", "known": False}
    assert raw["Content-Disposition"].startswith("attachment;")
    client.force_login(studio.ada)
    assert "Promote v1" not in client.get(url(studio, "round", 1)).content.decode()


def test_an_admin_promotes_goes_against_the_gate_and_back(studio, client):
    judged(studio)
    judged(studio, "worse")
    client.force_login(studio.max)
    promote = lambda number, **data: client.post(url(studio, "version-promote", number), data)  # noqa: E731
    assert promote(1, reason="ok").status_code == 302
    assert promote(1).status_code == 409
    refused = promote(2, against_gate="on")
    assert refused.status_code == 409
    assert "needs a written reason" in refused.content.decode()
    page = client.get(url(studio, "versions")).content.decode()
    assert "Promote against the gate" in page
    assert "Make v0 live again" in page
    assert promote(2, against_gate="on", reason="We know better.").status_code == 302
    assert promote(0, reason="We did not.").status_code == 302
    page = client.get(url(studio, "versions")).content.decode()
    assert "against the gate</span> We know better." in page
    assert ModelVersion.objects.current(studio.project).number == 0
    assert promote(9).status_code == 404
    assert promote(0, reason="x" * 3000).status_code == 400


def test_a_version_judged_against_one_that_is_no_longer_live_needs_a_reason(studio, client):
    judged(studio)
    judged(studio)
    client.force_login(studio.max)
    promote = lambda number, **data: client.post(url(studio, "version-promote", number), data)  # noqa: E731
    assert promote(2).status_code == 302
    for page in (url(studio, "versions"), url(studio, "round", 1)):
        shown = client.get(page).content.decode()
        assert "Promote v1: judged against v0, now live is v2" in shown
        assert 'name="old_verdict" value="on"' in shown
    for data in ({}, {"reason": "written before v2 went live"}, {"old_verdict": "on"}):
        refused = promote(1, **data)
        assert refused.status_code == 409
        assert "was judged against version 0, now live is version 2" in refused.content.decode()
    assert promote(1, old_verdict="on", reason="v2 stammers.").status_code == 302
    assert ModelVersion.objects.current(studio.project).number == 1


def test_the_log_is_shown_to_admins_only(studio, client):
    judged(studio)
    (Round.objects.get().folder / "log.txt").write_text("reading /home/studio/secret place\n")
    (Round.objects.get().folder / "evaluation" / "log.txt").unlink(missing_ok=True)
    for person, shown in (("ada", False), ("iris", False), ("max", True)):
        client.force_login(getattr(studio, person))
        for name in ("round", "round-progress"):
            page = client.get(url(studio, name, 1)).content.decode()
            assert ("secret place" in page) is shown
            assert ("whole log" in page) is shown


def test_a_cancel_by_page_and_one_too_late(studio, client):
    make_round(studio.project, number=1, state=State.TRAINING)
    client.force_login(studio.max)
    assert client.post(url(studio, "round-cancel", 1)).status_code == 302
    late = client.post(url(studio, "round-cancel", 1))
    assert late.status_code == 409
    assert "is over already: cancelled" in late.content.decode()


def test_a_cancel_with_a_reason_that_is_no_text_changes_nothing(studio, client):
    make_round(studio.project, number=1)
    client.force_login(studio.max)
    for reason in ("a\0b", "x" * 501):
        assert client.post(url(studio, "round-cancel", 1), {"reason": reason}).status_code == 400
    assert Round.objects.get().state == State.QUEUED


def test_a_number_beyond_every_integer_is_not_found(studio, client):
    client.force_login(studio.max)
    assert client.get(url(studio, "round", 10**30)).status_code == 404
    assert client.post(url(studio, "version-promote", 10**30)).status_code == 404


def test_the_admin_site_shows_the_books_and_changes_nothing(studio, client):
    judged(studio)
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    for name in ("snapshot", "round", "roundevent", "modelversion", "promotion", "evaluation", "score", "comparison"):
        assert client.get(reverse(f"admin:training_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:training_{name}_add")).status_code == 403
    assert client.post(reverse("admin:training_round_delete", args=[1])).status_code in (403, 404)


def test_a_poll_costs_few_queries_however_long_the_round(studio, client, django_assert_num_queries):
    round = make_round(studio.project, number=1, state=State.TRAINING, heartbeat_at=timezone.now())
    RoundMetric.objects.bulk_create(RoundMetric(round=round, step=n, loss=1) for n in range(1, 1500))
    client.force_login(studio.ada)
    # session, user, project with role; round; newest step, thinned steps; newest event, history
    with django_assert_num_queries(8):
        answer = client.get(url(studio, "round-progress", 1))
    assert len(answer.content) < 80_000


def test_a_post_without_the_csrf_token_moves_nothing(studio):
    from django.test import Client

    make_round(studio.project, number=1)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(studio.max)
    assert strict.post(url(studio, "round-cancel", 1)).status_code == 403
    assert Round.objects.get().state == State.QUEUED


@pytest.mark.parametrize(("count", "name"), [(2, "rounds"), (20, "rounds"), (2, "versions"), (20, "versions")])
def test_lists_cost_the_same_number_of_queries_however_long(studio, client, count, name, django_assert_num_queries):
    ensure_base_version(studio.project)
    snapshot = make_snapshot(studio.project)
    for number in range(1, count + 1):
        round = make_round(studio.project, snapshot=snapshot, state=State.PASSED, created_by=studio.max)
        version = make_version(studio.project, number, round=round)
        Promotion.objects.create(project=studio.project, version=version, actor=studio.max)
    client.force_login(studio.max)
    # session, user, project with role; then rounds: count, page, live version; versions: promotions, versions
    # among them, for the navigation, the count of unread notices
    with django_assert_num_queries({"rounds": 7, "versions": 6}[name]):
        assert client.get(url(studio, name)).status_code == 200


def test_the_pages_of_a_project_with_nothing_say_what_will_fill_them(studio, client):
    client.force_login(studio.ada)
    assert "No round yet" in client.get(url(studio, "rounds")).content.decode()
    assert "No version yet" in client.get(url(studio, "versions")).content.decode()


def test_who_chooses_by_hand_while_a_round_runs_is_told_that_it_will_wait(studio, client):
    make_version(studio.project, 0, live=True)
    judged = make_round(
        studio.project, state="passed", gate={"passed": True, "against": 0, "reasons": [], "suites": {}}
    )
    make_version(studio.project, 1, round=judged)
    running = make_round(studio.project, state="training")
    client.force_login(studio.max)
    for auto in (True, False):
        studio.project.auto_promote = auto
        studio.project.save()
        for name, args in (("versions", []), ("round", [judged.number])):
            html = client.get(url(studio, name, *args)).content.decode()
            assert (f"Round {running.number} is running." in html) is auto
