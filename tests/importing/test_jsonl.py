import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing import Judging, import_pool
from ttc.policies import named
from ttc.store.pool import load_pool
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.run_folder import RunFolder, list_runs
from ttc.store.tables import read_frame

YES = "Checked. Verification: Is the answer correct (Yes/No)? Yes"
NO = "Verification: Is the answer correct (Yes/No)? No"
RULE = AnswerRule(equivalence="numeric")
Import = Callable[..., RunFolder]


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    def run(*lines: Any, **options: Any) -> RunFolder:
        source = write(tmp_path / "pool.jsonl", *lines)
        return import_pool(source, tmp_path / "results" / "mine", answers=RULE, **options)

    return run


FULL = {
    "problem_id": "a",
    "question": "What is 2+2?",
    "answer": "4",
    "level": 2,
    "source": "school",
    "solutions": [
        "It is \\boxed{4}",
        {
            "text": "It is \\boxed{5}",
            "correct": True,
            "tokens": 17,
            "verifications": [
                YES,
                {"text": NO, "p_yes": 0.25, "tokens": 9},
                {"text": "no idea"},
                {"verdict": False, "verifier": "other"},
            ],
        },
        {"text": "unread", "answer": "4.0", "correct": 1, "finish_reason": "length"},
        {"text": "nothing at all"},
    ],
}


def test_a_pool_as_people_have_it(imported: Import) -> None:
    run = imported(FULL)
    [problem] = read_problems(run.problems)
    assert (problem.id, problem.question, problem.answer) == ("a", "What is 2+2?", "4")
    assert problem.metadata == {"level": 2, "source": "school"}
    row = read_frame(run.problems, "problems").iloc[0]
    assert (row["n_solutions"], row["n_verifications"], row["n_classes"]) == (4, 4, 2)
    assert (row["level"], row["gold_class"]) == (2, 0)

    table = read_frame(run.solutions, "solutions")
    assert table["answer"].fillna("-").tolist() == ["4", "5", "4.0", "-"]
    assert table["answer_class"].tolist() == [0, 1, 0, -1]
    assert table["correct"].tolist() == [True, False, True, False]
    assert table["imported_correct"].tolist() == [None, True, True, None]
    assert table["completion_tokens"].tolist() == [4, 17, 2, 4]
    assert table["finish_reason"].tolist() == ["imported", "imported", "length", "imported"]

    made = list(read_verifications(run.verifications))
    assert [(v.verifier, v.index) for v in made] == [
        ("imported", 0),
        ("imported", 1),
        ("imported", 2),
        ("other", 0),
    ]
    assert [v.verdict for v in made] == [True, False, None, False]
    assert [v.score for v in made] == [1.0, 0.25, None, 0.0]
    assert made[1].completion_tokens == 9

    manifest = run.manifest()
    assert manifest.status == "imported"
    assert manifest.choices.token_counts == "mixed"
    assert manifest.source["labels"] == 2
    assert manifest.source["labels_that_differ"] == 1
    assert "differs from 1 of 2 labels" in manifest.note
    assert set(manifest.models) == {"solver", "imported", "other"}
    assert manifest.recipe["import"]["answers"]["equivalence"] == "numeric"
    assert load_pool(run, "imported").arrays.n_verified.tolist() == [1]


def test_scores_follow_the_mode(imported: Import) -> None:
    binary = imported(FULL, judging=Judging(score="binary", verifier="judge"))
    assert [v.score for v in read_verifications(binary.verifications)] == [1.0, 0.0, None, 0.0]
    logprob = imported(FULL, judging=Judging(score="logprob"))
    assert [v.score for v in read_verifications(logprob.verifications)] == [None, 0.25, None, None]
    assert binary.path != logprob.path


def test_a_score_of_its_own_goes_before_verdict_and_probability(imported: Import) -> None:
    solution = {"text": "4", "verifications": [{"score": 0.7, "p_yes": 0.1, "verdict": False}]}
    run = imported({"answer": "4", "solutions": [solution]})
    [made] = read_verifications(run.verifications)
    assert (made.score, made.p_yes, made.verdict) == (0.7, 0.1, False)
    assert read_problems(run.problems)[0].id == "pool-0"  # no id in the data


def test_trusted_labels_become_our_judgement(imported: Import) -> None:
    run = imported(FULL, judging=Judging(labels="trust"))
    assert read_frame(run.solutions, "solutions")["correct"].tolist() == [True, True, True, False]


def test_labels_stand_in_for_a_missing_gold_answer(imported: Import) -> None:
    solutions = [
        {"text": "\\boxed{7}", "correct": True},
        {"text": "\\boxed{8}", "correct": False},
        {"text": "\\boxed{7.0}"},
    ]
    run = imported({"problem_id": "a", "solutions": solutions})
    assert read_problems(run.problems)[0].answer == "7"
    assert read_frame(run.solutions, "solutions")["correct"].tolist() == [True, False, True]
    none_right = [{"text": "\\boxed{8}", "correct": False}]
    run = imported({"problem_id": "a", "solutions": none_right})
    assert not load_pool(run).arrays.correct.any()


@pytest.mark.parametrize(
    ("given", "read"),
    [("So it is \\boxed{12}.", "12"), ("work\n#### 12", "12"), ("x + 1", "x + 1"), (12.0, "12")],
)
def test_a_gold_answer_may_be_a_worked_solution(imported: Import, given: Any, read: str) -> None:
    run = imported({"problem_id": "a", "answer": given, "solutions": ["12"]})
    assert read_problems(run.problems)[0].answer == read


def test_keys_can_be_mapped(imported: Import) -> None:
    line = {
        "uid": 3,
        "gold": "4",
        "answer": "kept as metadata",
        "outputs": [{"response": "\\boxed{4}", "judgements": [{"critique": NO}]}],
    }
    mapping = {
        "id": "uid",
        "problem.answer": "gold",
        "solutions": "outputs",
        "solution.text": "response",
        "verifications": "judgements",
        "verification.text": "critique",
    }
    run = imported(line, mapping=mapping)
    assert next(read_verifications(run.verifications)).verdict is False
    [problem] = read_problems(run.problems)
    assert problem.id == "3"
    assert problem.metadata == {"answer": "kept as metadata"}


def test_a_folder_of_files_is_one_pool(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for name in ("b", "a"):
        write(folder / f"{name}.jsonl", {"problem_id": name, "answer": "1", "solutions": ["1"]})
    run = import_pool(folder, tmp_path / "results" / "mine", answers=RULE)
    assert [p.id for p in read_problems(run.problems)] == ["a", "b"]


def test_the_same_data_is_the_same_run(imported: Import, tmp_path: Path) -> None:
    first = imported(FULL)
    assert imported(FULL) == first
    assert imported(FULL | {"question": "Another?"}) != first
    assert len(list_runs(tmp_path / "results")) == 2
    assert str(tmp_path) not in first.manifest_path.read_text()


def test_progress_is_told(imported: Import) -> None:
    seen: list[int] = []
    imported(
        *(FULL | {"problem_id": str(i)} for i in range(3)),
        progress=lambda tally: seen.append(tally.solutions),
    )
    assert seen == [4, 8, 12]


def test_hostile_and_odd_texts_survive(imported: Import) -> None:
    text = "\ud800 \x00 \\boxed{4}" + "{" * 5000
    run = imported({"problem_id": "a\ud800", "answer": "4", "solutions": [text, None, ""]})
    assert load_pool(run).arrays.n_solutions.tolist() == [3]
    assert next(read_solutions(run.solutions)).text.startswith("� ")


OK = {"problem_id": "a", "answer": "4", "solutions": ["4"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"solutions": []}, r"pool.jsonl:2: problem 'b' has no solutions"),
        ({"solutions": "4"}, r":2: solutions: expected a list, found '4'"),
        ({"solutions": [7]}, r":2: solutions\[0\]: expected a text or an object, found 7"),
        ({"solutions": [{"text": ["4"]}]}, r"solutions\[0\]: text: expected a text, found a list"),
        ({"solutions": [{"text": "4", "correct": "maybe"}]}, "expected true or false"),
        ({"solutions": [{"text": "4", "tokens": -1}]}, "tokens: expected a whole number from 0"),
        ({"solutions": [{"text": "4", "tokens": 2.5}]}, r"whole number from 0, found 2\.5"),
        ({"solutions": [{"text": "4", "corect": True}]}, "'corect'; did you mean 'correct'"),
        ({"solutions": [{"text": "4", "verifications": "x"}]}, "verifications: expected a list"),
        (
            {"solutions": [{"text": "4", "verifications": [{"p_yes": 1.2}]}]},
            r"verifications\[0\]: p_yes: expected a number from 0 to 1, found 1\.2",
        ),
        ({"problem_id": "a"}, r":2: problem 'a' is there twice, first in .*:1"),
        ({"answer": None}, "neither an answer nor labelled solutions"),
        ({"choices": "A, B"}, "choices: expected a list of options"),
        ({"metadata": 3}, "metadata: expected an object, found 3"),
        ({"answer": {"value": 4}}, "answer: expected a text, found an object"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    imported: Import, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        imported(OK, OK | {"problem_id": "b"} | change)
    assert not (tmp_path / "results" / "mine").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"problem_id": "a", "answer": "4", "solut', r"pool.jsonl:2: not JSON"),
        ('{"problem_id": "b", "answer": "4", "solutoins": []}', r"did you mean 'solutions'"),
        ('{"problem_id": "b"}', r":2: lacks 'solutions'"),
        ("[1, 2]", r":2: a line must be a JSON object"),
        ("\udcff", r":2: not UTF-8"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path / "pool.jsonl", OK)
    with path.open("ab") as file:
        file.write(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=message):
        import_pool(path, tmp_path / "results" / "mine", answers=RULE)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"solution.txt": "x"}, "unknown name 'solution.txt'; did you mean 'solution.text'"),
        ({"answer": "x"}, "may mean problem.answer or solution.answer"),
        ({"solution.text": "respnse"}, "nothing has the key 'respnse'"),
        ({"solutions": "outputs"}, "lacks 'outputs'"),
    ],
)
def test_a_wrong_mapping_is_refused(
    imported: Import, mapping: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        imported(OK, mapping=mapping)


def test_sources_that_are_none(tmp_path: Path) -> None:
    to = tmp_path / "results" / "mine"
    with pytest.raises(DataError, match="no such file or folder"):
        import_pool(tmp_path / "nowhere.jsonl", to)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match="can't tell its layout"):
        import_pool(tmp_path / "notes.txt", to)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="found no samples"):
        import_pool(tmp_path / "empty", to)
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(DataError, match="no problems in the data"):
        import_pool(tmp_path / "empty.jsonl", to)
    with pytest.raises(DataError, match="unknown layout 'yaml'"):
        import_pool(tmp_path / "empty.jsonl", to, layout="yaml")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="hold their verifications themselves"):
        import_pool(tmp_path / "empty.jsonl", to, verifications=tmp_path)


def test_labels_are_kept_exactly(imported: Import) -> None:
    labels = [True, False, None, True]
    solutions = [{"text": "4", "correct": label} for label in labels]
    run = imported({"problem_id": "a", "answer": "4", "solutions": solutions})
    kept = read_frame(run.solutions, "solutions")["imported_correct"].tolist()
    assert kept == labels
    np.testing.assert_array_equal(load_pool(run).arrays.correct, [[True] * 4])


@pytest.mark.parametrize("key", ["score", "p_yes"])
def test_sure_scores_reach_best_of_n_as_they_are(imported: Import, key: str) -> None:
    """Through tables and pool: 1 - 1e-9 is better than 1 - 2e-8, and they don't tie."""
    sure, less = 1 - 1e-9, 1 - 2e-8
    solutions = [
        {"text": text, "verifications": [{"text": YES, key: value}]}
        for text, value in (("\\boxed{5}", less), ("\\boxed{4}", sure))
    ]
    run = imported({"problem_id": "a", "question": "2+2?", "answer": "4", "solutions": solutions})
    arrays = load_pool(run).arrays
    assert arrays.scores.ravel().tolist() == [less, sure]
    view = ProblemView.of(arrays, 0, EstimatorSettings(), seed=1)
    assert named("best_of_n").estimate(view, [2], [1]).value.item() == 1.0
