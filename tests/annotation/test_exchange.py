"""Files in: what came in once does not come in again; good lines are kept, or nothing is."""

import io
import json
from typing import Any

import pytest

from annotation import exchange
from annotation.models import Answer, Generation, Item, Prompt, Seat, Topic, Verdict
from studio.models import AuditEntry
from tests.cast import Cast


def lines(*rows: Any) -> io.BytesIO:
    return io.BytesIO("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode())


def prompts(n: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"prompt": f"Question {i}?", "external_id": f"e{i}", **fields} for i in range(n)]


def answer(n: int = 0, **fields: Any) -> dict[str, Any]:
    row = {"prompt": f"Question {n}?", "external_id": f"e{n}", "completion": f"Answer {n}.", "model": "m", **fields}
    return {key: value for key, value in row.items() if value is not None}


def demonstration(n: int = 0, **fields: Any) -> dict[str, Any]:
    judged = {"rewrite": "People differ.", "categories": ["stereotype"], "severity": 2, "topic": "Work"}
    return answer(n, **{**judged, **fields})


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("on_bad", ["skip", "abort"])
@pytest.mark.parametrize("stream", [io.BytesIO, Unseekable])
def test_prompts_come_in_with_their_topic_metadata_and_split(cast: Cast, on_bad: Any, stream: Any) -> None:
    rows = prompts(3, topic="New topic", metadata={"k": 1}, split="eval")
    report = exchange.import_prompts(
        cast.project, stream(lines(*rows).getvalue()), "jsonl", actor=cast.iris, on_bad=on_bad
    )
    assert (report.added, report.unchanged, report.bad_count, report.aborted) == (3, 0, 0, False)
    prompt = Prompt.objects.get(external_id="e1")
    assert (prompt.text, prompt.metadata, prompt.split) == ("Question 1?", {"k": 1}, "eval")
    assert prompt.topic.slug == "new-topic"
    assert prompt.messages is None
    assert AuditEntry.objects.filter(verb="imported prompts", actor=cast.iris).count() == 1


def test_the_same_external_id_again_changes_nothing(cast: Cast) -> None:
    exchange.import_prompts(cast.project, lines(*prompts(3)), "jsonl", actor=None)
    before = list(Prompt.objects.values())
    report = exchange.import_prompts(
        cast.project, lines(*prompts(3, topic="Other", prompt="New?")), "jsonl", actor=None
    )
    assert (report.added, report.unchanged) == (0, 3)
    assert list(Prompt.objects.values()) == before


def test_the_same_file_without_ids_comes_in_once(cast: Cast) -> None:
    rows = [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "a"}]
    first = exchange.import_prompts(cast.project, lines(*rows), "jsonl", actor=None)
    again = exchange.import_prompts(cast.project, lines(*rows), "jsonl", actor=None)
    assert (first.added, first.unchanged, again.added, again.unchanged) == (2, 1, 0, 3)


def test_the_same_id_in_another_project_is_another_prompt(cast: Cast) -> None:
    for project in (cast.project, cast.other):
        assert exchange.import_prompts(project, lines(*prompts(2)), "jsonl", actor=None).added == 2
    assert Topic.objects.filter(project=cast.other).count() == 0


def test_an_id_twice_in_a_file_is_reported_with_the_first_line(cast: Cast) -> None:
    report = exchange.import_prompts(cast.project, lines(*prompts(2), *prompts(1, prompt="x")), "jsonl", actor=None)
    assert (report.added, report.bad_count) == (2, 1)
    assert report.bad[0] == (3, "external_id", "“e0” appears already in line 1")


def test_good_lines_are_kept_beside_bad_ones_when_asked(cast: Cast) -> None:
    report = exchange.import_prompts(cast.project, lines(*prompts(2), "{", *prompts(4)[3:]), "jsonl", actor=None)
    assert (report.added, report.bad_count, report.bad[0].line) == (3, 1, 3)


def test_nothing_is_kept_beside_a_bad_line_when_asked(cast: Cast) -> None:
    content = lines(*prompts(700), "{")
    report = exchange.import_prompts(cast.project, content, "jsonl", actor=None, on_bad="abort")
    assert (report.added, report.bad_count, report.aborted) == (0, 1, True)
    assert not Prompt.objects.exists()


def test_nothing_is_kept_either_when_only_the_database_knows_better(cast: Cast) -> None:
    rows = [demonstration(0), demonstration(1, categories=["unknown"])]
    report = exchange.import_demonstrations(cast.project, lines(*rows), actor=None, on_bad="abort")
    assert report.aborted
    assert "known: stereotype" in report.bad[0].reason
    assert not Item.objects.exists()


def test_a_report_names_the_first_bad_lines_and_counts_the_rest(cast: Cast) -> None:
    report = exchange.import_prompts(cast.project, lines(*["{"] * 300), "jsonl", actor=None)
    assert (report.bad_count, len(report.bad)) == (300, exchange.REPORTED)


def test_an_unknown_format_is_refused(cast: Cast) -> None:
    with pytest.raises(exchange.UnknownFormat, match="jsonl, csv"):
        exchange.import_prompts(cast.project, lines(), "xlsx", actor=None)


@pytest.mark.parametrize("overlap", [1, 3])
def test_an_answer_becomes_an_item_with_its_seats(cast: Cast, overlap: int) -> None:
    cast.project.overlap = overlap
    cast.project.save()
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Q"},
    ]
    rows = [answer(0), answer(1, prompt=None, messages=turns)]
    report = exchange.import_answers(cast.project, lines(*rows), actor=cast.iris)
    assert report.added == 2
    assert Item.objects.unread().count() == 2
    for item in Item.objects.all():
        assert list(item.seats.values_list("position", "status")) == [(i, "open") for i in range(overlap)]
    generation = Generation.objects.get(text="Answer 0.")
    assert (generation.model_name, generation.version, generation.seed) == ("m", None, None)
    assert Prompt.objects.get(external_id="e1").messages == turns
    assert (
        Item.objects.create(
            project=cast.project,
            prompt=generation.prompt,
            generation=Generation.objects.create(prompt=generation.prompt, model_name="later", text="x"),
        ).pk
        > 2
    )  # reserved keys do not collide with others


def test_one_model_answers_one_external_id_once(cast: Cast) -> None:
    exchange.import_answers(cast.project, lines(answer(0), answer(1)), actor=None)
    report = exchange.import_answers(
        cast.project, lines(answer(0), answer(1, completion="Changed."), answer(1, model="other")), actor=None
    )
    assert (report.added, report.unchanged) == (1, 2)
    assert Prompt.objects.count() == 2
    assert not Generation.objects.filter(text="Changed.").exists()


def test_without_ids_a_prompt_may_have_many_answers_but_each_once(cast: Cast) -> None:
    rows = [answer(external_id=None, completion=text) for text in ("a", "b", "a")]
    first = exchange.import_answers(cast.project, lines(*rows), actor=None)
    again = exchange.import_answers(cast.project, lines(*rows), actor=None)
    assert (first.added, first.unchanged, again.added, again.unchanged) == (2, 1, 0, 3)
    assert Prompt.objects.count() == 1


def test_an_id_that_names_another_prompt_is_reported(cast: Cast) -> None:
    exchange.import_prompts(cast.project, lines(*prompts(1)), "jsonl", actor=None)
    report = exchange.import_answers(cast.project, lines(answer(0, prompt="Something else?")), actor=None)
    assert (report.added, report.bad_count) == (0, 1)
    assert "already names another prompt" in report.bad[0].reason


def test_demonstrations_come_in_settled(cast: Cast) -> None:
    rows = [
        demonstration(
            0,
            spans=[{"start": 0, "end": 6, "category": "stereotype"}, {"start": 7, "end": 8}],
            reasons=["respect", "respect"],
            judgements=[{"annotator": "p-1", "outcome": "fine"}],
        ),
        demonstration(1, rewrite=None, categories=None, severity=None),
    ]
    report = exchange.import_demonstrations(cast.project, lines(*rows), actor=None)
    assert (report.added, report.bad_count) == (2, 0)
    assert Verdict.objects.final().filter(how="seed").count() == 2
    assert not Item.objects.unread().exists()
    assert not Item.objects.disputed().exists()
    assert not Seat.objects.open().exists()
    biased = Answer.objects.get(outcome="biased")
    assert (biased.rewrite, biased.severity, biased.guideline) == ("People differ.", 2, cast.guideline)
    assert biased.reasons == ["respect"]
    assert not Prompt.objects.exclude(metadata={}).exists()  # what others said of an answer is no part of its prompt
    assert list(biased.categories.all()) == [cast.category]
    assert list(biased.spans.values_list("start", "end", "category")) == [(0, 6, cast.category.pk), (7, 8, None)]
    assert Answer.objects.get(outcome="fine").rewrite == ""
    assert exchange.import_demonstrations(cast.project, lines(*rows), actor=None).unchanged == 2


def test_csv_is_read_by_the_same_verbs(cast: Cast) -> None:
    text = 'prompt,completion,model,external_id\n"a\nb",c,m,1\nd,,m,2\n'
    report = exchange.import_answers(cast.project, io.BytesIO(text.encode()), "csv", actor=None)
    assert (report.added, report.bad_count) == (1, 1)
    assert report.bad[0] == (4, "completion", "missing or empty")


def test_the_number_of_statements_does_not_grow_with_the_rows_of_a_chunk(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        exchange.import_answers(cast.project, lines(*(answer(n) for n in range(exchange.CHUNK))), actor=None)
