"""Evaluation on tiny models: the same items for both, scores from the raw lines alone, and no model computed twice."""

import json
import math

import pytest
import torch

from tests.science.conftest import WORDS, write_lines
from training.science import loading, scoring
from training.science.evaluate import evaluate
from training.science.lines import Refused
from training.science.scoring import log_likelihoods
from training.science.suite import read_suite

pytestmark = pytest.mark.science

ITEMS = [
    *(
        {"id": f"a{i}", "kind": "answer", "axis": "people", "group": f"g{i % 2}", "prompt": f"Who is {WORDS[i]}?"}
        | {"stereotyped": ["loud", "late"], "counter": ["calm"]}
        for i in range(4)
    ),
    *(
        {"id": f"p{i}", "kind": "pair", "axis": "trade", "group": f"g{i % 2}", "template": f"t{i // 2}"}
        | {"prompt": "Who?" if i % 2 else "", "more": f"the {WORDS[i]} is late", "less": "the miller is late"}
        for i in range(6)
    ),
    *({"id": f"t{i}", "kind": "text", "text": f"the {WORDS[i]} naïve at dawn"} for i in range(3)),
    *({"id": f"e{i}", "kind": "exact", "prompt": f"{WORDS[i]}?", "answer": "calm"} for i in range(3)),
]


def make_suite(folder, items=ITEMS, **about):
    sampling = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 6, "samples_per_prompt": 2}
    write_lines(folder / "items.jsonl", items)
    head = {"name": folder.name, "version": 1, "title": "A suite", "sampling": sampling} | about
    (folder / "suite.json").write_text(json.dumps(head))
    return str(folder)


def make_adapter(folder, base):
    """A random adapter that changes the model a lot, without training it."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(model, config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory, tiny):
    return make_adapter(tmp_path_factory.mktemp("adapter"), tiny())


def run(folder, models, suites, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"models": models, "suites": suites, "output_dir": str(folder / "out"), "bootstrap": 200, "threads": 1}
    (folder / "spec.json").write_text(json.dumps(fields | changes))
    evaluate(str(folder / "spec.json"))
    return json.loads((folder / "out" / "results.json").read_text())


@pytest.fixture(scope="module")
def measured(tmp_path_factory, tiny, adapter):
    """A folder where a candidate was measured against its base."""
    folder = tmp_path_factory.mktemp("measured")
    suite = make_suite(folder / "probes")
    models = [
        {"key": "candidate", "base_model": tiny(), "adapter": adapter},
        {"key": "current", "base_model": tiny()},
    ]
    run(folder, models, [suite])
    return folder


def results_of(folder):
    return json.loads((folder / "out" / "results.json").read_text())


def raw_of(folder, key, suite="probes"):
    return [json.loads(line) for line in (folder / "out" / f"raw-{suite}-{key}.jsonl").read_text().splitlines()]


def test_every_metric_has_its_scores_for_both_models_and_a_comparison(measured):
    [suite] = results_of(measured)["suites"]
    assert suite["digest"] == read_suite(measured / "probes").digest
    wanted = {
        "stereotyped_answer_rate",
        "counter_answer_rate",
        "answered_rate",
        "abs_llr",
        "signed_llr",
        "abs_llr_per_token",
        "signed_llr_per_token",
        "stereotype_preference",
        "bits_per_byte",
        "exact_match",
    }
    for model in suite["models"].values():
        assert {score["metric"] for score in model["scores"]} == wanted
        assert model["seconds"] > 0
        assert (measured / "out" / model["raw"]).is_file()
    assert {comparison["metric"] for comparison in suite["comparisons"]} == wanted
    assert any(comparison["delta"] != 0 for comparison in suite["comparisons"])


def test_raw_lines_stand_in_the_order_of_the_items_with_every_sample(measured):
    rows = raw_of(measured, "candidate")
    assert [row["id"] for row in rows] == [i["id"] for i in ITEMS for _ in range(2 if i["kind"] == "answer" else 1)]
    assert [row["sample"] for row in rows[:4]] == [0, 1, 0, 1]


def test_the_adapter_is_switched_off_for_the_current_model(measured, tmp_path, tiny):
    suite = str(measured / "probes")
    run(tmp_path, [{"key": "alone", "base_model": tiny()}], [suite])
    assert raw_of(tmp_path, "alone") == raw_of(measured, "current")
    assert raw_of(measured, "candidate") != raw_of(measured, "current")


@pytest.mark.parametrize("cells", [2**27, 320 * 15])
def test_log_likelihoods_are_those_of_each_text_alone(tiny, monkeypatch, cells):
    monkeypatch.setattr(scoring, "_CELLS", cells)
    models = loading.Models.load(tiny())
    spans = [(list(range(5, 5 + length)), start) for length, start in ((3, 1), (9, 4), (6, 6), (12, 1))]
    found = log_likelihoods(models.model, spans, pad=1, batch_size=3, progress=lambda done: None)
    for (ids, start), total in zip(spans, found, strict=True):
        with torch.inference_mode():
            logs = models.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        expected = sum(float(logs[t - 1, ids[t]]) for t in range(start, len(ids)))
        assert total == pytest.approx(expected, abs=1e-4)


def test_bits_per_byte_are_the_models_loss_in_other_units(measured, tiny):
    models = loading.Models.load(tiny())
    nats = size = 0.0
    for item in (item for item in ITEMS if item["kind"] == "text"):
        ids = torch.tensor([models.tokenizer("<|bos|>" + item["text"])["input_ids"]])
        with torch.inference_mode():
            nats += float(models.model(ids, labels=ids).loss) * (ids.shape[1] - 1)
        size += len(item["text"].encode())
    [score] = [
        score
        for score in results_of(measured)["suites"][0]["models"]["current"]["scores"]
        if score["metric"] == "bits_per_byte"
    ]
    assert score["value"] == pytest.approx(nats / math.log(2) / size, rel=1e-4)


def test_the_same_model_twice_differs_in_nothing(measured, tmp_path, tiny):
    models = [{"key": "candidate", "base_model": tiny()}, {"key": "current", "base_model": tiny()}]
    [suite] = run(tmp_path, models, [str(measured / "probes")])["suites"]
    assert {comparison["delta"] for comparison in suite["comparisons"]} == {0.0}


def test_earlier_raw_results_are_read_instead_of_computed(measured, tmp_path, said):
    known = {f"probes/{key}": str(measured / "out" / f"raw-probes-{key}.jsonl") for key in ("candidate", "current")}
    models = [{"key": "candidate", "base_model": "/gone"}, {"key": "current", "base_model": "/gone"}]
    [again] = run(tmp_path, models, [str(measured / "probes")], known_raw=known)["suites"]
    [before] = results_of(measured)["suites"]
    assert again["comparisons"] == before["comparisons"]
    assert again["models"]["current"]["scores"] == before["models"]["current"]["scores"]
    assert not any(line.get("name") == "loading model" for line in said())


def test_earlier_results_of_another_version_of_the_suite_are_refused(measured, tmp_path, tiny):
    suite = make_suite(tmp_path / "probes", ITEMS, version=2)
    known = {"probes/current": str(measured / "out" / "raw-probes-current.jsonl")}
    with pytest.raises(Refused, match="another version"):
        run(tmp_path, [{"key": "current", "base_model": tiny()}], [suite], known_raw=known)


def test_a_model_that_computes_no_numbers_is_refused(measured, tmp_path, damaged):
    suite = make_suite(tmp_path / "texts", [item for item in ITEMS if item["kind"] == "text"])
    with pytest.raises(Refused, match="no numbers"):
        run(tmp_path, [{"key": "alone", "base_model": damaged}], [suite])


def test_progress_counts_every_unit_of_a_suite(measured, tmp_path, tiny, said):
    run(tmp_path, [{"key": "alone", "base_model": tiny()}], [str(measured / "probes")], batch_size=5)
    lines = [line for line in said() if line["event"] == "progress"]
    assert [line["done"] for line in lines] == sorted(line["done"] for line in lines)
    assert lines[-1]["done"] == lines[-1]["total"] == 4 * 2 + 6 * 2 + 3 + 3


def test_a_model_of_another_base_is_loaded_for_itself(measured, tmp_path, tiny):
    models = [{"key": "candidate", "base_model": tiny("gpt2", False)}, {"key": "current", "base_model": tiny()}]
    [suite] = run(tmp_path, models, [str(measured / "probes")])["suites"]
    assert suite["models"]["current"]["scores"] == results_of(measured)["suites"][0]["models"]["current"]["scores"]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "no items"),
        ([ITEMS[0], ITEMS[0]], "two with the same id"),
        ([{"id": "x", "kind": "riddle"}], "line 1: 'riddle' is no kind"),
        ([ITEMS[0], {"id": "x", "kind": "text"}], "line 2: text missing"),
        ([{"id": "x", "kind": "text", "text": " "}], "line 1: text must be a text that is not empty"),
    ],
)
def test_a_bad_suite_is_refused_with_its_line(tmp_path, items, said):
    with pytest.raises(Refused, match=said):
        read_suite(make_suite(tmp_path / "suite", items))


@pytest.mark.parametrize("about", [{"sampling": {"heat": 1}}, {"version": "new"}])
def test_bad_settings_of_a_suite_are_refused(tmp_path, about):
    with pytest.raises(Refused, match="not valid"):
        read_suite(make_suite(tmp_path / "suite", **about))
    with pytest.raises(Refused, match="cannot be read"):
        read_suite(tmp_path / "none")


@pytest.mark.parametrize("keys", [[], ["a", "a"], ["a", "b", "c"]])
def test_one_or_two_models_under_different_names_are_measured(tmp_path, tiny, keys):
    with pytest.raises(Refused, match="One or two models"):
        run(tmp_path, [{"key": key, "base_model": tiny()} for key in keys], [])


def test_an_item_longer_than_the_model_reads_is_refused_by_name(tmp_path, tiny):
    suite = make_suite(tmp_path / "long", [{"id": "saga", "kind": "text", "text": "calm " * 400}])
    with pytest.raises(Refused, match="saga"):
        run(tmp_path, [{"key": "alone", "base_model": tiny()}], [suite])
