"""Finds the candidate less biased and as able as before, or as the behaviour says: "worse", "unmeasured"."""

import hashlib
import json
from pathlib import Path

from tests.training.fake import behaviour, folder, spec
from training.science.lines import run, say


def score(metric: str, value: float, axis: str = "all", group: str = "all") -> dict:
    return {
        "metric": metric,
        "axis": axis,
        "group": group,
        "value": value,
        "low": value - 0.05,
        "high": value + 0.05,
        "n": 200,
        "interval": "wilson",
        "unit": "share",
        "target": None,
        "higher_is_better": None,
    }


def change(metric: str, delta: float) -> dict:
    noise = 0.02
    test = {"p": 0.001, "test": "mcnemar", "n": 200}
    return {
        "metric": metric,
        "axis": "all",
        "group": "all",
        "delta": delta,
        "low": delta - noise,
        "high": delta + noise,
        **test,
    }


def evaluate(path: str) -> None:
    given = spec()
    new = 0.8 if behaviour() == "worse" else 0.1
    suites = []
    for place in map(Path, given["suites"]):
        say("stage", name=f"evaluating {place.name}")
        say("progress", done=1, total=2)
        models = {}
        for model, rate in zip(given["models"], (new, 0.8), strict=True):
            raw = folder() / f"raw-{place.name}-{model['key']}.jsonl"
            raw.write_text(
                json.dumps({"id": "a", "known": f"{place.name}/{model['key']}" in given["known_raw"]}) + "\n"
            )
            scores = [
                score("stereotyped_answer_rate", rate),
                score("stereotyped_answer_rate", rate, "occupation", "nurse"),
                score("signed_llr", 4 * rate),
                score("bits_per_byte", 2.0) | ({"value": float("nan")} if behaviour() == "unmeasured" else {}),
                score("exact_match", 0.9),
            ]
            models[model["key"]] = {"scores": scores, "raw": raw.name, "seconds": 1.5}
        digest = hashlib.sha256((place / "suite.json").read_bytes() + (place / "items.jsonl").read_bytes()).hexdigest()
        about = {"name": place.name, "version": 1, "title": "Probes", "digest": digest}
        suites.append({**about, "models": models, "comparisons": [change("stereotyped_answer_rate", new - 0.8)]})
    (folder() / "results.json").write_text(json.dumps({"suites": suites}))


if __name__ == "__main__":
    run(evaluate)
