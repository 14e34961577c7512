"""Bytes to rows: every kind of bad line is reported with its number, its field and the reason; good ones survive."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.science import formats
from annotation.science.formats import Bad
from annotation.science.rows import PromptRow, answer_row, demonstration_row, prompt_row

LIMIT = 1000


def read(content: bytes | str, format: str = "jsonl", check: Any = prompt_row, limit: int = LIMIT) -> list[Any]:
    content = content.encode() if isinstance(content, str) else content
    return list(formats.read(io.BytesIO(content), format, check, limit=limit))


def record(**fields: Any) -> str:
    return json.dumps({"prompt": "Why?", **fields})


def demonstration(**fields: Any) -> str:
    whole = {"completion": "Vexans lie.", "rewrite": "People differ.", "categories": ["a"], "severity": 1, **fields}
    return record(**{key: value for key, value in whole.items() if value is not None})


def test_a_json_line_becomes_a_prompt() -> None:
    line = record(topic="Work", external_id="e1", metadata={"a": 1}, split="eval", source="book")
    (row,) = read(line)
    assert row == PromptRow(1, "Why?", None, "Work", "e1", {"a": 1, "source": "book"}, "eval")


def test_text_is_another_name_of_prompt_and_id_of_external_id() -> None:
    (row,) = read('{"text": "Why?", "id": 7}')
    assert (row.text, row.external_id) == ("Why?", "7")


def test_a_conversation_is_asked_for_its_last_turn() -> None:
    turns = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]
    (row,) = read(json.dumps({"messages": turns}))
    assert row.text == "Why?"
    assert row.messages == turns


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b'{"prompt": "caf\xe9"}', "", "not UTF-8"),
        (b'{"prompt": "a\x00b"}', "", "NUL byte"),
        (rb'{"prompt": "a\u0000b"}', "prompt", "NUL character"),
        (rb'{"prompt": "a\ud800b"}', "prompt", "surrogate"),
        (b'{"prompt": "' + b"x" * LIMIT + b'"}', "", "longer than 1,000 bytes"),
        (b'{"prompt": ', "", "not valid JSON"),
        (b'["prompt"]', "", "found a list"),
        (b'{"prompt": 3}', "prompt", "expected a text, found a number"),
        (b'{"prompt": "  "}', "prompt", "missing or empty"),
        (b'{"topic": "a"}', "prompt", "missing or empty"),
        (b'{"prompt": "a", "split": "test"}', "split", "one of train, eval"),
        (b'{"prompt": "a", "metadata": [1]}', "metadata", "expected an object, found a list"),
        (b'{"prompt": {"a": 1}}', "prompt", "found an object"),
        (b'{"prompt": true}', "prompt", "found true or false"),
        (b'{"prompt": "a", "messages": "b"}', "messages", "expected a list, found a text"),
        (b'{"prompt": "a", "metadata": {"n": NaN}}', "", "NaN is not a JSON number"),
        (b'{"prompt": "a", "metadata": {"n": 1e999}}', "metadata", "too large"),
        (rb'{"prompt": "a", "metadata": {"\u0000": 1}}', "metadata", "NUL character"),
        (b'{"prompt": "a", "metadata": {"n": ' + b"[" * 40 + b"]" * 40 + b"}}", "metadata", "nested deeper"),
        (b'{"prompt": "a", "external_id": "' + b"i" * 201 + b'"}', "external_id", "longer than 200"),
        (b'{"prompt": "a", "external_id": true}', "external_id", "found true or false"),
        (b'{"prompt": "a", "topic": "' + b"t" * 121 + b'"}', "topic", "longer than 120"),
        (b'{"messages": "hello"}', "messages", "expected a list"),
        (b'{"messages": [{"role": "tool", "content": "a"}]}', "messages", "role"),
        (b'{"messages": [{"role": "assistant", "content": "a"}]}', "messages", "must be the user's"),
    ],
)
def test_a_bad_line_is_named_and_its_neighbours_survive(line: bytes, field: str, reason: str) -> None:
    first, bad, last = read(record().encode() + b"\n" + line + b"\n" + record(prompt="After?").encode())
    assert (first.text, last.text, last.line) == ("Why?", "After?", 3)
    assert isinstance(bad, Bad)
    assert (bad.line, bad.field) == (2, field)
    assert reason in bad.reason


def test_deep_nesting_does_not_end_the_program() -> None:
    (bad,) = read(b"[" * 100_000, limit=10**6)
    assert "nested too deeply" in bad.reason or "not valid JSON" in bad.reason


def test_a_line_of_ten_megabytes_is_never_held() -> None:
    class Endless(io.RawIOBase):
        left = 10 * 2**20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            size = min(len(buffer), self.left)
            buffer[:size] = b"x" * size
            self.left -= size
            return size

    tracemalloc.start()
    rows = list(formats.read(io.BufferedReader(Endless()), "jsonl", prompt_row, limit=LIMIT))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.reason for row in rows] == ["the line is longer than 1,000 bytes"]
    assert peak < 2**20


def test_the_longest_line_allowed_is_read() -> None:
    line = record(prompt="")
    line = record(prompt="x" * (LIMIT - len(line)))
    assert len(line) == LIMIT
    assert isinstance(read(line + "\r\n")[0], PromptRow)
    assert isinstance(read(line + " ")[0], Bad)


def test_blank_lines_and_a_byte_order_mark_are_nothing() -> None:
    rows = read(b"\xef\xbb\xbf" + record().encode() + b"\n\n  \r\n" + record().encode())
    assert [row.line for row in rows] == [1, 4]


def test_csv_keeps_commas_quotes_and_newlines_inside_quotes() -> None:
    text = 'prompt,topic,metadata\r\n"a, ""b""\nc",Work,"{""k"": 1}"\r\nplain,,\r\n'
    first, second = read(text, "csv")
    assert (first.text, first.topic, first.metadata, first.line) == ('a, "b"\nc', "Work", {"k": 1}, 2)
    assert (second.text, second.topic, second.line) == ("plain", "", 4)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_of_other_spreadsheets_is_read(mark: str) -> None:
    (row,) = read(f"prompt{mark}topic\nWhy, oh?{mark}Work\n", "csv")
    assert (row.text, row.topic) == ("Why, oh?", "Work")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the file is empty"),
        (b"topic\nWork\n", 1, "the column prompt or text or messages is missing"),
        (b"prompt,prompt\na,b\n", 1, "two columns have the same name"),
        (b"prompt,topic\na,b,c\n", 2, "3 fields where the header has 2"),
        (b"prompt\ncaf\xe9\n", 2, "not UTF-8"),
        (b"prompt\na\x00b\n", 2, "NUL byte"),
        (b"prompt,metadata\na,{\n", 2, "column metadata: not valid JSON"),
        (b'prompt\na"b"c\n"x"y\n', 3, "not valid CSV"),
        (b"prompt\n" + b"x" * 1001 + b"\n", 2, "longer than 1,000 bytes"),
        (b'prompt\n"' + b"x\n" * 600 + b'"\n', 2, "does not end"),
    ],
)
def test_bad_csv_is_named(content: bytes, line: int, reason: str) -> None:
    bad = [row for row in read(content, "csv") if isinstance(row, Bad)]
    assert bad[0].line == line
    assert reason in bad[0].reason


def test_missing_columns_are_said_once_not_once_a_row() -> None:
    assert len(read("topic\n" + "Work\n" * 50, "csv")) == 1
    (bad,) = read("prompt\n" + "Why?\n" * 50, "csv", answer_row)
    assert "completion is missing; the column model is missing" in bad.reason


def test_a_quote_that_never_closes_costs_its_own_line_only() -> None:
    rows = read('prompt\nfirst\n"broken\nsecond\nthird\n', "csv")
    assert [row.text if isinstance(row, PromptRow) else row.line for row in rows] == ["first", 3, "second", "third"]


@pytest.mark.parametrize(("field", "value"), [("completion", None), ("completion", " "), ("model", ""), ("model", 4)])
def test_an_answer_needs_its_text_and_its_model(field: str, value: Any) -> None:
    (bad,) = read(record(**{"completion": "Because.", "model": "m", field: value}), check=answer_row)
    assert bad.field == field


def test_a_demonstration_with_a_rewrite_is_biased_and_without_one_fine() -> None:
    biased, fine = read(
        demonstration(spans=[{"start": 0, "end": 6, "category": "a"}])
        + "\n"
        + demonstration(rewrite=None, categories=None, severity=None),
        check=demonstration_row,
    )
    assert (biased.rewrite, biased.categories, biased.severity) == ("People differ.", ["a"], 1)
    assert biased.spans == [{"start": 0, "end": 6, "category": "a"}]
    assert fine.rewrite == ""


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rewrite": "Vexans lie. "}, "rewrite"),
        ({"rewrite": None}, "rewrite"),
        ({"severity": 4}, "severity"),
        ({"severity": True}, "severity"),
        ({"severity": None}, "categories"),
        ({"categories": []}, "categories"),
        ({"categories": "a"}, "categories"),
        ({"verdict": "fine"}, "verdict"),
        ({"spans": [{"start": 0, "end": 12}]}, "spans"),
        ({"spans": [{"start": 3, "end": 3}]}, "spans"),
        ({"spans": [{"start": -1, "end": 3}]}, "spans"),
        ({"spans": [{"start": False, "end": 3}]}, "spans"),
        ({"spans": [{"start": 0, "end": 3, "category": 7}]}, "spans"),
        ({"spans": {"start": 0}}, "spans"),
        ({"reasons": "respect"}, "reasons"),
        ({"reasons": ["x" * 61]}, "reasons"),
        ({"reasons": [str(n) for n in range(21)]}, "reasons"),
        ({"reasons": ["a"], "rewrite": None, "categories": None, "severity": None}, "reasons"),
    ],
)
def test_a_demonstration_that_contradicts_itself_is_refused(fields: dict[str, Any], field: str) -> None:
    (bad,) = read(demonstration(**fields), check=demonstration_row)
    assert bad.field == field


def test_spans_count_code_points() -> None:
    (row,) = read(demonstration(completion="👩🏽‍🚒é", spans=[{"start": 4, "end": 5}]), check=demonstration_row)
    assert not isinstance(row, Bad)


PIECES = st.sampled_from(
    [b'"', b"\n", b"\r\n", b",", b"prompt", b"{", b"}", b'{"prompt": "a"}', b"\0", b"\xff", b"a" * 30]
)


@given(
    content=st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=30).map(b"".join),
    format=st.sampled_from(formats.FORMATS),
    check=st.sampled_from([prompt_row, answer_row, demonstration_row]),
)
def test_whatever_the_bytes_are_there_is_a_row_or_a_reason(content: bytes, format: str, check: Any) -> None:
    found = read(content, format, check, limit=50)
    numbers = [row.line if isinstance(row, Bad | PromptRow) else 0 for row in found]
    assert all(number <= content.count(b"\n") + 1 for number in numbers)
    assert all(row.reason for row in found if isinstance(row, Bad))
