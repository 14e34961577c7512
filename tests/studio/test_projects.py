"""Founding a project, changing its settings and taxonomy, and the overview."""

import pytest
from django.urls import reverse

from annotation.models import Answer, Refill
from studio import first_steps
from studio.models import AuditEntry, Project, Role
from studio.settings_form import SettingsForm
from tests.cast import make_round, make_user, make_version, settle_item
from training.models import Evaluation, Score


def post_settings(client, project, **changes):
    """The settings form as a browser sends it, with some fields changed."""
    page = client.get(reverse("project-settings", args=[project.slug]))
    form = page.context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {k: "" if v is None else v for k, v in data.items() if v is not False}
    return client.post(reverse("project-settings", args=[project.slug]), {**data, **changes})


def test_a_superuser_founds_a_project_and_is_its_admin(db, client):
    client.force_login(make_user("root", is_superuser=True))
    made = client.post(reverse("project-new"), {"name": "Answers on Work", "base_model": "org/model"})
    project = Project.objects.get(slug="answers-on-work")
    assert made.url == reverse("project", args=["answers-on-work"])
    assert project.memberships.get().role == "admin"
    assert project.categories.count() == 5
    assert client.get(made.url).status_code == 200


def test_a_taken_address_is_refused_beside_the_field(cast, client):
    client.force_login(make_user("root", is_superuser=True))
    page = client.post(reverse("project-new"), {"name": "Peoples", "base_model": "org/x"})
    assert page.status_code == 400
    assert "is taken" in str(page.context["form"].errors["slug"])


def test_only_superusers_found_projects_and_read_the_whole_audit(cast, client):
    client.force_login(cast.max)
    assert client.get(reverse("project-new")).status_code == 403
    assert client.get(reverse("audit-all")).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("recipe", '{"learning_rate": 5}', "learning_rate: must be above 0"),
        ("recipe", '{"learning_rate": "fast"}', "learning_rate: must be a number"),
        ("recipe", '{"learning_rate": NaN}', "finite"),
        ("recipe", '{"replay_path": "../../etc/passwd"}', "replay_path: must be a .jsonl file"),
        ("recipe", '{"nonsense": 1}', "nonsense"),
        ("recipe", '{"snapshot": "x"}', "set by the round itself"),
        ("recipe", "[1]", "Settings by name"),
        ("recipe", "{", "valid JSON"),
        ("recipe", '{"save_steps": Infinity}', "must be finite"),
        ("recipe", '{"replay_path": "\\u0000"}', "cannot be stored"),
        ("recipe", '{"threads": 2}', "set by the round itself"),
        ("gate_limits", '{"nonsense": 1}', "nonsense"),
        ("round_cron", "every day", "crontab"),
        ("round_cron", "61 * * * *", "crontab"),
        ("overlap", "0", "greater than or equal to 1"),
        ("suites", '{"a": 1}', "list of suite names"),
        ("suites", '["capability", "bbq", "x"]', "no evaluation suite “bbq”, “x”. Known suites: capability, "),
        ("suites", '["capability", "capability"]', "named twice"),
    ],
)
def test_a_wrong_setting_is_named_and_changes_nothing(cast, client, field, value, sentence):
    client.force_login(cast.max)
    before = Project.objects.filter(pk=cast.project.pk).values().get()
    page = post_settings(client, cast.project, **{field: value})
    assert page.status_code == 400
    assert sentence in str(page.context["form"].errors[field])
    assert Project.objects.filter(pk=cast.project.pk).values().get() == before


def test_settings_are_saved_and_written_down(cast, client):
    client.force_login(cast.max)
    assert (
        post_settings(client, cast.project, overlap="3", recipe='{"epochs": 2}', round_cron="0 3 * * 1").status_code
        == 302
    )
    cast.project.refresh_from_db()
    assert (cast.project.overlap, cast.project.recipe) == (3, {"epochs": 2})
    entry = AuditEntry.objects.get(verb="changed settings")
    assert entry.data["changes"] == {"overlap": [1, 3], "recipe": [{}, {"epochs": 2}], "round_cron": ["", "0 3 * * 1"]}


def test_the_taxonomy_is_edited_as_lines(cast, client):
    client.force_login(cast.max)
    url = reverse("taxonomy", args=["peoples"])
    client.post(url, {"categories": "Stereotype: a trait from a group\n\nErasure"})
    assert list(cast.project.categories.values_list("slug", "description", "position")) == [
        ("stereotype", "a trait from a group", 1),
        ("erasure", "", 2),
    ]
    assert "twice" in client.post(url, {"categories": "A\na"}).content.decode()
    assert "at most 60 letters" in client.post(url, {"categories": "a" * 61}).content.decode()


def test_a_category_that_answers_name_is_kept(cast, client):
    verdict = settle_item(cast.item())
    verdict.answer.categories.add(cast.category)
    client.force_login(cast.max)
    page = client.post(reverse("taxonomy", args=["peoples"]), {"categories": "Erasure"})
    html = page.content.decode()
    assert html.index("already name Stereotype") < html.index('<nav class="tabs')  # also at the page's head
    assert '<a href="#field-categories">Categories</a>' in html
    assert client.get(reverse("taxonomy", args=["peoples"])).url == reverse("project-settings", args=["peoples"])
    assert client.get(reverse("backgrounds", args=["peoples"])).url == reverse("project-settings", args=["peoples"])
    assert cast.project.categories.get().slug == "stereotype"


def test_the_overview_says_what_waits_for_whom(cast, client):
    cast.item(), cast.item()
    client.force_login(cast.ada)
    assert client.get(reverse("project", args=["peoples"])).context["waiting"] == 2
    assert client.get(reverse("home")).url == reverse("project", args=["peoples"])
    client.force_login(cast.eve)
    assert client.get(reverse("project", args=["peoples"])).status_code == 404


def test_the_overview_shows_what_each_version_measured(cast, client):
    version = make_version(cast.project, 0, live=True)
    evaluation = Evaluation.objects.create(
        version=version, suite="probes", suite_version=1, suite_digest="d", raw="x", seconds=1
    )
    for axis, group, value in (("gender", "all", 0.9), ("all", "all", 0.8), ("gender", "nurse", 0.5)):
        Score.objects.create(
            evaluation=evaluation, metric="stereotyped_answer_rate", axis=axis, group=group, value=value,
            low=value - 0.1, high=value + 0.05, n=200, interval="wilson", unit="share",
        )  # fmt: skip
    client.force_login(cast.ada)
    page = client.get(reverse("project", args=["peoples"]))
    assert page.context["metrics"] == [("Stereotyped answers", ["gender"])]
    assert "90.0 %<small>80.0 to 95.0</small>" in page.content.decode()


def test_a_new_project_shows_its_first_steps_to_who_builds_it_up_until_its_first_round(
    cast, client, django_assert_num_queries
):
    def done(who):
        client.force_login(who)
        return [step.done for step in client.get(reverse("project", args=["peoples"])).context["steps"]]

    assert done(cast.ada) == []
    assert done(cast.iris) == [False, True, True, False, False]
    with django_assert_num_queries(3):
        steps = first_steps.of(cast.project, Role.CURATOR, prompts=0)
    assert [step.title for step in steps if not step.url] == ["Invite people", "Open the first round"]
    assert all(step.url for step in first_steps.of(cast.project, Role.ADMIN, prompts=0))
    verdict = settle_item(item := cast.item())
    assert done(cast.max) == [True, True, True, False, False]  # an answer that was imported is no review
    Answer.objects.filter(pk=verdict.answer_id).update(seat=item.seats.get())
    assert done(cast.max) == [True, True, True, True, False]
    make_round(cast.project)
    assert done(cast.max) == []


def test_a_project_that_keeps_no_answers_ready_does_not_count_them_against_nothing(cast, client):
    client.force_login(cast.ada)
    assert "0 of 100 kept ready" in client.get(reverse("project", args=["peoples"])).content.decode()
    cast.project.stock = 0
    cast.project.save()
    assert "0; the model writes no new ones" in client.get(reverse("project", args=["peoples"])).content.decode()


def test_a_base_model_that_is_not_there_is_refused_before_anything_is_founded(db, client):
    client.force_login(make_user("root", is_superuser=True))
    page = client.post(reverse("project-new"), {"name": "Gone", "base_model": "/no/such/folder"})
    assert page.status_code == 400
    assert "does not exist" in str(page.context["form"].errors["base_model"])
    assert not Project.objects.exists()


def test_the_overview_says_why_the_queue_is_not_filled(cast, client):
    version = make_version(cast.project, 0, live=True)
    Refill.objects.create(
        project=cast.project, version=version, asked=[], sampling={}, state="failed", error="The model is gone."
    )
    client.force_login(cast.ada)
    assert "is not filled: The model is gone." in client.get(reverse("project", args=["peoples"])).content.decode()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"share_review": "0"}, "share_review", "needs a share above 0"),
        ({"share_compare": "101"}, "share_compare", "less than or equal to 100"),
        ({"gold_percent": "51"}, "gold_percent", "less than or equal to 50"),
        ({"onboarding_percent": "-1"}, "onboarding_percent", "greater than or equal to 0"),
        ({"rewrite_reasons": "respect: A\nrespect: B"}, "rewrite_reasons", "Line 2: respect stands there twice"),
        ({"rewrite_reasons": "أدب"}, "rewrite_reasons", "Line 1: a reason needs a word in Latin letters"),
        ({"rewrite_reasons": f"long: {'x' * 81}"}, "rewrite_reasons", "at most 80 letters"),
        ({"rewrite_reasons": "\n".join(f"reason {n}" for n in range(21))}, "rewrite_reasons", "At most 20 reasons"),
        ({"gate_limits": '{"max_overshot": 1}'}, "gate_limits", "The limits are max_stereotyped_answer_rate"),
    ],
)
def test_a_wrong_setting_of_the_team_is_named_and_changes_nothing(cast, client, changes, field, sentence):
    client.force_login(cast.max)
    before = Project.objects.filter(pk=cast.project.pk).values().get()
    page = post_settings(client, cast.project, **changes)
    assert page.status_code == 400
    assert sentence in str(page.context["form"].errors[field])
    assert Project.objects.filter(pk=cast.project.pk).values().get() == before


def test_the_ways_of_working_and_their_rules_are_saved(cast, client):
    client.force_login(cast.max)
    wanted = {
        "share_review": "0", "share_compare": "3", "share_demonstrate": "1", "gold_percent": "5",
        "onboarding_items": "8", "sitting_minutes": "0", "exposure_budget": "40",
        "rewrite_reasons": "respect: Made it kind\n\nAdded a source",
    }  # fmt: skip
    assert post_settings(client, cast.project, **wanted).status_code == 302
    cast.project.refresh_from_db()
    assert (cast.project.share_review, cast.project.share_compare, cast.project.share_demonstrate) == (0, 3, 1)
    assert (cast.project.sitting_minutes, cast.project.exposure_budget) == (0, 40)
    assert cast.project.rewrite_reasons == [
        {"slug": "respect", "label": "Made it kind"},
        {"slug": "added-a-source", "label": "Added a source"},
    ]


def test_saving_the_settings_as_they_stand_changes_nothing(cast, client):
    client.force_login(cast.max)
    page = client.get(reverse("project-settings", args=["peoples"]))
    assert "stereotype-removed: Removed a stereotype" in page.content.decode()
    before = Project.objects.filter(pk=cast.project.pk).values().get()
    page = post_settings(client, cast.project)
    assert page.status_code == 302
    assert Project.objects.filter(pk=cast.project.pk).values().get() == before
    assert not AuditEntry.objects.exists()


def test_no_reasons_means_that_nothing_is_asked(cast, client):
    client.force_login(cast.max)
    post_settings(client, cast.project, rewrite_reasons="")
    cast.project.refresh_from_db()
    assert cast.project.rewrite_reasons == []


def test_every_setting_has_a_help_and_a_place_on_the_page_and_in_the_documents():
    from pathlib import Path

    form = SettingsForm()
    helped = [name for name, field in form.fields.items() if not field.help_text]
    assert helped == ["name", "description"]
    placed = [field.name for group in form.groups for row in group["rows"] for field in row]
    assert sorted(placed) == sorted(form.fields)
    page = (Path(__file__).resolve().parents[2] / "docs/settings.md").read_text()
    assert [name for name in form.fields if f"`{name}`" not in page] == []


def test_the_recipe_and_the_limits_name_their_keys_where_they_are_written():
    form = SettingsForm()
    assert "learning_rate 0.0002" in form.fields["recipe"].help_text
    assert "max_overshoot 0.5" in form.fields["gate_limits"].help_text
    assert "snapshot_path" not in form.fields["recipe"].help_text
    assert "capability" in form.fields["suites"].help_text
