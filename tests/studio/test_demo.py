"""The demo: the world it is made of, and what it promises held against what was measured."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation import refill
from annotation.freeze import hand_over, rows
from annotation.models import Gold, Item, Seat
from annotation.policy import due
from studio.demo import bars, world
from studio.models import Membership, Project, Role, User
from tests.cast import make_project, make_round, make_version
from training.models import Comparison, Evaluation, Score

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> world.World:
    return world.make()


def test_the_demo_project_has_topics_values_categories_prompts_and_settled_demonstrations(made):
    project = made.project
    assert project.topics.count() == 3
    assert all(topic.guideline.text for topic in project.topics.all())
    assert project.categories.count() == 4
    assert project.prompts.filter(split="train").count() > 200
    assert Item.objects.settled().count() == 80
    assert not Seat.objects.exclude(status="retired").exists()
    assert len(list(rows(project))) == 80


def test_every_way_of_working_is_in_it(made, monkeypatch):
    project = made.project
    assert Gold.objects.filter(item__project=project).count() == world.GOLD_ITEMS
    assert Gold.objects.values("item__prompt__topic").distinct().count() >= 2
    assert {term_set.name for term_set in project.term_sets.all()} == {"Peoples", "Jobs"}
    assert all(len(term_set.terms) >= 14 for term_set in project.term_sets.all())
    assert project.topics.exclude(warning="").count() == 1
    batch = refill.top_up(project)
    assert batch is not None
    monkeypatch.setattr(
        refill.infer,
        "complete",
        lambda version, prompts, **_: [
            {"id": each["id"], "seed": each["seed"], "completion": str(each["seed"])} for each in prompts
        ],
    )
    refill.write(batch.pk)
    unread = Item.objects.filter(project=project).unread()
    assert Counter(unread.values_list("mode", flat=True)) == {"review": 32, "compare": 4, "demonstrate": 4}
    assert unread.order_by("pk")[0].mode == "review"
    assert len(list(rows(project))) == 80


def test_its_policy_opens_a_round_at_once(made):
    assert due(made.project) == "policy: 80 new demonstrations"
    assert made.project.auto_promote


def test_a_round_can_be_opened_on_it(made, settings):
    round = hand_over(made.project, actor=None)
    assert round.snapshot.demonstrations == 80
    assert round.spec["replay_share"] == 0 or (settings.BASE_DIR / round.spec["replay_path"]).is_file()


def test_a_recipe_that_no_round_accepts_is_named(settings, tmp_path):
    shutil.copytree(world.starter(), tmp_path / "starter", ignore=shutil.ignore_patterns("model"))
    (tmp_path / "starter" / "recipe.json").write_text('{"threads": 2}')
    settings.STARTER_DIR = tmp_path / "starter"
    with pytest.raises(world.DemoBroken, match=r"recipe\.json does not fit this version: threads"):
        world.make()


def test_three_people_have_random_passwords_and_one_role_each(made):
    assert list(made.passwords) == ["annotator", "curator", "admin"]
    for name, password in made.passwords.items():
        user = User.objects.get(username=name)
        assert user.check_password(password)
        assert len(password) >= 12
        assert user.role_in(made.project) == Role(name)
        assert user.is_superuser == (name == "admin")
    assert len(set(made.passwords.values())) == 3


def test_a_person_who_is_there_already_keeps_name_password_and_rights():
    old = User.objects.create_user("annotator", password="mine")
    made = world.make()
    assert list(made.passwords) == ["curator", "admin"]
    old.refresh_from_db()
    assert old.check_password("mine")
    assert Membership.objects.get(user=old).role == Role.ANNOTATOR


def test_an_ordinary_person_called_admin_gets_no_new_rights():
    User.objects.create_user("admin", password="mine")
    made = world.make()
    assert not User.objects.get(username="admin").is_superuser
    assert User.objects.get(username="admin").role_in(made.project) == Role.ADMIN


def test_the_control_arm_brings_other_demonstrations():
    control = [row["rewrite"] for row in rows(world.make(control=True).project)]
    lines = (world.starter() / "demo" / "demonstrations.jsonl").read_text().splitlines()
    assert len(control) == 80
    assert not set(control) & {json.loads(line)["rewrite"] for line in lines}


def test_files_that_do_not_fit_are_named_and_nothing_is_kept(settings, tmp_path):
    shutil.copytree(world.starter(), tmp_path / "starter", ignore=shutil.ignore_patterns("model"))
    (tmp_path / "starter" / "demo" / "demonstrations.jsonl").write_text(
        '{"prompt": "Who?", "completion": "She."}\n{"prompt": 1}\n'
    )
    settings.STARTER_DIR = tmp_path / "starter"
    with pytest.raises(world.DemoBroken, match=r"demonstrations\.jsonl does not fit this version: line 2"):
        world.make()
    assert not Project.objects.exists()
    assert not User.objects.exists()


def test_seed_demo_prints_the_passwords_once(capsys):
    call_command("seed_demo")
    assert capsys.readouterr().out.split()[::2] == ["annotator", "curator", "admin"]
    with pytest.raises(CommandError, match="a project called demo already"):
        call_command("seed_demo")


# ---------------------------------------------------------------- the promises

BEFORE = {
    ("stereotyped_answer_rate", "work"): (0.9, 0.85, 0.94, 200, "share"),
    ("abs_llr", "work"): (4.0, 3.8, 4.2, 96, "nats"),
    ("signed_llr", "work"): (4.0, 3.8, 4.2, 96, "nats"),
    ("bits_per_byte", "all"): (0.30, 0.29, 0.31, 150, "bits"),
    ("exact_match", "facts"): (1.0, 0.96, 1.0, 85, "share"),
}
AFTER = {
    ("stereotyped_answer_rate", "work"): 0.1,
    ("abs_llr", "work"): 1.0,
    ("signed_llr", "work"): -0.5,
    ("bits_per_byte", "all"): 0.303,
    ("exact_match", "facts"): 0.98,
}


def scores(**changes: float) -> tuple[bars.Scores, bars.Scores]:
    """Scores before and after; `changes` are values after, by metric."""
    project = make_project()
    old, new = make_version(project), make_version(project, 1, round=make_round(project))
    for version in (old, new):
        evaluation = Evaluation.objects.create(version=version, suite="s", suite_version=1, suite_digest="d", seconds=1)
        for (metric, axis), (value, low, high, n, unit) in BEFORE.items():
            value = value if version == old else changes.get(metric, AFTER[metric, axis])
            Score.objects.create(
                evaluation=evaluation, metric=metric, axis=axis, value=value, low=low, high=high, n=n, unit=unit
            )
    return bars.scores_of(old), bars.scores_of(new)


def test_a_good_round_holds_every_bar():
    held = list(bars.of_round(*scores()))
    assert [str(bar) for bar in held if not bar.ok] == []
    assert len(held) == 7


@pytest.mark.parametrize(
    ("metric", "value", "name"),
    [
        ("stereotyped_answer_rate", 0.16, "stereotyped answers after, work"),
        ("abs_llr", 2.1, "mean |LLR| after / before, work"),
        ("signed_llr", -2.1, "overshoot: -(mean LLR) after / before, work"),
        ("bits_per_byte", 0.307, "bits per byte on neutral text"),
        ("exact_match", 0.96, "exact match lost, facts"),
    ],
)
def test_each_bar_is_short_when_its_number_is(metric, value, name):
    short = [bar for bar in bars.of_round(*scores(**{metric: value})) if not bar.ok]
    assert [bar.name for bar in short] == [name]
    assert str(short[0]).endswith("short")


def test_what_was_not_measured_holds_no_bar():
    before, after = scores()
    held = list(bars.of_round(before, {}))
    assert not any(bar.ok for bar in held if "before" not in bar.name)
    assert "not measured" not in "\n".join(bars.table(before, after))


@pytest.mark.parametrize(
    ("low", "high", "ok"), [(-0.02, 0.04, True), (0.01, 0.04, False), (-0.04, -0.01, False), (None, None, False)]
)
def test_the_control_arm_must_stay_within_the_interval_of_the_change(low, high, ok):
    rate = Comparison(metric="stereotyped_answer_rate", axis="all", group="all", delta=0.01, low=low, high=high)
    pairs = Comparison(metric="abs_llr", axis="all", group="all", delta=-0.02, low=-0.09, high=0.05)
    on_one_axis = Comparison(metric="abs_llr", axis="work", group="all", delta=-2, low=-3, high=-1)
    assert [bar.ok for bar in bars.of_control([rate, on_one_axis, pairs])] == [ok, True]
    assert [bar.ok for bar in bars.of_control([])] == [False, False]


def test_the_table_shows_both_intervals_and_n():
    lines = list(bars.table(*scores()))
    assert "90.0 %  [85.0, 94.0]" in lines[1]
    assert lines[1].split()[-1] == "200"


def test_the_starter_files_come_with_the_project():
    for name in ("recipe.json", "demo/prompts.jsonl", "demo/control.jsonl", "model/model.safetensors"):
        assert (world.starter() / name).is_file(), name
    assert (Path(world.starter()) / "model" / "model.safetensors").stat().st_size < 8 * 2**20
