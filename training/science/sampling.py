"""Answers of a model, sampled so that each row depends on its own seed and on nothing else in the batch.

Per row and step one uniform number u is drawn from the row's own generator, and the token is the first at which the
cumulative probability (after temperature and top-p, PAPERS.md#holtzman-2020) passes u. The choice is put into
transformers' greedy search as a logits processor, so that every architecture's cache and masks are handled by its own
`generate`.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from training.science.lines import Refused
from training.science.rendering import Rendering

_BEAT = 2.0
"""Seconds between two signs of life inside a batch."""


@dataclass(frozen=True, slots=True)
class Question:
    """Token ids to answer, the seed of the answer, and how many new tokens it may have."""

    ids: list[int]
    seed: int
    most: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the text, its length in tokens, and whether the model ended by itself."""

    text: str
    tokens: int
    finished: bool


class RowSampler(LogitsProcessor):  # type: ignore[misc]
    """Leaves of each row's scores only the token that the row's own random numbers choose.

    Parameters
    ----------
    seeds : sequence of int
        One per row.
    steps : int
        New tokens at most.
    temperature : float
        Above 0; logits are divided by it.
    top_p : float
        In (0, 1]: only the most likely tokens that together reach this probability stay.
    """

    def __init__(self, seeds: Sequence[int], steps: int, temperature: float, top_p: float, start: int, device: str):
        rows = [torch.rand(steps, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
        self.draws = torch.stack(rows).to(device)  # (B, steps)
        self.temperature, self.top_p, self.start = temperature, top_p, start

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        step = input_ids.shape[1] - self.start
        share = (scores.double() / self.temperature).softmax(-1)  # (B, V)
        if self.top_p < 1:
            ordered, places = share.sort(dim=-1, descending=True, stable=True)
            ordered[ordered.cumsum(-1) - ordered >= self.top_p] = 0  # the most likely one always stays
            share = torch.zeros_like(share).scatter(-1, places, ordered)
        heap = share.cumsum(-1)
        chosen = torch.searchsorted(heap, self.draws[:, step, None] * heap[:, -1:], right=True)
        chosen = chosen.clamp(max=scores.shape[1] - 1)
        return torch.full_like(scores, float("-inf")).scatter(-1, chosen, 0.0)


class OnlyNumbers(LogitsProcessor):  # type: ignore[misc]
    """Refuses scores that are no numbers; argmax would take them for an answer."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if bool(scores.isnan().any()):
            raise Refused("nan", "The model gives probabilities that are no numbers: its weights are damaged.")
        return scores


class Pulse(StoppingCriteria):  # type: ignore[misc]
    """Stops nothing; calls `beat` every few seconds, so that a long batch does not look dead."""

    def __init__(self, beat: Callable[[], None]):
        self.beat, self.last = beat, time.monotonic()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        if time.monotonic() - self.last > _BEAT:
            self.beat()
            self.last = time.monotonic()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def answer(
    model: Any,
    rendering: Rendering,
    questions: Sequence[Question],
    *,
    temperature: float,
    top_p: float,
    batch_size: int,
    progress: Callable[[int], None],
) -> list[Answer]:
    """Answers to `questions`, in their order; only those that may be as long as each other share a batch.

    Parameters
    ----------
    temperature : float
        0 is greedy; the seeds then do not matter.
    progress : callable
        Called with the number of questions answered so far, after each batch and every few seconds.
    """
    answers: dict[int, Answer] = {}
    by_length = sorted(
        range(len(questions)), key=lambda i: (questions[i].most, len(questions[i].ids))
    )  # little padding
    for most, alike in groupby(by_length, key=lambda i: questions[i].most):
        group = list(alike)
        for start in range(0, len(group), batch_size):
            batch = group[start : start + batch_size]
            found = _batch(
                model,
                rendering,
                [questions[i] for i in batch],
                (temperature, top_p, most),
                lambda: progress(len(answers)),
            )
            answers.update(zip(batch, found, strict=True))
            progress(len(answers))
    return [answers[i] for i in range(len(questions))]


@torch.inference_mode()
def _batch(
    model: Any,
    rendering: Rendering,
    questions: Sequence[Question],
    settings: tuple[float, float, int],
    beat: Callable[[], None],
) -> list[Answer]:
    temperature, top_p, max_new_tokens = settings
    pad = rendering.tokenizer.pad_token_id
    width = max(len(question.ids) for question in questions)
    ids = torch.tensor([[pad] * (width - len(q.ids)) + q.ids for q in questions], device=model.device)  # (B, T)
    mask = torch.tensor([[0] * (width - len(q.ids)) + [1] * len(q.ids) for q in questions], device=model.device)
    processors = LogitsProcessorList([OnlyNumbers()])
    if temperature > 0:
        seeds = [question.seed for question in questions]
        processors.append(RowSampler(seeds, max_new_tokens, temperature, top_p, width, ids.device))
    config = GenerationConfig(
        do_sample=False,
        max_new_tokens=max_new_tokens,
        eos_token_id=rendering.stops,
        pad_token_id=pad,
        bos_token_id=rendering.opening[0],
    )
    kept, model.generation_config = model.generation_config, config  # a model's own penalties must not reach scores
    try:
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=config,
            logits_processor=processors,
            stopping_criteria=StoppingCriteriaList([Pulse(beat)]),
        )
    finally:
        model.generation_config = kept
    return [_cut(rendering, row) for row in out[:, width:].tolist()]


def _cut(rendering: Rendering, ids: list[int]) -> Answer:
    end = next((place for place, token in enumerate(ids) if token in rendering.stops), None)
    return Answer(rendering.answer(ids[:end]), len(ids) if end is None else end + 1, end is not None)
