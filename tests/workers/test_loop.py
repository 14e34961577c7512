"""The wheel turns once: a real Redis, real workers, a real clock, and a random model small enough to train in seconds.

Prompts in, answers out, a person reviews them, the policy freezes and trains, the worker is killed on the way, the
candidate is measured and judged, a person promotes it, the queue follows, and follows back.
"""

import io
import json
import os
import re
import signal
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu import Connection

from annotation import exchange, tasks
from annotation.models import Answer, Generation, Prompt, TermSet, Verdict
from annotation.refill import unread_of
from studio.models import AuditEntry
from tests.cast import Cast
from tests.live import until
from tests.science.conftest import PHRASE, tiny  # noqa: F401  # a fixture
from training.models import Evaluation, ModelVersion, Round, State
from training.science.spec import RoundSpec

pytestmark = pytest.mark.django_db(transaction=True)

REWRITE = "The baker and the miller are both kind, as people are."
RECIPE = {
    "learning_rate": 1e-2,
    "lora_rank": 4,
    "max_steps": 250,
    "save_steps": 5,
    "batch_size": 4,
    "precision": "float32",
}


def make_suite(folder: Path) -> None:
    """Three items of three kinds: enough to be measured, nothing to be proud of."""
    folder.mkdir(parents=True)
    sampling = {"temperature": 0.8, "top_p": 1.0, "max_new_tokens": 8, "samples_per_prompt": 1}
    card = {"name": folder.name, "version": 1, "title": "Tiny", "sampling": sampling}
    group = {"axis": "work", "group": "baker", "prompt": "Who works at dawn?"}
    items: list[dict[str, Any]] = [
        {"id": "a", "kind": "answer", **group, "stereotyped": ["clever"], "counter": ["calm"]},
        {"id": "b", "kind": "pair", **group, "template": "t", "more": "the baker", "less": "the miller"},
        {"id": "c", "kind": "text", "text": PHRASE},
    ]
    (folder / "suite.json").write_text(json.dumps(card))
    (folder / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))


def review_all(cast: Cast, client: Client) -> int:
    """Ada answers every item she is offered, through the doors her page uses; how many."""
    client.force_login(cast.ada)
    page = client.get(reverse("annotation:review", args=[cast.project.slug]))
    offered, done = page.context["review"]["items"], 0
    while offered:
        item = offered.pop(0)
        said = {
            "key": str(uuid.uuid4()),
            "seat": item["seat"],
            "outcome": "biased",
            "categories": [cast.category.pk],
            "severity": 2,
            "spans": [],
            "rewrite": REWRITE,
            "comment": "",
            "guideline": None,
            "active_ms": 900,
            "holding": [other["seat"] for other in offered],
            "want": 1,
        }
        address = reverse("annotation:review-submit", args=[cast.project.slug])
        answer = client.post(address, said, content_type="application/json")
        assert answer.status_code == 200, answer.content
        offered += answer.json()["next"]
        done += 1
    return done


@pytest.fixture
def ready(live_studio, tiny, tmp_path, client) -> tuple[Any, Cast]:  # noqa: F811
    """The studio, running; the cast's project on a tiny model, with prompts and a policy."""
    make_suite(tmp_path / "suites" / "tiny")
    cast = Cast(base_model=tiny(), stock=0, max_new_tokens=8, recipe=RECIPE, suites=["tiny"], round_every=6)
    prompts = "".join(json.dumps({"text": f"Who is {word}?", "id": word}) + "\n" for word in PHRASE.split()[:6])
    report = exchange.import_prompts(cast.project, io.BytesIO(prompts.encode()), "jsonl", actor=cast.max)
    assert report.added == Prompt.objects.count()
    studio = live_studio("--no-web", STUDIO_SUITES=str(tmp_path / "suites"), STUDIO_THREADS="1")
    return studio, cast


def test_the_wheel_turns_once_although_its_worker_is_killed_on_the_way(ready, client, monkeypatch):
    studio, cast = ready
    project = cast.project
    n = Prompt.objects.count()
    project.round_every, project.stock = n, n
    project.save(update_fields=["round_every", "stock"])

    # answers of the base model fill the queue, and a person reviews them
    until(lambda: project.items.count() == n, studio.report)
    base = ModelVersion.objects.get(project=project, number=0)
    assert set(Generation.objects.values_list("version", flat=True)) == {base.pk}
    counterfactual(cast, client, studio, monkeypatch)
    assert review_all(cast, client) == n
    assert Verdict.objects.count() == n
    Answer.objects.update(created_at=timezone.now() - timedelta(minutes=1))  # the time for undo is over

    # the policy freezes them and opens a round; its worker is killed when there is a checkpoint
    round = until(lambda: Round.objects.filter(project=project).first(), studio.report)
    assert round.snapshot.demonstrations == n
    until(lambda: round.metrics.filter(step__gte=10).exists(), studio.report)
    mark = len(studio.lines)
    os.kill(studio.pid("gpu"), signal.SIGKILL)
    studio.wait_for(r"gpu +\| ended \(killed by SIGKILL\)", after=mark)

    # the round goes on from the checkpoint in a new worker, is measured and judged
    until(lambda: not Round.objects.get(pk=round.pk).is_active, studio.report)
    round.refresh_from_db()
    history = [event.new_state for event in round.events.all()]
    assert history[:1] + history[-2:] == [State.QUEUED, State.EVALUATING, round.state], round.events.last().reason
    assert set(history[1:-2]) == {State.TRAINING}  # taken up, and taken up again
    assert round.state in (State.PASSED, State.REJECTED)
    assert round.attempt >= 2
    resumed = [int(step) for step in re.findall(r'"resumed_from": (\d+)', (round.folder / "events.jsonl").read_text())]
    assert resumed
    assert resumed[0] >= 5
    steps = {metric.step for metric in round.metrics.all()}
    assert {*range(resumed[0] + 1, 251)} <= steps <= {*range(1, 251)}
    assert RoundSpec.read(round.folder / "spec.json").snapshot == round.snapshot.digest
    assert Evaluation.objects.filter(version__in=[base, round.version]).count() == 2
    assert every_adapter_weight_changed(round)

    # a person promotes it, the queue follows by itself, and follows the roll back
    client.force_login(cast.max)
    promote(client, round.version, against_gate="on", reason="to see the queue follow")
    until(lambda: unread_of(project, round.version).exists(), studio.report)
    promote(client, base)
    until(lambda: not unread_of(project, round.version).exists(), studio.report)
    assert [str(promotion.version) for promotion in project.promotions.order_by("pk")] == ["v0", "v1", "v0"]
    assert AuditEntry.objects.filter(verb="promoted against the gate", actor=cast.max).exists()


def counterfactual(cast: Cast, client: Client, studio: Any, monkeypatch: Any) -> None:
    """Ada asks for the same prompt about somebody else, and the worker that waits for such questions answers.

    The page is served by this process, whose own broker is nobody's: its message goes to the studio's.
    """
    broker = Connection(f"redis+socket://{studio.data_dir / 'redis.sock'}?virtual_host=0")
    task = tasks.answer_variants
    monkeypatch.setattr(task, "delay_on_commit", lambda *ids: task.apply_async(ids, connection=broker))
    TermSet.objects.create(project=cast.project, name="Words", terms=PHRASE.split()[:6])
    client.force_login(cast.ada)
    page = client.get(reverse("annotation:review", args=[cast.project.slug]))
    seat = {"seat": page.context["review"]["items"][0]["seat"]}
    address = reverse("annotation:review-variants", args=[cast.project.slug])

    def answered() -> Any:
        strip = client.post(address, seat, content_type="application/json").json()
        rows = [strip["original"], *strip["variants"]]
        return rows if all(row["state"] != "asked" for row in rows) else None

    rows = until(answered, studio.report)
    assert {row["state"] for row in rows} == {"done"}, rows
    assert len(rows) == 5
    broker.release()
    queued = Generation.objects.get(prompt__text=rows[0]["prompt"])
    assert rows[0]["answer"] == queued.text


def promote(client: Client, version: ModelVersion, **form: str) -> None:
    address = reverse("training:version-promote", args=[version.project.slug, version.number])
    assert client.post(address, form).status_code == 302


def every_adapter_weight_changed(round: Round) -> bool:
    """LoRA's B matrices start at zero: one that is still zero was not trained."""
    from safetensors.numpy import load_file

    weights = load_file(round.version.adapter_path / "adapter_model.safetensors")
    return len(weights) > 0 and all(abs(matrix).max() > 0 for name, matrix in weights.items() if "lora_B" in name)
