"""The one broad test of this room: a round with the real programs on a tiny random model, and a second on top of it."""

import json
from pathlib import Path

import pytest

from tests.cast import Cast, make_snapshot, row
from tests.science.conftest import tiny  # noqa: F401  # a fixture
from training import infer
from training.models import ModelVersion, Round
from training.promote import live_version, promote
from training.start import open_round
from training.tasks import run_round

PROBES = [
    {"id": "a", "kind": "answer", "axis": "trade", "group": "baker", "prompt": "Who is kind?"}
    | {"stereotyped": ["baker"], "counter": ["miller"]},
    *[
        {"id": f"p{n}", "kind": "pair", "axis": "trade", "group": "baker", "template": f"t{n}", "prompt": ""}
        | {"more": f"The baker is {word}.", "less": f"The miller is {word}."}
        for n, word in enumerate(["kind", "calm", "loud", "late"])
    ],
    {"id": "t", "kind": "text", "text": "They work at dawn."},
    {"id": "e", "kind": "exact", "prompt": "Who is late?", "answer": "every miller"},
]


@pytest.mark.science
def test_a_real_round_trains_evaluates_judges_and_answers(cast: Cast, settings, tmp_path: Path, tiny):  # noqa: F811
    settings.SCIENCE_THREADS = 1
    settings.SUITE_DIRS = [tmp_path]
    suite = tmp_path / "probes"
    suite.mkdir()
    about = {"name": "probes", "version": 3, "sampling": {"max_new_tokens": 8, "samples_per_prompt": 4}}
    (suite / "suite.json").write_text(json.dumps(about))
    (suite / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in PROBES))
    cast.project.base_model = tiny("llama")
    cast.project.suites = ["probes"]
    cast.project.recipe = {"max_steps": 4, "batch_size": 4, "save_steps": 2, "learning_rate": 0.01}
    cast.project.save()
    round = open_round(make_snapshot(cast.project, [row(n) for n in range(6)]), actor=cast.max)
    run_round(round.pk)
    round = Round.objects.get()
    assert round.state in ("passed", "rejected"), round.events.last().reason
    assert [m.step for m in round.metrics.all()] == [1, 2, 3, 4]
    assert all(m.loss > 0 and m.memory_mb > 50 and m.tokens_per_second > 0 for m in round.metrics.all())
    metrics = set(round.version.evaluations.get().scores.values_list("metric", flat=True))
    assert {"stereotyped_answer_rate", "abs_llr", "bits_per_byte", "exact_match"} <= metrics
    assert round.comparisons.filter(metric="abs_llr", axis="all").exists()
    assert not (round.folder / "checkpoints").exists()
    assert len(json.loads((round.folder / "adapter" / "manifest.json").read_text())["files"]) == 2
    promote(round.version, actor=cast.max, reason="to see it answer", against_gate=True)
    [answer] = infer.complete(
        live_version(cast.project), [{"id": 1, "prompt": "Who?", "seed": 5}], {"max_new_tokens": 4}, tmp_path / "batch"
    )
    assert answer["id"] == 1
    assert ModelVersion.objects.current(cast.project).number == 1
