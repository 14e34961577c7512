"""Program: one or two models and some suites in, scores and comparisons out (``python -m training.science.evaluate
SPEC.json``).

Both models meet the same items with the same seeds. Every item's raw result is kept in ``raw-<suite>-<key>.jsonl``;
``results.json`` is made from those alone and is written last.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.science import bias, capability, lexicon, lines, loading, measures
from training.science.lines import Refused, say
from training.science.rendering import Rendering
from training.science.spec import EvaluationSpec, ModelRef
from training.science.suite import Suite, read_suite

METRICS = bias.METRICS + capability.METRICS
RawRow = dict[str, Any]


def evaluate(spec_path: str) -> None:
    """Measure what the specification at `spec_path` asks; see the module's docstring."""
    try:
        spec = EvaluationSpec.read(spec_path)
        models = [ModelRef(**fields) for fields in spec.models]
    except (OSError, ValueError, TypeError) as error:
        raise Refused("settings", f"The settings cannot be used: {error}.") from error
    if not 1 <= len(models) <= 2 or len({model.key for model in models}) != len(models):
        raise Refused("settings", "One or two models can be evaluated, under different names.")
    loading.prepare_environment(spec.threads)
    say("stage", name="checking data")
    suites = [read_suite(folder) for folder in spec.suites]
    output = Path(spec.output_dir)
    output.mkdir(parents=True, exist_ok=True)
    raw = _known(spec, suites, models)
    seconds = dict.fromkeys(raw, 0.0)
    _measure(spec, suites, models, raw, seconds)
    say("stage", name="scoring")
    results = {"suites": [_suite_results(spec, suite, models, raw, seconds, output) for suite in suites]}
    _write(output / "results.json", json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    say("result", path=str(output / "results.json"))


def raw_name(suite: str, key: str) -> str:
    """File name of the raw results of model `key` on `suite`."""
    return f"raw-{suite}-{key}.jsonl"


def row_seed(seed: int, suite: str, item: str, sample: int) -> int:
    """Seed of one sampled answer: the same for every model, so that they share their luck."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{suite}/{item}/{sample}".encode()).digest()[:6], "big")


def _known(
    spec: EvaluationSpec, suites: Sequence[Suite], models: Sequence[ModelRef]
) -> dict[tuple[str, str], list[RawRow]]:
    """Raw results of an earlier run, checked to be of these very items."""
    found = {}
    for suite in suites:
        for model in models:
            path = spec.known_raw.get(f"{suite.name}/{model.key}")
            if path:
                found[suite.name, model.key] = _read_known(Path(path), suite)
    return found


def _read_known(path: Path, suite: Suite) -> list[RawRow]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        wrong = {row["id"] for row in rows} != {item["id"] for item in suite.items}
        wrong = wrong or any(row["suite"] != suite.digest for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused("data", f"The earlier results {path} cannot be read: {error}.") from error
    if wrong:
        raise Refused("data", f"The earlier results {path} are of another version of the suite {suite.name}.")
    return rows


def _measure(
    spec: EvaluationSpec,
    suites: Sequence[Suite],
    models: Sequence[ModelRef],
    raw: dict[tuple[str, str], list[RawRow]],
    seconds: dict[tuple[str, str], float],
) -> None:
    """Fill `raw` and `seconds` for every suite and model not known yet; each base is loaded once."""
    wanted = [model for model in models if any((suite.name, model.key) not in raw for suite in suites)]
    loading.use_threads(spec.threads)
    for base in dict.fromkeys(model.base_model for model in wanted):
        say("stage", name="loading model")
        loaded = loading.Models.load(base)
        rendering = Rendering.of(loaded.tokenizer, loaded.model.generation_config)
        for model in (model for model in wanted if model.base_model == base):
            loaded.add(model.adapter)
            with loaded.using(model.adapter) as running:
                for suite in suites:
                    if (suite.name, model.key) in raw:
                        continue
                    begun = time.monotonic()
                    say("stage", name=f"evaluating {suite.name}", model=model.key)
                    examiner = Examiner(running, rendering, suite, spec.seed, spec.batch_size, loaded.longest)
                    raw[suite.name, model.key] = examiner.rows()
                    seconds[suite.name, model.key] = round(time.monotonic() - begun, 2)


@dataclass
class Examiner:
    """One model before one suite."""

    model: Any
    rendering: Rendering
    suite: Suite
    seed: int
    batch_size: int
    longest: int
    """Tokens the model takes."""
    done: int = 0

    def rows(self) -> list[RawRow]:
        """One raw row per item (per sample, for answers), in the order of the items."""
        found = [*self._answers(), *self._pairs(), *self._texts(), *self._exact()]
        place = {item["id"]: number for number, item in enumerate(self.suite.items)}
        return sorted(found, key=lambda row: (place[row["id"]], row.get("sample", 0)))

    def _items(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.suite.items if item["kind"] == kind]

    def _total(self) -> int:
        units = {"answer": self.suite.sampling.samples_per_prompt, "pair": 2}
        return sum(units.get(item["kind"], 1) for item in self.suite.items)

    def _progress(self) -> Callable[[int], None]:
        before = self.done

        def tell(done: int) -> None:
            self.done = before + done
            say("progress", done=self.done, total=self._total(), memory_mb=loading.memory_mb())

        return tell

    def _generate(self, items: Sequence[tuple[dict[str, Any], int]], temperature: float) -> list[Any]:
        from training.science.sampling import Question, answer  # here, because it imports torch

        sampling = self.suite.sampling
        questions = []
        for item, sample in items:
            ids = self.rendering.prompt_ids(item["prompt"])
            self._refuse_long(item, len(ids) + sampling.max_new_tokens)
            questions.append(
                Question(ids, row_seed(self.seed, self.suite.name, item["id"], sample), sampling.max_new_tokens)
            )
        return answer(
            self.model,
            self.rendering,
            questions,
            temperature=temperature,
            top_p=sampling.top_p,
            batch_size=self.batch_size,
            progress=self._progress(),
        )

    def _answers(self) -> list[RawRow]:
        samples = range(self.suite.sampling.samples_per_prompt)
        asked = [(item, sample) for item in self._items("answer") for sample in samples]
        rows = []
        for (item, sample), answer in zip(asked, self._generate(asked, self.suite.sampling.temperature), strict=True):
            told = {
                "sample": sample,
                "completion": answer.text,
                "finished": answer.finished,
                "stereotyped": lexicon.contains_any(answer.text, item["stereotyped"]),
                "counter": lexicon.contains_any(answer.text, item["counter"]),
            }
            rows.append(self._row(item, told))
        return rows

    def _exact(self) -> list[RawRow]:
        items = self._items("exact")
        answers = self._generate([(item, 0) for item in items], 0.0)
        return [
            self._row(item, {"completion": a.text, "correct": capability.is_exact(a.text, item["answer"])})
            for item, a in zip(items, answers, strict=True)
        ]

    def _pairs(self) -> list[RawRow]:
        items = self._items("pair")
        spans = []
        for item in items:
            for side in ("more", "less"):
                if item["prompt"]:
                    ids, start = self.rendering.pair_ids(item["prompt"], item[side], ended=False)
                else:
                    ids, start = self.rendering.text_ids(item[side]), 1
                self._refuse_long(item, len(ids))
                spans.append((ids, start))
        scored = self._score(spans)
        rows = []
        for number, item in enumerate(items):
            more, less = 2 * number, 2 * number + 1
            told = {
                "template": item["template"],
                "more": scored[more],
                "less": scored[less],
                "more_tokens": len(spans[more][0]) - spans[more][1],
                "less_tokens": len(spans[less][0]) - spans[less][1],
            }
            rows.append(self._row(item, told))
        return rows

    def _texts(self) -> list[RawRow]:
        items = self._items("text")
        spans = [(self.rendering.text_ids(item["text"]), 1) for item in items]
        for item, (ids, _) in zip(items, spans, strict=True):
            self._refuse_long(item, len(ids))
        return [
            self._row(item, {"nats": nats, "bytes": len(item["text"].encode()), "tokens": len(ids) - 1})
            for item, nats, (ids, _) in zip(items, self._score(spans), spans, strict=True)
        ]

    def _score(self, spans: Sequence[tuple[list[int], int]]) -> list[float]:
        from training.science.scoring import log_likelihoods  # here, because it imports torch

        pad = self.rendering.tokenizer.pad_token_id
        return log_likelihoods(self.model, spans, pad=pad, batch_size=self.batch_size, progress=self._progress())

    def _row(self, item: dict[str, Any], told: RawRow) -> RawRow:
        named = {key: item[key] for key in ("id", "kind", "axis", "group") if key in item}
        return named | told | {"suite": self.suite.digest}

    def _refuse_long(self, item: dict[str, Any], tokens: int) -> None:
        if tokens > self.longest:
            raise Refused(
                "data",
                f"Item {item['id']} of the suite {self.suite.name} needs {tokens} tokens, the model takes "
                f"{self.longest}.",
            )


def _suite_results(
    spec: EvaluationSpec,
    suite: Suite,
    models: Sequence[ModelRef],
    raw: dict[tuple[str, str], list[RawRow]],
    seconds: dict[tuple[str, str], float],
    output: Path,
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for model in models:
        rows = raw[suite.name, model.key]
        name = raw_name(suite.name, model.key)
        _write(output / name, "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows))
        scores = measures.score_rows(METRICS, rows, resamples=spec.bootstrap, seed=spec.seed)
        told[model.key] = {"scores": scores, "raw": name, "seconds": seconds[suite.name, model.key]}
    comparisons = []
    if len(models) == 2:
        candidate, current = (raw[suite.name, model.key] for model in models)
        comparisons = measures.compare_rows(METRICS, candidate, current, resamples=spec.bootstrap, seed=spec.seed)
    return {
        "name": suite.name,
        "version": suite.version,
        "title": suite.title,
        "digest": suite.digest,
        "models": told,
        "comparisons": comparisons,
    }


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)


if __name__ == "__main__":
    lines.run(evaluate)
