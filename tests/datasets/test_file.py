import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttc.datasets.file as module
from ttc.datasets.file import FileDataset
from ttc.datasets.reading.rows import read_rows
from ttc.errors import DataError

ROWS = [{"question": "1+1?", "answer": "2"}, {"question": "2+2?\nThink.", "answer": "4"}]
GOOD = '{"question": "a", "answer": "1"}\n'


def _write(path, form):
    if form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    elif form == "csv":
        path.write_text('\ufeffquestion,answer\n1+1?,2\n"2+2?\nThink.",4\n')
    elif form == "tsv":
        path.write_text('question\tanswer\n1+1?\t2\n"2+2?\nThink."\t4\n')
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "parquet"])
def test_every_format_gives_the_same_problems(tmp_path, form):
    path = tmp_path / f"data.{form}"
    _write(path, form)
    problems = FileDataset(path=str(path)).load()
    assert [(p.id, p.question, p.answer) for p in problems] == [
        ("data-0", "1+1?", "2"),
        ("data-1", "2+2?\nThink.", "4"),
    ]


def _load(tmp_path, text, name="d.jsonl", limit=None, shuffle=None, **columns):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FileDataset(path=str(path), columns=columns, limit=limit, shuffle=shuffle).load()


def test_columns_are_mapped_and_metadata_is_kept(tmp_path):
    row = {"q": "x?", "gold": 8.0, "key": 5, "topic": ["a"]}
    (p,) = _load(
        tmp_path, json.dumps(row), question="q", answer="gold", id="key", metadata=["topic"]
    )
    assert (p.id, p.question, p.answer, p.metadata) == ("5", "x?", "8", {"topic": ["a"]})


@pytest.mark.parametrize(
    ("form", "answer"), [("letter", "B"), ("letter", "b"), ("index", 1), ("text", "no")]
)
def test_the_right_choice_by_letter_index_or_text(tmp_path, form, answer):
    listed = {"question": "x?", "answer": answer, "options": ["yes", "no", "perhaps"]}
    (p,) = _load(tmp_path, json.dumps(listed), choices="options", answer_form=form)
    assert (p.answer, p.choices) == ("B", ("yes", "no", "perhaps"))
    apart = {"question": "x?", "answer": answer, "o1": "yes", "o2": "no"}
    (p,) = _load(tmp_path, json.dumps(apart), choices=["o1", "o2"], answer_form=form)
    assert (p.answer, p.choices) == ("B", ("yes", "no"))


@pytest.mark.parametrize(
    ("name", "text", "columns", "why"),
    [
        ("d.jsonl", "", {}, "{path}: no rows"),
        ("d.jsonl", GOOD + "{oops", {}, "{path}:2: not JSON: Expecting property name"),
        ("d.jsonl", "[" * 100_000, {}, "{path}:1: "),
        ("d.jsonl", "[1]", {}, "{path}:1: a line must be a JSON object"),
        ("d.jsonl", GOOD.encode() + b"\xff\xfe", {}, "{path}:2: not UTF-8 text"),
        ("d.jsonl", GOOD, {"answer": "anwser"}, "{path}:1: no column 'anwser'; did you mean"),
        ("d.jsonl", GOOD, {"metadata": ["x"]}, "{path}:1: no column 'x' (columns: question, a"),
        ("d.jsonl", '{"question": " ", "answer": 1}', {}, "{path}:1: column 'question': empty"),
        ("d.jsonl", '{"question": "a", "answer": null}', {}, "{path}:1: column 'answer': empty"),
        ("d.jsonl", '{"question": "a", "answer": [1]}', {}, "must be a text or a number, not list"),
        ("d.jsonl", '{"question": "a", "answer": true}', {}, "a text or a number, not bool"),
        ("d.jsonl", '{"question": "a", "answer": NaN}', {}, "a text or a number, not NaN"),
        ("d.jsonl", GOOD, {"answer_after": "####"}, "column 'answer': nothing follows '####'"),
        ("d.jsonl", GOOD * 2, {"id": "question"}, "{path}:2: the id 'a' stands in {path}:1 too"),
        ("d.jsonl", GOOD, {"choices": "answer"}, "column 'answer': choices"),
        ("d.jsonl", GOOD, {"choices": ["question", "answer"]}, "'1' is not a letter from A to B"),
        (
            "d.txt",
            GOOD,
            {},
            "{path}: the ending does not tell what kind of file it is; known: .csv",
        ),
        ("d.csv", "question,answer\na\n", {}, "{path}:2: 1 cells, but the header has 2"),
        ("d.csv", "question,question\na,b\n", {}, "{path}:1: two columns are called 'question'"),
        ("d.csv", 'question,answer\na,"b', {}, "{path}:2: not valid csv"),
        ("d.csv", 'question,answer\n"a\nb",1\nc,\n', {}, "{path}:4: column 'answer': empty"),
        ("d.parquet", "PAR1", {}, "{path}: not valid parquet"),
    ],
)
def test_malformed_files_are_named_with_line_and_column(tmp_path, name, text, columns, why):
    with pytest.raises(DataError) as caught:
        _load(tmp_path, text, name, **columns)
    assert why.replace("{path}", str(tmp_path / name)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_and_a_folder(tmp_path):
    (tmp_path / "y.csv").mkdir()
    for name, why in (("x.csv", "no such file"), ("y.csv", "a folder, not a file")):
        with pytest.raises(DataError, match=why):
            FileDataset(path=str(tmp_path / name)).load()


def test_choices_make_it_multiple_choice():
    plain = FileDataset(path="x.csv")
    lettered = FileDataset(path="x.csv", columns={"choices": ["a", "b"]})
    assert (plain.default_prompt, plain.default_answers.equivalence) == ("cot", "math")
    assert (lettered.default_prompt, lettered.default_answers.equivalence) == ("choice", "choice")


def test_several_bad_rows_are_told_at_once_but_not_all_of_a_long_file(tmp_path):
    with pytest.raises(DataError) as caught:
        _load(tmp_path, GOOD + '{"question": "", "answer": 1}\n' * 1000)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "4", "5", "6"]


def test_the_kind_of_file_can_be_named_where_the_ending_does_not_tell(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text(GOOD)
    assert len(FileDataset(path=str(path), format="jsonl").load()) == 1


def test_the_gold_answer_may_follow_a_mark(tmp_path):
    row = {"question": "x?", "answer": "So #### 7.\n#### 8 "}
    (p,) = _load(tmp_path, json.dumps(row), answer_after="####")
    assert p.answer == "8"


def test_a_file_that_ends_in_the_middle_of_a_parquet_block(tmp_path):
    path = tmp_path / "d.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS * 1000), path)
    for size in (10, path.stat().st_size // 2):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(DataError, match="not valid parquet"):
            FileDataset(path=str(path)).load()


def test_a_file_is_read_no_further_than_needed(tmp_path, monkeypatch):
    seen = []

    def counted(*args):
        for row in read_rows(*args):
            seen.append(row.number)
            yield row

    monkeypatch.setattr(module, "read_rows", counted)
    _load(tmp_path, GOOD * 1000, limit=3)
    assert seen == [0, 1, 2]


@settings(max_examples=150, deadline=None)
@given(
    text=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    name=st.sampled_from(["d.jsonl", "d.csv", "d.tsv", "d.parquet"]),
    columns=st.sampled_from([{}, {"question": "a", "answer": "a"}, {"choices": "question"}]),
)
def test_any_bytes_give_problems_or_a_data_error(tmp_path_factory, text, name, columns):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(text)
    with suppress(DataError):
        FileDataset(path=str(path), columns=columns).load()


def test_limit_stops_before_later_faults(tmp_path):
    assert len(_load(tmp_path, GOOD + "{oops", limit=1)) == 1


def test_a_shuffled_sample_does_not_depend_on_the_order_of_the_file(tmp_path):
    lines = [json.dumps({"question": "q", "answer": "1", "k": i}) for i in range(50)]
    ids = [
        [p.id for p in _load(tmp_path, "\n".join(text), limit=n, shuffle=7, id="k")]
        for n, text in ((10, lines), (10, lines[::-1]), (20, lines))
    ]
    assert ids[0] == ids[1] == ids[2][:10] != [str(i) for i in range(10)]
