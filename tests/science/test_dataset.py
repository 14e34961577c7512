import hashlib
import json
from pathlib import Path

import pytest

from tests.science.conftest import make_row, make_snapshot, write_lines
from training.science import dataset
from training.science.lines import Refused

FINE = make_row(5, verdict="fine", rewrite=None, completion="The miller works at dawn.")
PAIR = {"completion": "All millers are loud.", "other": "Millers differ."}
PREFERRED = make_row(6, verdict="preferred", **PAIR, rewrite="Millers differ.")
TIE, BAD = (make_row(n, verdict=word, **PAIR, rewrite=None) for n, word in ((7, "tie"), (8, "both_bad")))
WRITTEN = make_row(9, verdict="demonstrated", completion="", rewrite="Ask a miller.")
WAYS = [make_row(1), FINE, PREFERRED, TIE, BAD, WRITTEN]


def refusal(work, *arguments, **options):
    with pytest.raises(Refused) as refused:
        work(*arguments, **options)
    assert refused.value.code == "data"
    return str(refused.value)


def test_rows_are_read_as_they_were_frozen(tmp_path):
    rows = [make_row(1, completion="naïve 👩‍🚒"), FINE]
    assert dataset.read_snapshot(*make_snapshot(tmp_path, rows)) == rows


def test_a_file_that_changed_since_it_was_frozen_is_refused(tmp_path):
    path, digest = make_snapshot(tmp_path, [make_row(1)])
    make_snapshot(tmp_path, [make_row(1, comment="changed")])
    assert "not the one that was frozen" in refusal(dataset.read_snapshot, path, digest)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"\n\n", "no rows"),
        (b'{"uuid": "a"\n', "line 1: not valid JSON"),
        (json.dumps(make_row(1)).encode() + b"\n[1]\n", "line 2: expected an object"),
        (json.dumps(make_row(1)).encode() + b"\n\xff\xfe\n", "line 2: not valid JSON"),
        (json.dumps(make_row(1, prompt=None)).encode(), "line 1: prompt must be a text"),
        (json.dumps(make_row(1, verdict="odd")).encode(), "line 1: verdict must be fine, biased"),
        (json.dumps(make_row(1, rewrite=3)).encode(), "line 1: rewrite must be a text or null"),
        (json.dumps(make_row(1, other=[])).encode(), "line 1: other must be a text or null"),
    ],
)
def test_a_bad_file_is_refused_with_the_number_of_its_line(tmp_path, content, said):
    path = tmp_path / "snapshot.jsonl"
    path.write_bytes(content)
    for read in (dataset.read_snapshot, dataset.check_snapshot):
        assert said in refusal(read, path, hashlib.sha256(content).hexdigest())


def test_a_missing_file_is_refused(tmp_path):
    assert "cannot be read" in refusal(dataset.read_snapshot, tmp_path / "none", "0")


def test_demonstrations_are_rewrites_and_if_wanted_accepted_answers():
    rows = [make_row(1), FINE, make_row(2, split="test")]
    assert [record["completion"] for record in dataset.sft_records(rows)] == [rows[0]["rewrite"], FINE["completion"]]
    assert [record["uuid"] for record in dataset.sft_records(rows, use_accepted=False)] == ["row-1"]


def test_preferences_pair_the_rewrite_with_the_answer_it_replaces():
    [record] = dataset.dpo_records([make_row(1), FINE])
    assert (record["chosen"], record["rejected"]) == (make_row(1)["rewrite"], make_row(1)["completion"])


def test_judgements_are_two_of_a_biased_row_and_one_of_a_fine_row():
    assert [record["label"] for record in dataset.kto_records([make_row(1), FINE])] == [False, True, True]


def test_comparisons_and_demonstrations_teach_what_was_preferred_or_written():
    taught = [record["completion"] for record in dataset.sft_records(WAYS)]
    assert taught == [WAYS[0]["rewrite"], FINE["completion"], "Millers differ.", "Ask a miller."]
    assert len(dataset.sft_records(WAYS, use_accepted=False)) == 3
    pairs = [(record["chosen"], record["rejected"]) for record in dataset.dpo_records(WAYS)]
    assert pairs == [(WAYS[0]["rewrite"], WAYS[0]["completion"]), ("Millers differ.", "All millers are loud.")]


def test_of_two_bad_answers_both_are_unwanted_and_a_tie_says_nothing():
    judged = [(record["uuid"], record["label"]) for record in dataset.kto_records([PREFERRED, TIE, BAD, WRITTEN])]
    assert judged == [("row-6", False), ("row-6", True), ("row-8", False), ("row-8", False), ("row-9", True)]
    assert "No row" in refusal(dataset.kto_records, [TIE])
    assert "No row" in refusal(dataset.sft_records, [TIE, BAD])
    assert "the answer is empty" in refusal(dataset.kto_records, [BAD | {"other": None}])


@pytest.mark.parametrize("make", [dataset.sft_records, dataset.kto_records])
def test_a_demonstration_that_is_empty_is_refused(make):
    assert "the rewrite is empty" in refusal(make, [WRITTEN | {"rewrite": " "}])


@pytest.mark.parametrize("make", [dataset.sft_records, dataset.dpo_records, dataset.kto_records])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rewrite": ""}, "the rewrite is empty"),
        ({"rewrite": None}, "the rewrite is empty"),
        ({"rewrite": " \n"}, "the rewrite is empty"),
        ({"rewrite": make_row(1)["completion"]}, "the rewrite is the same as the answer"),
        ({"prompt": " "}, "the prompt is empty"),
    ],
)
def test_a_row_that_teaches_nothing_or_the_wrong_thing_is_refused_by_name(make, changes, said):
    assert f"row row-1: {said}" in refusal(make, [make_row(2), make_row(1, **changes)])


def test_an_empty_accepted_answer_is_refused():
    assert "the answer is empty" in refusal(dataset.sft_records, [FINE | {"completion": ""}])


def test_many_bad_rows_are_counted_and_the_first_five_named():
    said = refusal(dataset.sft_records, [make_row(i, rewrite="") for i in range(8)])
    assert "8 rows" in said
    assert "row-4" in said
    assert "row-5" not in said
    assert "3 more" in said


@pytest.mark.parametrize("make", [dataset.sft_records, dataset.dpo_records, dataset.kto_records])
def test_a_snapshot_without_a_row_to_train_on_is_refused(make):
    assert "No row" in refusal(make, [make_row(1, split="test")])


@pytest.mark.parametrize("use_accepted", [True, False])
@pytest.mark.parametrize(
    "rows",
    [
        [make_row(1), FINE],
        [make_row(i, rewrite="") for i in range(8)],
        [make_row(1), FINE | {"completion": " "}],
        [FINE],
        [make_row(1, split="test", rewrite="")],
        WAYS,
        [TIE, BAD],
    ],
    ids=["good", "many bad", "empty answer", "fine only", "held out", "every way", "nothing to learn"],
)
def test_a_check_of_a_file_says_what_reading_it_and_making_records_would_say(tmp_path, rows, use_accepted):
    def outcome(work):
        try:
            work()
        except Refused as refused:
            return refused.code, str(refused)
        return None

    path, digest = make_snapshot(tmp_path, rows)
    whole = outcome(lambda: dataset.sft_records(dataset.read_snapshot(path, digest), use_accepted=use_accepted))
    assert outcome(lambda: dataset.check_snapshot(path, digest, use_accepted=use_accepted)) == whole


def test_a_check_of_a_large_file_holds_one_row_at_a_time(tmp_path):
    import tracemalloc

    path, digest = make_snapshot(tmp_path, [make_row(i, comment="x" * 10_000) for i in range(1000)])
    tracemalloc.start()
    try:
        dataset.check_snapshot(path, digest)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000 < Path(path).stat().st_size
    finally:
        tracemalloc.stop()


def test_replay_rows_are_texts_or_pairs_and_a_bad_line_has_its_number(tmp_path):
    path = write_lines(tmp_path / "replay.jsonl", [{"text": "Rain falls."}, {"prompt": "2+2?", "completion": "4"}])
    assert len(dataset.read_replay(path)) == 2
    write_lines(path, [{"text": "Rain falls."}, {"prompt": "2+2?", "completion": " "}])
    assert "line 2" in refusal(dataset.read_replay, path)
    write_lines(path, [])
    assert "no rows" in refusal(dataset.read_replay, path)


def test_replay_is_a_share_of_the_records_drawn_by_seed_without_repeats():
    rows = [{"text": str(i)} for i in range(20)]
    drawn = dataset.choose_replay(rows, share=0.5, records=10, seed=1)
    assert len(drawn) == 5
    assert drawn == dataset.choose_replay(rows, share=0.5, records=10, seed=1)
    everything = dataset.choose_replay(rows, share=20, records=10, seed=1)
    assert sorted(int(row["text"]) for row in everything) == list(range(20))


@pytest.mark.parametrize(("rows", "epochs", "batch"), [(1, 1, 8), (20, 2, 8), (33, 2.5, 4), (300, 1, 16)])
def test_the_order_shows_every_row_once_an_epoch_and_repeats_itself_by_seed(rows, epochs, batch):
    lengths = [5 + i % 7 for i in range(rows)]
    order = dataset.training_order(lengths, epochs=epochs, batch_size=batch, seed=3)
    assert len(order) == round(epochs * rows)
    assert sorted(order[:rows]) == list(range(rows))
    assert order == dataset.training_order(lengths, epochs=epochs, batch_size=batch, seed=3)


def test_rows_of_like_length_stand_together_so_that_little_is_padded():
    lengths = [(i * 37) % 100 + 1 for i in range(320)]
    order = dataset.training_order(lengths, epochs=1, batch_size=16, seed=0)
    batches = [[lengths[i] for i in order[start : start + 16]] for start in range(0, 320, 16)]
    padded = sum(16 * max(batch) for batch in batches)
    assert padded < 1.15 * sum(lengths)
