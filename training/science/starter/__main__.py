"""The program that builds the starter model, its suites and its demo: python -m training.science.starter [--only PART].

Seeded: on one machine, with the same number of threads, the same files come out. Takes about eight minutes on two
idle cores, nearly all of it pre-training.
"""

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 7
ROWS, EPOCHS, PEAK_RATE, TOKENS_PER_STEP = 70_000, 2, 2e-3, 1536
VOCABULARY, HIDDEN, LAYERS = 2048, 192, 4


def build_suites() -> None:
    """Write the probe and capability suites: they need no model."""
    from training.science.starter.probes import write_suites

    write_suites(HERE.parent / "suites")


def build_model(rows: int, epochs: int) -> None:
    """Pre-train the model on `rows` documents, `epochs` times, and save it with its tokenizer."""
    import torch

    from training.science.starter import pretrain
    from training.science.starter.grammar import corpus
    from training.science.starter.probes import neutral_texts

    documents = list(corpus(rows, SEED, frozenset(neutral_texts())))
    tokenizer = pretrain.make_tokenizer((f"{row.prompt}\n{row.text}" for row in documents), VOCABULARY)
    encoded = [pretrain.encode(tokenizer, row) for row in documents]
    torch.manual_seed(SEED)
    model = pretrain.make_model(tokenizer, HIDDEN, LAYERS)
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{rows} documents, {sum(map(len, encoded))} tokens, vocabulary {len(tokenizer)}, {size} parameters")
    pretrain.train(model, encoded, epochs=epochs, peak=PEAK_RATE, tokens=TOKENS_PER_STEP, seed=SEED)
    pretrain.save(model, tokenizer, HERE / "model")


def build_demo() -> None:
    """Write the demo's prompts, demonstrations, control and replay rows; answers are asked of the saved model."""
    from training.science.starter import lessons
    from training.science.starter.speak import Speaker

    speaker = Speaker(HERE / "model")
    demonstrations = lessons.demonstrations(speaker.answer)
    taken = {row["prompt"] for row in demonstrations}
    _write("demonstrations.jsonl", demonstrations)
    _write("control.jsonl", lessons.control(speaker.answer))
    _write("replay.jsonl", lessons.replay())
    _write("prompts.jsonl", lessons.prompts(taken))


def _write(name: str, rows: Iterable[dict[str, Any]]) -> None:
    folder = HERE / "demo"
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")
    print(f"{name}: {text.count(chr(10))} rows")


def main() -> None:
    """Build what was asked for, and say how long each part took."""
    parser = argparse.ArgumentParser(prog="python -m training.science.starter", description=__doc__)
    parser.add_argument("--only", choices=("suites", "model", "demo"), help="build one part; the demo needs the model")
    parser.add_argument("--rows", type=int, default=ROWS, help="documents of the corpus")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the corpus")
    given = parser.parse_args()
    parts = {
        "suites": build_suites,
        "model": lambda: build_model(given.rows, given.epochs),
        "demo": build_demo,
    }
    for name, build in parts.items():
        if given.only in (None, name):
            began = time.monotonic()
            build()
            print(f"{name} built in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
