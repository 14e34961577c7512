"""Log-likelihoods of texts under a model, in batches."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from training.science.lines import Refused

_CELLS = 2**27
"""Logits of one batch at most: a vocabulary of 150,000 would otherwise need gigabytes for a few dozen texts."""
Span = tuple[list[int], int]
"""Token ids, and at which of them the scored part starts (at least 1: the first token has no context)."""


@torch.inference_mode()
def log_likelihoods(
    model: Any,
    spans: Sequence[Span],
    *,
    pad: int,
    batch_size: int,
    progress: Callable[[int], None],
) -> list[float]:
    """Sum over the scored tokens of log p(token | tokens before), in nats, for each span, in their order.

    Parameters
    ----------
    spans : sequence of (ids, start)
        An empty scored part (start at the end) has log-likelihood 0.
    pad : int
        Token id to fill short rows with, on the right.
    progress : callable
        Called with the number of spans scored so far, after each batch.

    Raises
    ------
    Refused
        Code ``nan``: the model computes no numbers.
    """
    found: dict[int, float] = {}
    by_length = sorted(range(len(spans)), key=lambda i: len(spans[i][0]))
    most = max(1, _CELLS // int(model.config.get_text_config().vocab_size))  # tokens of a batch
    start = 0
    while start < len(by_length):
        batch = by_length[start : start + batch_size]
        while len(batch) > 1 and len(batch) * len(spans[batch[-1]][0]) > most:
            batch = batch[: len(batch) // 2]
        start += len(batch)
        found.update(zip(batch, _batch(model, [spans[i] for i in batch], pad), strict=True))
        progress(len(found))
    if not all(math.isfinite(total) for total in found.values()):
        raise Refused("nan", "The model gives probabilities that are no numbers: its weights are damaged.")
    return [found[i] for i in range(len(spans))]


def _batch(model: Any, spans: Sequence[Span], pad: int) -> list[float]:
    width = max(len(ids) for ids, _ in spans)
    ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in spans], device=model.device)  # (B, T)
    mask = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in spans], device=model.device)
    counted = torch.tensor([[start <= t < len(ids) for t in range(width)] for ids, start in spans], device=model.device)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1].float()  # (B, T - 1, V)
    chosen = logits.gather(-1, ids[:, 1:, None]).squeeze(-1) - logits.logsumexp(-1)  # (B, T - 1)
    return [float(total) for total in chosen.double().masked_fill(~counted[:, 1:], 0.0).sum(-1).tolist()]
