"""How fast data comes in and goes out, and that memory stays flat.

    python -m benchmarks.exchange [--database sqlite]

Prompts, answers and judged answers are imported by the verbs that the pages and the commands call, what is settled is
frozen, and the snapshot is exported in every format. Ends with one line per bar of docs/benchmarks.md, and exit status
1 if one is not kept.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar, at_most, machine, report

PROMPTS, ITEMS = 100_000, 10_000
ANSWER = "They are all the same, and everybody knows it. " * 6
REWRITE = "They differ from one another as people everywhere do. " * 6


def written(path: Path, rows: Iterator[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def prompts(n: int) -> Iterator[dict[str, Any]]:
    return (
        {"prompt": f"What are people of trade {i} like?", "external_id": f"p{i}", "topic": f"Topic {i % 7}"}
        for i in range(n)
    )


def answers(n: int, prefix: str = "a", **more: Any) -> Iterator[dict[str, Any]]:
    return (
        {"prompt": f"Who is {i}?", "external_id": f"{prefix}{i}", "completion": f"{ANSWER}{i}", "model": "m", **more}
        for i in range(n)
    )


@contextmanager
def memory() -> Iterator[list[float]]:
    """Append the peak of what Python allocates inside, in MB."""
    peaks: list[float] = []
    tracemalloc.start()
    yield peaks
    peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
    tracemalloc.stop()


def seconds(name: str, work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    result = work()
    took = time.perf_counter() - begun
    print(f"{name:<52} {took:8.2f} s   {result}", flush=True)
    return took


def measure(folder: Path) -> list[Bar]:
    """Everything, in a Django that was set up by `main`."""
    from annotation import exchange, freeze
    from annotation.models import Category
    from studio.models import Project
    from training import export

    project = Project.objects.create(slug="bench", name="Bench", base_model="none")
    Category.objects.create(project=project, slug="stereotype", name="Stereotype")

    def bring(verb: Callable[..., exchange.Report], path: Path) -> str:
        with path.open("rb") as file:
            report = verb(project, file, "jsonl", actor=None)
        assert not report.bad_count, report.bad
        return f"{report.added} added, {report.unchanged} there already"

    bars = []
    many = written(folder / "prompts.jsonl", prompts(PROMPTS))
    took = seconds(f"import of {PROMPTS} prompts", lambda: bring(exchange.import_prompts, many))
    bars.append(at_most(f"import of {PROMPTS} prompts", took, 60, "s"))
    took = seconds("the same file again", lambda: bring(exchange.import_prompts, many))
    bars.append(at_most("the same file again", took, 60, "s"))
    items = written(folder / "answers.jsonl", answers(ITEMS))
    took = seconds(f"import of {ITEMS} items", lambda: bring(exchange.import_answers, items))
    bars.append(at_most(f"import of {ITEMS} items", took, 1.5, "s"))

    with memory() as peaks:
        bring(exchange.import_answers, written(folder / "few.jsonl", answers(ITEMS // 10, "f")))
    with memory() as more:
        bring(exchange.import_answers, written(folder / "more.jsonl", answers(ITEMS, "m")))
    print(f"memory of an import: {peaks[0]:.1f} MB for {ITEMS // 10} items, {more[0]:.1f} MB for {ITEMS}")
    bars.append(at_most("memory of an import, ten times the items", more[0] - peaks[0], 8, "MB more"))

    judged = {"rewrite": REWRITE, "categories": ["stereotype"], "severity": 2, "topic": "Topic 1"}
    seeds = written(folder / "judged.jsonl", answers(ITEMS, "j", **judged))
    seconds(f"import of {ITEMS} judged answers", lambda: bring(exchange.import_demonstrations, seeds))
    seconds(f"freeze of {ITEMS} settled items", lambda: freeze.freeze(project, actor=None))
    return bars + exports(freeze.freeze(project, actor=None), export)


def exports(snapshot: Any, export: Any) -> list[Bar]:
    assert snapshot.rows == ITEMS
    bars = []
    for name, format in export.FORMATS.items():
        took = seconds(
            f"export of {ITEMS} annotated items, {name}",
            lambda chosen=format: f"{sum(len(piece) for piece in export.content(snapshot, chosen)) / 2**20:.1f} MB",
        )
        with memory() as peaks:
            for _ in export.content(snapshot, format):
                pass
        # Parquet's second and its memory are the child's: Arrow takes longer to load than to write
        bars += [at_most(f"export of {ITEMS}, {name}", took, 1 if name != "parquet" else 10, "s")]
        bars += [at_most(f"memory of that export, {name}", peaks[0], 2, "MB")]
    return bars


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        os.environ |= {"STUDIO_DATA": folder, "SECRET_KEY": secrets.token_urlsafe(50), "LOG_LEVEL": "WARNING"}
        if chosen.database == "postgresql":
            from tests.postgres import cluster

            with cluster() as url:
                return measured(Path(folder), url)
        return measured(Path(folder), "")


def measured(folder: Path, url: str) -> int:
    os.environ |= {"DATABASE_URL": url} if url else {}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True)
    import django
    from django.db import connections

    django.setup()
    print(machine())
    try:
        return report(measure(folder))
    finally:
        connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
