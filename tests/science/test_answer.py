"""The model that stays loaded: the same answers as a batch of its own, and an end when nobody asks."""

import json
import os
from types import SimpleNamespace

import pytest

from tests.science.test_generate import PROMPTS, ask  # noqa: F401  # a fixture
from training import resident
from training.science import loading
from training.science.answer import Wish, heard, read, rows
from training.science.spec import AnswerSpec

pytestmark = pytest.mark.science

SAMPLING = {"temperature": 0.8, "top_p": 0.95, "max_new_tokens": 8}


def test_the_child_that_stays_gives_the_answers_that_a_batch_gives(ask, tiny, settings):  # noqa: F811
    settings.SCIENCE_THREADS = 1
    version = SimpleNamespace(base_model=tiny(), adapter_path=None)
    try:
        told = list(resident.ask(version, PROMPTS[:4], SAMPLING))
        late = list(resident.ask(version, PROMPTS[4:], SAMPLING))
    finally:
        resident.close()
    kept = [{name: one[name] for name in ("id", "seed", "completion", "tokens", "finished")} for one in told + late]
    assert kept == ask(PROMPTS, **SAMPLING)


def test_questions_with_other_settings_or_none_at_all_cost_the_others_nothing(tiny):
    models, spec = loading.Models.load(tiny()), AnswerSpec(base_model=tiny())
    good, hot = (
        read(json.dumps({**PROMPTS[0], "sampling": {**SAMPLING, "temperature": t}}).encode()) for t in (0.8, 9)
    )
    told = list(
        rows(
            models,
            spec,
            [
                good,
                hot,
                read(b"{"),
                read(b'{"id": 7}'),
                read(b'{"id": 8, "prompt": "a"}')._replace(sampling={"heat": 1}),
                good,
            ],
        )
    )
    assert [bool(one.get("error")) for one in told] == [False, True, True, True, True, False]
    assert told[0] == told[-1]
    assert "temperature: must be 0 to 5" in told[1]["error"]
    assert told[3]["id"] == 7


def test_lines_are_heard_whole_together_and_until_the_other_end_closes_or_is_silent():
    source, sink = os.pipe()
    listening = heard(source, 0.05)
    os.write(sink, b'{"id": 1, "prompt": "a"}\n\n{"id": 2, "prompt": "b"}\n{"id": 3, ')
    assert [wish.prompt["id"] for wish in next(listening)] == [1, 2]
    os.write(sink, b'"prompt": "c"}\n')
    assert next(listening) == [Wish({"id": 3, "prompt": "c", "messages": None, "seed": 0}, {})]
    with pytest.raises(StopIteration):  # silence
        next(listening)
    listening = heard(source, 60)
    os.write(sink, b'{"id": 4, "prompt": "d"}\n')
    os.close(sink)
    assert [wish.prompt["id"] for wishes in listening for wish in wishes] == [4]
    os.close(source)
