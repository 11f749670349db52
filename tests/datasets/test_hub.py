import json
import re
import sys
from types import SimpleNamespace

import pytest

from ttc.datasets.gpqa_diamond import GpqaDiamond
from ttc.datasets.hub import HubDataset
from ttc.errors import DataError, MissingExtra
from ttc.installing import with_extra
from ttc.prompts import load_prompt
from ttc.registry import parts

GPQA = {
    "Record ID": "rec1",
    "Question": "Which?",
    "Correct Answer": "right ",
    "Incorrect Answer 1": "w1",
    "Incorrect Answer 2": "w2",
    "Incorrect Answer 3": "w3",
    "Subdomain": "Optics",
    "High-level domain": "Physics",
}
PRESETS = [
    ("gsm8k", {"question": "q?", "answer": "So 2.\n#### 1,234"}, "1234", "So \\boxed{1234}"),
    (
        "math500",
        {"problem": "q?", "answer": "\\frac12", "unique_id": "t/1", "level": 2, "subject": "s"},
        "\\frac12",
        "The final answer is $\\frac{1}{2}$.",
    ),
    ("aime24", {"id": 60, "problem": "q?", "solution": "\\boxed{025}"}, "025", "\\boxed{25}"),
    ("aime25", {"id": 1, "problem": "q?", "answer": "70"}, "70", "\\boxed{070}"),
    ("amc23", {"id": 0, "question": "q?", "answer": 27.0}, "27", "\\boxed{27}"),
]


class Table(list):
    """What the library returns, as far as it is used."""

    @property
    def column_names(self):
        return list(self[0]) if self else []

    def select_columns(self, names):
        return Table({name: row[name] for name in names} for row in self)


@pytest.fixture
def hub(monkeypatch):
    """A stand-in of the `datasets` library; `hub.rows` is what every set holds."""
    fake = SimpleNamespace(rows=[], calls=[], error=None)

    def load_dataset(repo, config, *, split, revision):
        fake.calls.append((repo, config, split, revision))
        if fake.error:
            raise fake.error
        return Table(fake.rows)

    fake.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", fake)
    return fake


@pytest.mark.parametrize(("name", "row", "gold", "said"), PRESETS)
def test_presets_read_file_and_hub_alike_and_their_rule_grades(
    tmp_path, hub, name, row, gold, said
):
    cls = parts("dataset")[name]
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(row))
    (problem,) = cls(path=str(path)).load()
    assert (problem.question, problem.answer) == ("q?", gold)
    hub.rows = [row]
    assert list(cls(revision="abc").load()) == [problem]
    assert hub.calls[0][3] == "abc"
    rule = cls.default_answers
    assert rule.equivalent(rule.extract(said), problem.answer)


def test_gpqa_shuffles_the_choices_the_same_way_every_time(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [GPQA | {"Question": f"{i}?", "Record ID": i} for i in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    problems = GpqaDiamond(path=str(path)).load()
    assert problems == GpqaDiamond(path=str(path)).load()
    assert {p.answer for p in problems} == set("ABCD")
    assert all(p.choices["ABCD".index(p.answer)] == "right" for p in problems)
    assert problems[0].metadata == {"subdomain": "Optics", "domain": "Physics"}
    rule = GpqaDiamond.default_answers
    assert rule.extract(f"Thus.\nAnswer: {problems[0].answer}") == problems[0].answer


def test_any_set_by_id_with_mapped_columns(hub):
    hub.rows = [{"q": "a", "a": 1, "huge": "x"}, {"q": "b", "a": 2, "huge": "x"}]
    columns = {"question": "q", "answer": "a"}
    part = HubDataset(id="x/y", config="c", split="dev", columns=columns, limit=1)
    assert [(p.id, p.answer) for p in part.load()] == [("y-0", "1")]
    assert hub.calls == [("x/y", "c", "dev", None)]


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=re.escape(with_extra("hub"))):
        parts("dataset")["gsm8k"]().load()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ConnectionError("no way\nout"), "can't load openai/gsm8k (test) from the hub: no way (no"),
        (RuntimeError("Dataset is gated"), "HF_TOKEN"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_the_library_raises_becomes_one_line(hub, error, why):
    hub.error = error
    with pytest.raises(DataError) as caught:
        parts("dataset")["gsm8k"]().load()
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_row_and_a_missing_column_of_the_hub_are_named(hub):
    gsm8k = parts("dataset")["gsm8k"]
    hub.rows = [{"question": "a", "answer": "#### 1"}, {"question": "b", "answer": "2"}]
    with pytest.raises(DataError, match=r"openai/gsm8k \(test\) row 2: column 'answer': nothing"):
        gsm8k().load()
    hub.rows = [{"question": "a", "answers": "#### 1"}]
    with pytest.raises(DataError, match="no column 'answer'; did you mean 'answers'"):
        gsm8k().load()


def test_gpqa_refuses_a_right_option_among_the_wrong(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(GPQA | {"Incorrect Answer 2": "right"}))
    with pytest.raises(DataError, match="1: the right option stands among the wrong ones"):
        GpqaDiamond(path=str(path)).load()


def test_another_seed_gives_gpqa_another_order_of_options(tmp_path):
    path = tmp_path / "data.jsonl"
    rows = [json.dumps(GPQA | {"Question": f"{i}?", "Record ID": i}) for i in range(40)]
    path.write_text("\n".join(rows))
    answers = [
        [p.answer for p in GpqaDiamond(path=str(path), options_seed=seed).load()] for seed in (0, 1)
    ]
    assert answers[0] != answers[1]
    path.write_text("\n".join(rows[20:]))
    assert [p.answer for p in GpqaDiamond(path=str(path)).load()] == answers[0][20:]


def test_a_local_folder_of_the_real_library(tmp_path):
    pytest.importorskip("datasets", reason="the extra 'hub' is not installed")
    (tmp_path / "test.jsonl").write_text(json.dumps({"q": "a", "a": 1}))
    part = HubDataset(id=str(tmp_path), columns={"question": "q", "answer": "a"})
    (problem,) = part.load()
    assert (problem.question, problem.answer) == ("a", "1")


def test_every_dataset_names_a_prompt_that_is_shipped():
    required = {"file": {"path": "x"}, "hub": {"id": "x"}, "reasoning-gym": {"tasks": ["gcd"]}}
    for name, cls in parts("dataset").items():
        load_prompt(cls(**required.get(name, {})).default_prompt)
