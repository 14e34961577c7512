"""The back room: everything can be looked at, and nothing changed."""

import uuid

import pytest
from django.contrib import admin
from django.urls import reverse

from annotation.claim import claim
from annotation.queue.shapes import Said
from annotation.submit import keep_draft, skip, submit
from tests.cast import make_user

OURS = [model for model in admin.site._registry if model._meta.app_label == "annotation"]


@pytest.fixture
def root(client, cast):
    for _ in range(3):
        cast.item()
    answered, skipped, drafted = claim(cast.project, cast.ada, want=3)
    submit(cast.project, cast.ada, answered.pk, Said("fine"), key=uuid.uuid4())
    skip(cast.project, cast.ada, skipped.pk, reason="other")
    keep_draft(cast.project, cast.ada, drafted.pk, {"comment": "hm"})
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_noun_can_be_looked_at(root, model):
    name = f"admin:annotation_{model._meta.model_name}"
    assert root.get(reverse(f"{name}_changelist")).status_code == 200
    assert root.get(reverse(f"{name}_change", args=[model.objects.first().pk])).status_code == 200


def test_the_back_room_has_no_log_in_of_its_own(db, client):
    assert client.get(reverse("admin:login")).url.startswith(reverse("account_login"))


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_nothing_can_be_changed(root, model):
    name, row = f"admin:annotation_{model._meta.model_name}", model.objects.first()
    assert root.get(reverse(f"{name}_add")).status_code == 403
    assert root.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert root.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
