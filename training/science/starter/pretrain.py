"""Tokenizer, model and training loop of the starter model: from corpus rows to a folder that Transformers loads.

A Llama of about 2 million parameters. Trained in float32; the weights are stored in float16 to keep the repository
small, and config.json says float32, so that loading casts them back up and nobody fine-tunes in half precision.
"""

import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.science.starter.grammar import Row

BOS, EOS, PAD, SYSTEM, USER, ASSISTANT = "<|bos|>", "<|eos|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def make_tokenizer(texts: Iterator[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE: any Unicode text goes in and comes out unchanged. No token is added by itself."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            min_frequency=2,
            special_tokens=[PAD, BOS, EOS, SYSTEM, USER, ASSISTANT],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        clean_up_tokenization_spaces=False,
        model_max_length=256,
        padding_side="left",
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def make_model(tokenizer: PreTrainedTokenizerFast, hidden: int, layers: int) -> LlamaForCausalLM:
    """A Llama of `layers` layers, `hidden` wide, with random weights."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=hidden * 8 // 3,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, row: Row) -> list[int]:
    """Token ids of a row: through the chat template, or plain text between BOS and EOS."""
    text = f"{USER}{row.prompt}{ASSISTANT}{row.text}" if row.prompt else row.text
    ids: list[int] = tokenizer(f"{BOS}{text}{EOS}", add_special_tokens=False)["input_ids"]
    return ids


def batches(rows: Sequence[list[int]], tokens: int, rng: random.Random) -> list[list[list[int]]]:
    """Batches of about `tokens` tokens; the rows of a batch have one length, so that nothing is padded."""
    by_length: dict[int, list[list[int]]] = {}
    for row in rows:
        by_length.setdefault(len(row), []).append(row)
    made = []
    for length, group in sorted(by_length.items()):
        rng.shuffle(group)
        size = max(1, tokens // length)
        made += [group[i : i + size] for i in range(0, len(group), size)]
    rng.shuffle(made)
    return made


def train(
    model: LlamaForCausalLM, rows: Sequence[list[int]], *, epochs: int, peak: float, tokens: int, seed: int
) -> None:
    """AdamW with a short warm-up and a cosine down to a twentieth; prints a line every few seconds."""
    rng = random.Random(seed)
    steps = [batch for _ in range(epochs) for batch in batches(rows, tokens, rng)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    began = said = time.monotonic()
    for step, batch in enumerate(steps):
        progress = step / len(steps)
        rate = peak * min(1.0, (step + 1) / 50) * (0.05 + 0.95 * (1 + math.cos(math.pi * progress)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        ids = torch.tensor(batch)
        loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if time.monotonic() - said > 10 or step + 1 == len(steps):
            said = time.monotonic()
            print(f"step {step + 1}/{len(steps)}  loss {loss.item():.3f}  {said - began:.0f} s", flush=True)


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the weights in float16, and a configuration that has them cast up to float32 when loaded."""
    model.eval()
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.half().save_pretrained(folder)
    model.float()
    model.config.dtype = torch.float32
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
