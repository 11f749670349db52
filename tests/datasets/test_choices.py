"""Files of problems with the usual names: ids and options are taken, the rest is said."""

import bz2
import datetime
import decimal
import gzip
import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.datasets.file import FileDataset
from ttc.datasets.reading import files, values
from ttc.errors import DataError

TEXTS = ("Rome", "Paris", "Oslo", "Bern")
LETTERS = ("A", "B", "C", "D")
Q = {"question": "Capital of France?"}


def write(path, rows):
    text = "\n".join(map(json.dumps, rows)) if isinstance(rows, list) else rows
    path.write_bytes(text.encode())
    return path


def load(folder, rows, name="d.jsonl", **columns):
    dataset = FileDataset(path=str(write(folder / name, rows)), columns=columns)
    return dataset.load(), dataset


FORMS = [
    {"choices": list(TEXTS)},
    {"options": list(TEXTS)},
    {"Answer Choices": list(TEXTS)},
    {"choices": json.dumps(TEXTS)},
    {"choices": str(list(TEXTS))},
    {"choices": {"text": list(TEXTS), "label": list(LETTERS)}},
    {"choices": {"text": list(TEXTS), "label": ["1", "2", "3", "4"]}},
    {"choices": [{"label": a, "text": t} for a, t in zip(LETTERS, TEXTS, strict=True)]},
    {"choices": [{"key": a, "value": t} for a, t in zip(LETTERS, TEXTS, strict=True)][::-1]},
    {"choices": dict(zip(LETTERS, TEXTS, strict=True))},
    {"choices": dict(list(zip("abcd", TEXTS, strict=True))[::-1])},
    {"choices": list(TEXTS), "labels": ["a", "b", "c", "d"]},
    {"choices": [f"{a}. {t}" for a, t in zip(LETTERS, TEXTS, strict=True)]},
    dict(zip(LETTERS, TEXTS, strict=True)),
    {f"option_{a}": t for a, t in zip("abcd", TEXTS, strict=True)},
    {f"Choice {i}": t for i, t in enumerate(TEXTS, 1)},
    {f"op{a}": t for a, t in zip("abcd", TEXTS, strict=True)},
]


@pytest.mark.parametrize("gold", ["B", "b", "(B)", "Paris", "paris ", "B. Paris"])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_options_in_any_form_are_asked_and_judged_by_letter(tmp_path, form, gold):
    ((p,), dataset) = load(tmp_path, [{**Q, **form, "answer": gold}])
    assert (p.choices, p.answer) == (TEXTS, "B")
    assert dataset.default_prompt == "choice"
    assert dataset.default_answers.equivalence == "choice"
    assert FileDataset.model_validate(dataset.model_dump()).load() == [p]


@pytest.mark.parametrize(
    "name", ["answer", "answerKey", "gold", "target", "label", "Correct Option"]
)
def test_an_index_counts_from_0_and_a_label_is_itself(tmp_path, name):
    ((p,), _) = load(tmp_path, [{**Q, "choices": TEXTS, name: 1}])
    assert p.answer == "B"
    labelled = {"text": TEXTS, "label": ["1", "2", "3", "4"]}
    for gold in ("2", 2, 2.0):
        ((p,), _) = load(tmp_path, [{**Q, "choices": labelled, name: gold}])
        assert p.answer == "B"


def test_digits_without_labels_count_as_the_file_shows_or_are_asked_about(tmp_path):
    def answers(*golds, **columns):
        rows = [{**Q, "choices": TEXTS, "answer": gold} for gold in golds]
        return [p.answer for p in load(tmp_path, rows, **columns)[0]]

    assert answers("0", "1") == ["A", "B"]
    assert answers("1", "4") == ["A", "D"]
    assert answers("1", choices="choices", answer_form="number") == ["A"]
    with pytest.raises(DataError, match=r"d\.jsonl:1: column 'answer': '1' may count from 0 or"):
        answers("1")


def test_ids_and_other_names_are_found_and_what_is_not_used_is_said_once(tmp_path):
    rows = [{"uid": f"q{i}", "problem": "1+1?", "gold": 2, "level": 3} for i in range(3)]
    problems, dataset = load(tmp_path, rows)
    assert [(p.id, p.question, p.answer) for p in problems] == [
        (f"q{i}", "1+1?", "2") for i in range(3)
    ]
    (told,) = dataset.notes
    assert "id from 'uid'" in told
    assert "not used: level" in told
    assert dataset.default_answers.equivalence == "math"


def test_false_leaves_ids_and_choices_alone(tmp_path):
    rows = [{**Q, "id": "x", "choices": ["2", "3"], "answer": "2"}]
    ((p,), dataset) = load(tmp_path, rows, id=False, choices=False)
    assert (p.id, p.choices, p.answer, dataset.default_prompt) == ("d-0", (), "2", "cot")


def test_columns_that_only_look_like_options_are_not(tmp_path):
    ((p,), dataset) = load(tmp_path, [{**Q, "a": 3, "b": 4, "answer": 7}])
    assert p.choices == ()
    assert "not used: a, b" in dataset.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"choices": ["x", "y"], "answer": "Z"}, "'Z' is not a letter from A to B"),
        ({"choices": ["x", "x"], "answer": "x"}, "options are the same text 'x'"),
        ({"choices": ["B", "A"], "answer": "A"}, "a letter and the text of another option"),
        ({"choices": [1, 2, 3], "answer": 2}, "an index and the text of another option"),
        ({"choices": ["x"], "answer": "A"}, "a list of 2 to 10 options"),
        ({"choices": ["x", None], "answer": "A"}, "an option: empty"),
        ({"choices": "x or y", "answer": "A"}, "as text, a JSON list"),
        ({"choices": "[" * 2000, "answer": "A"}, "as text, a JSON list"),
        ({"choices": [[["x"]], "y"], "answer": "A"}, "must be a text or a number, not list"),
        ({"choices": {"text": ["x", "y"], "label": ["A"]}, "answer": "A"}, "1 labels for 2"),
        ({"choices": [{"foo": 1}, {"foo": 2}], "answer": "A"}, "an option needs a key 'text'"),
    ],
)
def test_what_can_t_be_read_is_named_with_row_and_column(tmp_path, row, why):
    with pytest.raises(DataError) as caught:
        load(tmp_path, [{**Q, **row}])
    assert str(caught.value).startswith(f"{tmp_path / 'd.jsonl'}:1: column '")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_choices_nested_a_thousand_deep(tmp_path):
    for depth in (900, 100_000):
        text = '{"question":"q","answer":"A","choices":' + "[" * depth + "]" * depth + "}"
        with pytest.raises(DataError, match=r"d\.jsonl:1"):
            load(tmp_path, text)
    deep = {**Q, "answer": "1", "more": json.loads("[" * 100 + "]" * 100)}
    with pytest.raises(DataError, match="column 'more': nested too deeply"):
        load(tmp_path, [deep], metadata=["more"])


def test_choices_that_the_first_rows_lack_are_not_dropped(tmp_path):
    rows = [{**Q, "answer": "1"}] * 150 + [{**Q, "choices": TEXTS, "answer": "B"}]
    with pytest.raises(DataError, match=r":151: column 'choices': choices, which the first rows"):
        load(tmp_path, rows)


def test_fewer_options_in_some_rows_of_a_table(tmp_path):
    text = "question,option_a,option_b,option_c,answer\nq1,x,y,z,C\nq2,x,y,,B\n"
    problems, _ = load(tmp_path, text, "d.csv")
    assert [p.choices for p in problems] == [("x", "y", "z"), ("x", "y")]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
@pytest.mark.parametrize("name", ["d.jsonl", "d.csv", "d.json", "d.ndjson"])
def test_compressed_files(tmp_path, name, pack):
    rows = [{"question": "q", "answer": "1"}]
    text = "question,answer\nq,1\n" if name == "d.csv" else json.dumps(rows[0])
    ending = ".gz" if pack is gzip.compress else ".bz2"
    path = tmp_path / (name + ending)
    path.write_bytes(pack(text.encode()))
    assert [p.id for p in FileDataset(path=str(path)).load()] == ["d-0"]
    path.write_bytes(pack(text.encode())[:-6])
    with pytest.raises(DataError, match="damaged"):
        FileDataset(path=str(path)).load()


def test_json_as_a_list_in_an_object_or_by_lines(tmp_path):
    rows = [{"question": "q", "answer": "1"}, {"question": "r", "answer": "2"}]
    for text in (
        json.dumps(rows),
        json.dumps({"v": 1, "data": rows}),
        "\n".join(map(json.dumps, rows)),
    ):
        problems, _ = load(tmp_path, text, "d.json")
        assert [p.question for p in problems] == ["q", "r"]
    with pytest.raises(DataError, match=r"d\.json item 2: must be a JSON object"):
        load(tmp_path, '[{"question": "q", "answer": "1"}, 3]', "d.json")


def test_parquet_decimals_dates_lists_and_structs(tmp_path):
    table = {
        "question": ["q"],
        "answer": [decimal.Decimal("27.00")],
        "day": [datetime.date(2024, 5, 1)],
        "facts": [{"a": [1, decimal.Decimal("2.50")], "b": b"x"}],
    }
    pq.write_table(pa.table(table), tmp_path / "d.parquet")
    columns = {"metadata": ["day", "facts"]}
    dataset = FileDataset(path=str(tmp_path / "d.parquet"), columns=columns)
    (p,) = dataset.load()
    assert (p.answer, p.metadata) == (
        "27",
        {"day": "2024-05-01", "facts": {"a": ["1", "2.50"], "b": "x"}},
    )
    json.dumps(p.metadata)
    table = {"question": ["q"], "answer": ["B"], "choices": [{"A": "x", "B": "y", "C": None}]}
    pq.write_table(pa.table(table), tmp_path / "d.parquet")
    (p,) = FileDataset(path=str(tmp_path / "d.parquet")).load()
    assert (p.choices, p.answer) == (("x", "y"), "B")


def test_a_question_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(values, "MOST_TEXT", 1000)
    with pytest.raises(DataError, match="column 'question': 1,001 characters; 1,000 are the most"):
        load(tmp_path, [{"question": "x" * 1001, "answer": "1"}])
    monkeypatch.setattr(files, "MOST_ROW", 500)
    with pytest.raises(DataError, match=":1: a line of more than 500 characters"):
        load(tmp_path, [{"question": "x" * 1001, "answer": "1"}])


_CELLS = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
_KEYS = st.sampled_from(["question", "answer", "choices", "id", "labels", "A", "B", "label"])


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(_KEYS, _CELLS, max_size=6), min_size=1, max_size=3))
def test_any_rows_give_problems_or_a_sentence(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    with suppress(DataError):
        for p in FileDataset(path=str(write(path, rows))).load():
            assert not p.choices or p.answer in "ABCDEFGHIJ"[: len(p.choices)]
