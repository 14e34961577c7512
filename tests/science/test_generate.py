"""Sampled answers: the same for the same seed whatever stands beside them, and from the right distribution."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.science.conftest import WORDS, write_lines
from training.science import loading
from training.science.generate import generate
from training.science.lines import Refused
from training.science.rendering import Rendering
from training.science.sampling import RowSampler

pytestmark = pytest.mark.science

PROMPTS = [{"id": f"p{i}", "prompt": f"Who is {'very ' * (i % 4)}{WORDS[i]}?", "seed": i} for i in range(9)]


@pytest.fixture
def ask(tmp_path, tiny):
    """ask(rows, **changes): the answers to prompt rows, read from the output file."""

    def run(rows=None, kind="llama", chat=True, **changes):
        path = write_lines(tmp_path / "prompts.jsonl", PROMPTS if rows is None else rows)
        output = tmp_path / "answers.jsonl"
        output.unlink(missing_ok=True)
        fields = {"base_model": tiny(kind, chat), "prompts_path": str(path), "output_path": str(output), "threads": 1}
        (tmp_path / "spec.json").write_text(json.dumps(fields | {"max_new_tokens": 8} | changes))
        generate(str(tmp_path / "spec.json"))
        return [json.loads(line) for line in output.read_text().splitlines()]

    return run


@pytest.mark.parametrize(("kind", "chat"), [("llama", True), ("qwen3", True), ("gpt2", False)])
def test_a_row_gets_the_same_answer_alone_and_in_any_batch(ask, kind, chat):
    together = ask(kind=kind, chat=chat, top_p=0.95)
    assert [row["id"] for row in together] == [row["id"] for row in PROMPTS]
    assert ask(kind=kind, chat=chat, top_p=0.95, batch_size=2) == together
    assert ask(PROMPTS[4:5], kind=kind, chat=chat, top_p=0.95) == together[4:5]


def test_other_seeds_give_other_answers_and_greedy_ignores_them(ask):
    rows = [{"id": seed, "prompt": "Who is loud?", "seed": seed} for seed in range(6)]
    assert len({row["completion"] for row in ask(rows)}) == 6
    assert len({row["completion"] for row in ask(rows, temperature=0)}) == 1


def test_greedy_answers_are_those_of_plain_generation(ask, tiny):
    models = loading.Models.load(tiny())
    ids = Rendering.of(models.tokenizer).prompt_ids(PROMPTS[0]["prompt"])
    expected = models.model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=8)[0, len(ids) :]
    told = models.tokenizer.decode(expected, skip_special_tokens=True).strip()
    assert ask(PROMPTS, temperature=0)[0]["completion"] == told


def test_a_models_own_sampling_habits_do_not_reach_the_answers(ask, tiny, tmp_path):
    base = Path(shutil.copytree(tiny(), tmp_path / "habits"))
    habits = {"repetition_penalty": 9.0, "do_sample": True, "top_k": 1, "temperature": 0.1, "no_repeat_ngram_size": 1}
    (base / "generation_config.json").write_text(json.dumps(habits))
    for temperature in (0, 1):
        assert ask(base_model=str(base), temperature=temperature) == ask(temperature=temperature)


def test_tokens_are_drawn_as_often_as_they_are_likely():
    share = torch.tensor([0.5, 0.3, 0.15, 0.05])
    rows = 4000
    sampler = RowSampler(range(rows), 1, 1.0, 1.0, start=0, device="cpu")
    chosen = sampler(torch.zeros(rows, 0), share.log().expand(rows, 4)).argmax(-1)
    found = [Counter(chosen.tolist())[token] / rows for token in range(4)]
    assert found == pytest.approx(share.tolist(), abs=0.025)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.4, {0}), (0.5, {0}), (0.6, {0, 2}), (0.94, {0, 2, 3}), (1.0, {0, 1, 2, 3})]
)
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p, kept):
    share = torch.tensor([0.5, 0.05, 0.3, 0.15])
    sampler = RowSampler(range(500), 1, 1.0, top_p, start=0, device="cpu")
    assert set(sampler(torch.zeros(500, 0), share.log().expand(500, 4)).argmax(-1).tolist()) == kept


def test_a_low_temperature_comes_near_the_most_likely_token():
    share = torch.tensor([0.4, 0.6])
    sampler = RowSampler(range(500), 1, 0.05, 1.0, start=0, device="cpu")
    assert sampler(torch.zeros(500, 0), share.log().expand(500, 2)).argmax(-1).float().mean() > 0.99


def test_a_prompt_too_long_for_the_model_costs_the_others_nothing(ask):
    rows = [{"id": "long", "prompt": "calm " * 400, "seed": 1}, *PROMPTS[:2]]
    long, *others = ask(rows)
    assert long["completion"] == ""
    assert long["error"].startswith("The prompt is too long for the model. It has 4")
    assert others == ask(PROMPTS[:2])


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_where_the_model_has_less_room_than_is_asked_for_the_answer_ends_there(ask, kind, tiny):
    """As with a new project's settings and the model that comes with the code: 256 of 256 tokens are wanted."""
    longest = loading.Models.load(tiny(kind)).longest
    rows = [{"id": n, "prompt": "calm " * words, "seed": n} for n, words in enumerate((3, 4, 90))]
    together = ask(rows, kind=kind, max_new_tokens=longest)
    assert [row.get("error") for row in together] == [None] * 3
    assert together[2]["tokens"] < longest - 90
    for row, alone in zip(rows, together, strict=True):
        assert ask([row], kind=kind, max_new_tokens=longest) == [alone]


def test_a_conversation_that_the_template_refuses_costs_the_others_nothing(ask, tiny, tmp_path):
    base = Path(shutil.copytree(tiny(), tmp_path / "strict"))
    strict = "{% if messages[0].role != 'user' %}{{ raise_exception('Start with a user.') }}{% endif %}"
    (base / "chat_template.jinja").write_text(strict + (base / "chat_template.jinja").read_text())
    rows = [{"id": 1, "messages": [{"role": "assistant", "content": "hello"}], "seed": 1}, *PROMPTS[:2]]
    refused, *others = ask(rows, base_model=str(base))
    assert "Start with a user." in refused["error"]
    assert others == ask(PROMPTS[:2])


@pytest.mark.parametrize("temperature", [0, 1])
def test_a_model_that_computes_no_numbers_is_refused(ask, damaged, temperature):
    with pytest.raises(Refused, match="no numbers") as refused:
        ask(base_model=damaged, temperature=temperature)
    assert refused.value.code == "nan"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no rows"),
        ("{", "line 1"),
        ('{"id": 1}', "line 1: expected id"),
        ('{"id": 1, "prompt": "a"}\n[]', "line 2"),
    ],
)
def test_bad_prompts_are_refused_and_no_file_appears(tmp_path, tiny, content, said):
    (tmp_path / "prompts.jsonl").write_text(content)
    fields = {"prompts_path": str(tmp_path / "prompts.jsonl"), "output_path": str(tmp_path / "out.jsonl")}
    (tmp_path / "spec.json").write_text(json.dumps(fields | {"base_model": tiny()}))
    with pytest.raises(Refused, match=said):
        generate(str(tmp_path / "spec.json"))
    assert not (tmp_path / "out.jsonl").exists()


def test_progress_is_said_batch_by_batch(ask, said):
    ask(batch_size=4)
    done = [line["done"] for line in said() if line["event"] == "progress"]
    assert done == [4, 8, 9]
