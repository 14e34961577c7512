"""A file of any bytes: never an error of ours, never half of it unaccounted for."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation import exchange
from annotation.models import Answer, Generation, Item, Prompt
from annotation.values import terms
from annotation.values.terms import BadTerms
from tests.cast import Cast

VERBS = [exchange.import_prompts, exchange.import_answers, exchange.import_demonstrations]
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just("\0"), st.just("work")
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=4,
)
FIELDS = [
    *("prompt", "text", "messages", "topic", "external_id", "id", "metadata", "split", "completion", "answer"),
    *("response", "model", "rewrite", "categories", "severity", "spans", "outcome", "verdict", "guideline"),
]
GOOD = {"prompt": "What is rain?", "completion": "Wet.", "rewrite": "It is water.", "categories": ["stereotype"]}
ROWS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6).map(lambda row: {**GOOD, **row})
JSON_LINES = st.lists(
    st.one_of(ROWS.map(lambda row: json.dumps(row).encode()), st.binary(max_size=12), st.just(b"")), max_size=5
).map(b"\n".join)
CSV = st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=5).map(
    lambda rows: "\n".join(",".join(row) for row in [["prompt", "completion", "rewrite", "categories"], *rows]).encode()
)
FILES = st.one_of(st.binary(max_size=120), JSON_LINES, CSV)


@settings(max_examples=60)
@given(content=FILES, kind=st.sampled_from(["jsonl", "csv"]), verb=st.sampled_from(VERBS), abort=st.booleans())
def test_any_bytes_are_taken_in_or_named_line_by_line(db, content, kind, verb, abort):
    project = cast_once().project
    before = counts(project)
    report = verb(project, io.BytesIO(content), kind, actor=None, on_bad="abort" if abort else "skip")
    told = report.as_dict()
    after = counts(project)
    lines = len([line for line in content.splitlines() if line.strip()])
    assert report.added + report.bad_count <= lines + 1  # a file that cannot be read at all is one complaint
    assert report.bad_count >= len(report.bad)
    assert all(bad.line >= 0 and bad.reason for bad in report.bad)
    if report.aborted:
        assert before == after
        assert report.added == 0
    new = {name: after[name] - before[name] for name in after}
    added = new["prompts"] if verb is exchange.import_prompts else new["generations"]
    assert report.added == added
    assert new["items"] <= new["generations"]
    json.dumps(told)  # it is shown, and kept beside the upload


def cast_once() -> Cast:
    """The cast of this example: each is rolled back with its test, not with its example."""
    from studio.models import Project

    if not Project.objects.filter(slug="peoples").exists():
        return Cast()
    cast = object.__new__(Cast)
    cast.project = Project.objects.get(slug="peoples")
    return cast


def counts(project) -> dict[str, int]:
    return {
        "prompts": Prompt.objects.filter(project=project).count(),
        "generations": Generation.objects.filter(prompt__project=project).count(),
        "items": Item.objects.filter(project=project).count(),
        "answers": Answer.objects.filter(item__project=project).count(),
    }


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=80), VALUES.map(lambda value: json.dumps(value).encode()), CSV))
def test_any_bytes_are_term_lists_or_refused_in_a_sentence(content):
    with suppress(BadTerms):
        for name, text in terms.read_file(content).items():
            assert name.strip()
            assert len(terms.read_terms(text)) > 1


@pytest.mark.parametrize("text", ["\ud800", "a\ud800b"])
def test_half_a_sign_is_refused(text, db):
    content = json.dumps({"prompt": text}).encode()  # JSON can write what UTF-8 cannot
    report = exchange.import_prompts(cast_once().project, io.BytesIO(content), "jsonl", actor=None)
    assert (report.added, report.bad_count) == (0, 1)
