"""A snapshot goes out: every format loads with `datasets` and feeds the trainer it is for."""

import hashlib
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from studio.models import AuditEntry
from tests.cast import Cast, compared, demonstrated, make_snapshot, row
from tests.science.conftest import tiny  # noqa: F401  (a fixture)
from training import export, store_snapshot
from training.models import Snapshot

TURNS = [
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Q?"},
]


def fine(n: int, **fields: Any) -> dict[str, Any]:
    return row(n, **{"verdict": "fine", "rewrite": None, "categories": [], "severity": None, "spans": [], **fields})


def rows() -> list[dict[str, Any]]:
    return [row(1), fine(2), row(3, split="eval"), row(4, rewrite="They are all lazy 4.")]


def conversations() -> list[dict[str, Any]]:
    return [row(1), row(2, messages=TURNS, prompt="Q?"), fine(3)]


def all_ways() -> list[dict[str, Any]]:
    """A row of every verdict there is."""
    return [row(1), fine(2), compared(3), compared(4, "tie"), compared(5, "both_bad"), demonstrated(6)]


def written(snapshot: Snapshot, name: str) -> bytes:
    return b"".join(export.content(snapshot, export.find(name)))


def records(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(snapshot, name).splitlines()]


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def assistant(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


PROMPT, ANSWER, REWRITE = "What are people of trade {} like?", "They are all lazy {}.", "They differ, as people do {}."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "sft",
            [
                {"prompt": PROMPT.format(1), "completion": REWRITE.format(1)},
                {"prompt": PROMPT.format(2), "completion": ANSWER.format(2)},
            ],
        ),
        (
            "messages",
            [
                {"messages": user(PROMPT.format(1)) + assistant(REWRITE.format(1))},
                {"messages": user(PROMPT.format(2)) + assistant(ANSWER.format(2))},
            ],
        ),
        ("dpo", [{"prompt": PROMPT.format(1), "chosen": REWRITE.format(1), "rejected": ANSWER.format(1)}]),
        (
            "kto",
            [
                {"prompt": PROMPT.format(1), "completion": ANSWER.format(1), "label": False},
                {"prompt": PROMPT.format(1), "completion": REWRITE.format(1), "label": True},
                {"prompt": PROMPT.format(2), "completion": ANSWER.format(2), "label": True},
            ],
        ),
        ("jsonl", rows()),
    ],
)
def test_each_format_says_the_rows_in_its_own_words(cast: Cast, name: str, expected: list[Any]) -> None:
    assert records(make_snapshot(cast.project, rows()), name) == expected


BETTER, WRITTEN = "They work hard {}.", "Ask them, one by one {}."


@pytest.mark.parametrize(
    ("name", "expected", "left_out"),
    [
        (
            "sft",
            [(1, REWRITE), (2, ANSWER), (3, BETTER), (6, WRITTEN)],
            {"a tie, so neither answer is the better one": 1, "both answers bad, so there is none to learn": 1},
        ),
        (
            "dpo",
            [(1, REWRITE, ANSWER), (3, BETTER, ANSWER)],
            {
                "found fine, so nothing was rejected": 1,
                "a tie, so neither answer is the better one": 1,
                "both answers bad, so there is none to learn": 1,
                "written by a person, so nothing was rejected": 1,
            },
        ),
        (
            "kto",
            [
                *((1, ANSWER, False), (1, REWRITE, True), (2, ANSWER, True), (3, ANSWER, False), (3, BETTER, True)),
                *((5, ANSWER, False), (5, BETTER, False), (6, WRITTEN, True)),
            ],
            {"a tie, so neither answer is the better one": 1},
        ),
    ],
)
def test_every_way_of_working_comes_out_in_every_format(cast: Cast, name: str, expected: Any, left_out: Any) -> None:
    snapshot = make_snapshot(cast.project, all_ways())
    found = [tuple(record.values())[1:] for record in records(snapshot, name)]
    assert found == [tuple(x.format(n) if isinstance(x, str) else x for x in rest) for n, *rest in expected]
    assert export.manifest(snapshot, export.find(name))["left_out"] == left_out


def test_a_demonstration_ends_a_conversation_as_a_rewrite_does(cast: Cast) -> None:
    turns = [demonstrated(1, messages=TURNS, prompt="Q?"), compared(2, messages=TURNS, prompt="Q?")]
    snapshot = make_snapshot(cast.project, turns)
    assert [record["messages"] for record in records(snapshot, "messages")] == [
        TURNS + assistant(WRITTEN.format(1)),
        TURNS + assistant(BETTER.format(2)),
    ]
    (preference,) = records(snapshot, "dpo")
    assert preference == {
        "prompt": TURNS,
        "chosen": assistant(BETTER.format(2)),
        "rejected": assistant(ANSWER.format(2)),
    }


@pytest.mark.parametrize("composition", [{}, {"conversations": 1}])
@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("sft", {"prompt": TURNS, "completion": assistant(REWRITE.format(2))}),
        ("messages", {"messages": TURNS + assistant(REWRITE.format(2))}),
        ("dpo", {"prompt": TURNS, "chosen": assistant(REWRITE.format(2)), "rejected": assistant(ANSWER.format(2))}),
    ],
)
def test_one_conversation_makes_every_prompt_a_conversation(
    cast: Cast, name: str, second: Any, composition: Any
) -> None:
    snapshot = make_snapshot(cast.project, conversations())
    snapshot.composition = composition
    first, found, *_ = records(snapshot, name)
    assert found == second
    if name != "messages":
        assert first["prompt"] == user(PROMPT.format(1))


def test_a_manifest_says_what_the_file_is(cast: Cast) -> None:
    snapshot = make_snapshot(cast.project, rows())
    content = written(snapshot, "dpo")
    manifest = export.manifest(snapshot, export.find("dpo"))
    created = manifest.pop("created")
    assert created.startswith("20")
    assert manifest == {
        "file": f"peoples-{snapshot.digest[:12]}-dpo.jsonl",
        "format": "dpo",
        "rows": 1,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "filters": {"split": ["train"], "verdict": ["biased", "preferred"]},
        "left_out": {
            "found fine, so nothing was rejected": 1,
            "held out for evaluation": 1,
            "empty, or the rewrite is the same as the answer": 1,
        },
        "schema": export.find("dpo").schema,
        "snapshot": snapshot.digest,
        "snapshot_rows": 4,
        "project": "peoples",
    }


@pytest.mark.parametrize("name", list(export.FORMATS))
def test_the_manifest_of_every_format_fits_its_file(cast: Cast, name: str) -> None:
    snapshot = store_snapshot.store(cast.project, conversations(), actor=None)
    manifest = export.manifest(snapshot, export.find(name))
    assert manifest["sha256"] == hashlib.sha256(written(snapshot, name)).hexdigest()
    assert manifest["rows"] == {"dpo": 2, "kto": 5}.get(name, 3)


def test_parquet_holds_every_column_of_every_row(cast: Cast) -> None:
    import pyarrow.parquet as pq

    for given in (rows(), conversations(), all_ways(), [fine(1, topic=None, guideline=None)]):
        snapshot = make_snapshot(cast.project, given)
        found = pq.read_table(io.BytesIO(written(snapshot, "parquet"))).to_pylist()
        for each in found:
            for name in ("outcomes", "severity", "categories"):
                each["soft"][name] = {one["name"]: one["share"] for one in each["soft"][name]}
        assert found == given


def test_the_documentation_names_every_column(settings: Any) -> None:
    from training.science.to_parquet import SCHEMA

    page = (settings.BASE_DIR / "docs" / "rows.md").read_text(encoding="utf-8")
    assert set(SCHEMA.names) == set(export.find("jsonl").schema) == set(row(1))
    assert [name for name in SCHEMA.names if f"| `{name}` |" not in page] == []


def test_a_parquet_file_that_cannot_be_made_is_said(cast: Cast) -> None:
    snapshot = make_snapshot(cast.project, [row(1)])
    snapshot.path.write_text("not json\n")
    with pytest.raises(export.ExportFailed, match="could not be written") as failure:
        written(snapshot, "parquet")
    assert "JSONDecodeError" in failure.value.log


@pytest.mark.parametrize("name", ["sft", "jsonl", "parquet"])
def test_a_snapshot_whose_file_is_gone_is_said_before_anything_is_sent(cast: Cast, name: str) -> None:
    snapshot = make_snapshot(cast.project, [row(1)])
    snapshot.path.unlink()
    with pytest.raises(export.ExportFailed, match="not on the disk"):
        export.export(snapshot, export.find(name), actor=cast.iris)
    assert not AuditEntry.objects.filter(verb="exported").exists()


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(export.UnknownFormat, match="sft, messages, dpo"):
        export.find("xlsx")


@pytest.mark.parametrize("name", ["sft", "kto", "jsonl"])
def test_memory_does_not_grow_with_the_rows(cast: Cast, name: str) -> None:
    snapshot = make_snapshot(cast.project, [row(n, completion="x" * 5000) for n in range(2000)])
    tracemalloc.start()
    size = sum(len(piece) for piece in export.content(snapshot, export.find(name)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 150_000
    assert peak < 2_000_000


def test_the_command_writes_the_file_and_its_manifest(cast: Cast, tmp_path: Path) -> None:
    snapshot = make_snapshot(cast.project, rows())
    out = io.StringIO()
    call_command("export_snapshot", snapshot.digest[:10], "--format", "sft", "--out", str(tmp_path), stdout=out)
    path = Path(out.getvalue().strip())
    manifest = json.loads(path.with_name(path.name + ".manifest.json").read_text())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == manifest["sha256"]
    assert not list(tmp_path.glob("*.unfinished"))
    assert AuditEntry.objects.filter(verb="exported", data__format="sft").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ffff"], "no snapshots start with ffff"),
        ([""], "2 snapshots start with"),
        (["{}", "--out", "/nowhere"], "folder"),
    ],
)
def test_the_command_refuses_in_a_sentence(cast: Cast, arguments: list[str], sentence: str) -> None:
    snapshots = [make_snapshot(cast.project, [row(n)]) for n in (1, 2)]
    with pytest.raises(CommandError, match=sentence):
        call_command("export_snapshot", *[argument.format(snapshots[0].digest) for argument in arguments])


@pytest.mark.science
@pytest.mark.parametrize(
    "given", [[*all_ways(), row(7, split="eval")], conversations()], ids=["texts of every way", "conversations"]
)
@pytest.mark.parametrize("name", ["sft", "messages", "dpo", "kto"])
def test_each_format_loads_and_feeds_the_trainer_it_is_for(
    cast: Cast,
    tmp_path: Path,
    tiny: Callable[..., str],  # noqa: F811
    name: str,
    given: list[dict[str, Any]],
) -> None:
    import trl
    from datasets import load_dataset

    snapshot = make_snapshot(cast.project, given)
    path = tmp_path / f"{name}.jsonl"
    path.write_bytes(written(snapshot, name))
    data = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(data.column_names) == set(export.find(name).schema)
    trainer, config = {
        "sft": (trl.SFTTrainer, trl.SFTConfig),
        "messages": (trl.SFTTrainer, trl.SFTConfig),
        "dpo": (trl.DPOTrainer, trl.DPOConfig),
        "kto": (trl.KTOTrainer, trl.KTOConfig),
    }[name]
    run = trainer(
        model=tiny("llama"),
        train_dataset=data,
        args=config(
            output_dir=str(tmp_path / "out"),
            max_steps=1,
            per_device_train_batch_size=2,
            report_to=[],
            use_cpu=True,
            save_strategy="no",
            disable_tqdm=True,
            bf16=False,
            max_length=256,
        ),
    ).train()
    assert run.training_loss == run.training_loss
    assert run.training_loss > 0
