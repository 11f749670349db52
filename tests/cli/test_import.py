"""`ttc import` from the shell: what is imported works with show, curves and fit-scaling."""

import json
import re
import tarfile

import pytest
import yaml
from processes import ttc

from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame


def worked(done):
    assert done.returncode == 0, done.stderr
    return re.sub(r"\s+", " ", done.stdout)


def refused(done, code, *said):
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("Error: ")
    for text in said:
        assert text in done.stderr
    assert done.stderr.count("\n") == 1


def judged(verdicts):
    return [{"verdict": verdict, "tokens": 10} for verdict in verdicts]


def problem(name, answers, labels, gold="7"):
    """Right answers are verified Yes twice in three, wrong ones once."""
    return {
        "problem_id": name,
        "question": f"{name}?",
        "answer": gold,
        "solutions": [
            {
                "text": f"The final answer is {answer}.",
                "correct": label,
                "tokens": 20,
                "verifications": judged([answer == gold, True, False]),
            }
            for answer, label in zip(answers, labels, strict=True)
        ],
    }


@pytest.fixture
def lines(tmp_path):
    """Three problems; the data's labels are wrong on one solution of `b` and one of `c`."""
    problems = [
        problem("a", ["7", "7", "8", "7"], [True, True, False, True]),
        problem("b", ["7", "9", "9", "7"], [False, False, False, True]),
        problem("c", ["1", "2", "3", "7"], [True, False, False, True]),
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(p) + "\n" for p in problems))
    return path


@pytest.mark.slow
def test_json_lines_become_a_run_that_everything_works_on(tmp_path, lines):
    said = worked(ttc(tmp_path, "import", lines.name, "--set", "cost.parameters=1e6"))
    assert "lambda of imported: 0.50" in said
    assert "labels that came with the data: 12; our judgement differs on 2" in said
    assert "we say right, the label wrong: b (1 solution)" in said
    assert "we say wrong, the label right: c (1 solution)" in said
    run = find_run("mine", tmp_path / "results")
    solutions = read_frame(run.solutions, "solutions")
    assert solutions["correct"].tolist() == [1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1]
    assert solutions["imported_correct"].tolist() == [1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1]
    shown = worked(ttc(tmp_path, "show", "mine", "--problem", "c", "--limit", "1"))
    assert "solution 0: wrong" in shown
    assert "DISAGREEMENT: the data says right, we say wrong" in shown
    curves = json.loads(ttc(tmp_path, "curves", "mine", "--k", "3", "--json").stdout)
    majority = next(row for row in curves if row["policy"] == "majority")
    assert majority["flops"] == pytest.approx(2e6 * majority["tokens"])
    worked(ttc(tmp_path, "fit-scaling", "mine", "--json", "--draws", "20"))


def test_trusted_labels_are_the_judgement_and_still_compared(tmp_path, lines):
    said = worked(ttc(tmp_path, "import", lines.name, "--labels", "trust"))
    assert "our judgement differs on 2" in said
    run = find_run("mine", tmp_path / "results")
    solutions = read_frame(run.solutions, "solutions")
    assert (solutions["correct"] == solutions["imported_correct"]).all()


def test_tables_with_mapped_columns(tmp_path):
    (tmp_path / "sols.csv").write_text(
        "qid,gold,response,n\nq1,5,it is 5,4\nq1,5,it is 6,4\nq2,7,it is 7,3\nq2,7,so 7.0,2\n"
    )
    (tmp_path / "checks.csv").write_text(
        "problem_id,solution_index,verdict,tokens\nq1,0,yes,9\nq1,1,no,9\nq2,0,yes,3\nq2,1,no,3\n"
    )
    maps = ["problem.id=qid", "problem.answer=gold", "solution.text=response", "solution.tokens=n"]
    words = [word for text in maps for word in ("--map", text)]
    apart = ["--verifications", "checks.csv", "--answers", "numeric", "--to", "results/tables"]
    said = worked(ttc(tmp_path, "import", "sols.csv", *words, *apart))
    assert "lambda of imported: 1.85" in said
    run = find_run("tables", tmp_path / "results")
    assert read_frame(run.solutions, "solutions")["correct"].tolist() == [1, 0, 1, 1]
    assert run.manifest().recipe["import"]["answers"]["equivalence"] == "numeric"


def test_the_reference_layout_in_an_archive(tmp_path):
    with tarfile.open(tmp_path / "pool.tar.gz", "w:gz") as archive:
        for i in range(3):
            samples = [f"The final answer is {i + (j == 2)}." for j in range(4)]
            content = {"question": "?", "prompt": "?", "samples": samples, "gt_answer": str(i)}
            add(archive, tmp_path, f"samples/{i}.yaml", content)
            for j in range(4):
                checks = [{"verification": "v", "p(yes)": 0.9 - 0.2 * j, "p(no)": 0.1 + 0.2 * j}]
                path = f"verifications/problem_{i}/solution_{j}.yaml"
                add(archive, tmp_path, path, {"prompt": "p", "verifications": checks * 2})
    said = worked(ttc(tmp_path, "import", "pool.tar.gz", "--set", "cost.lambda=2"))
    assert "solver: 12 samples" in said
    row = json.loads(
        ttc(tmp_path, "curves", "pool", "--policy", "bon", "--k", "2", "--json").stdout
    )[-1]
    assert row["cost_c"] == 2 * (1 + 2 * row["V"])


def add(archive, folder, name, content):
    path = folder / "one.yaml"
    path.write_text(yaml.safe_dump(content))
    archive.add(path, name)


def test_unverified_problems_are_left_out_and_named(tmp_path, lines):
    bare = {"problem_id": "d", "answer": "3", "solutions": ["The final answer is 3."]}
    lines.write_text(lines.read_text() + json.dumps(bare) + "\n")
    said = worked(ttc(tmp_path, "import", lines.name))
    assert "1 problems have no solution verified by imported and are left out where" in said
    assert "policies on the problems that all have: d" in said


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        (None, [], 1, "no such file or folder"),
        ("", [], 1, "there are no problems in the data"),
        ('{"problem_id": "a", "answer": "1"}', [], 1, "mine.jsonl:1: lacks 'solutions'"),
        ('{"answer": "1", "solutions": ["1"]}\n{', [], 1, "mine.jsonl:2: not JSON"),
        ('{"answer": "1", "solutions": ["one"]}', [], 1, "has an answer that could be read"),
        ('{"answer": "1", "solutions": ["1"]}', ["--map", "x"], 2, "expected NAME=COLUMN"),
        ('{"answer": "1", "solutions": ["1"]}', ["--answers", "maths"], 2, "answers.equivalence"),
        ('{"answer": "1", "solutions": ["1"]}', ["--layout", "x"], 2, "choose of auto, "),
        ('{"answer": "1", "solutions": ["1"]}', ["--score", "x"], 2, "choose of"),
        (
            '{"answer": "1", "solutions": ["1"]}',
            ["--set", "cost.flop=1"],
            2,
            "did you mean 'flops'",
        ),
        (
            '{"answer": "1", "solutions": ["1"]}',
            ["--set", "cost.flops=detailed"],
            2,
            "does not state its shape",
        ),
    ],
)
def test_what_can_not_be_imported_is_one_sentence_and_leaves_nothing(
    tmp_path, content, words, code, said
):
    if content is not None:
        (tmp_path / "mine.jsonl").write_text(content)
    refused(ttc(tmp_path, "import", "mine.jsonl", *words), code, said)
    assert not (tmp_path / "results" / "mine").exists()


def test_trusted_labels_of_tasks_with_many_right_answers_decide_votes(tmp_path):
    """Two programs are right, in different ways; two equal ones are judged differently."""

    def data(name, *solutions):
        said = [{"text": text, "answer": text, "correct": label} for text, label in solutions]
        return json.dumps({"problem_id": name, "answer": "print(1)", "solutions": said}) + "\n"

    pool = tmp_path / "codes.jsonl"
    right = [("x=1;print(x)", True), ("print(1)", True)]
    pool.write_text(data("p", *right, ("print(2)", False), ("print(2)", False)))
    words = ["--labels", "trust", "--answers", "string"]
    said = worked(ttc(tmp_path, "import", pool.name, *words))
    assert "labels disagree" not in said
    rows = json.loads(ttc(tmp_path, "curves", "codes", "--json").stdout)
    success = {(row["policy"], row["S"]): row["success"] for row in rows}
    assert success["first", 1] == success["majority", 1] == 0.5
    assert success["majority", 2] == pytest.approx((1 + 4 * 0.5) / 6)  # both right, one of each
    assert success["majority", 4] == 0.0  # two equal wrong ones against two different right ones
    assert success["oracle", 2] == pytest.approx(5 / 6)

    pool.write_text(data("p", *right, ("print(2)", False), ("print(2)", True)))
    said = worked(ttc(tmp_path, "import", pool.name, *words, "--to", "results/split"))
    assert "in 1 problem labels disagree about equal answers" in said
    rows = json.loads(ttc(tmp_path, "curves", "split", "--json").stdout)
    success = {(row["policy"], row["S"]): row["success"] for row in rows}
    assert success["first", 1] == success["majority", 1] == success["majority", 4] == 0.75
    shown = worked(ttc(tmp_path, "show", "split", "--problem", "p"))
    assert "majority print(1) (right)" in shown or "majority x=1;print(x) (right)" in shown


def test_a_dry_run_shows_the_first_record_and_imports_nothing(tmp_path):
    row = {"qid": 1, "prompt": "1+1?", "target": "2", "response": "It is 2", "trace": "x"}
    (tmp_path / "log.jsonl").write_text(json.dumps(row) + "\n")
    said = worked(ttc(tmp_path, "import", "log.jsonl", "--dry-run"))
    assert "log.jsonl:1: read as table" in said
    assert "solution.text response It is 2" in said
    assert "not used: trace" in said
    assert not (tmp_path / "results").exists()
    said = worked(ttc(tmp_path, "import", "log.jsonl"))
    assert said.startswith("not used: trace")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--filter", "x"], "--filter means nothing for jsonl data"),
        (["--metric", "x"], "--metric means nothing for jsonl data"),
        (["--right-from", "0.5"], "--right-from means nothing for jsonl data"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(tmp_path, lines, words, said):
    refused(ttc(tmp_path, "import", lines.name, *words), 1, said)


def test_files_of_a_folder_that_are_not_read_are_named(tmp_path, lines):
    folder = tmp_path / "both"
    folder.mkdir()
    lines.rename(folder / "a.jsonl")
    (folder / "b.csv").write_text("x")
    said = worked(ttc(tmp_path, "import", "both"))
    assert "files of the folder not read: b.csv" in said


def test_what_a_line_has_instead_of_solutions_is_told(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"foo": 1, "bar": 2}')
    refused(ttc(tmp_path, "import", "x.jsonl"), 1, "lacks 'solutions'; has foo, bar (--map names")


def test_all_samples_of_an_import_are_a_cell_though_no_power_of_two(tmp_path):
    row = problem("a", ["7", "7", "8"], [True, True, False])
    (tmp_path / "three.jsonl").write_text(json.dumps(row) + "\n")
    worked(ttc(tmp_path, "import", "three.jsonl", "--to", "results/three"))
    curves = read_frame(find_run("three", tmp_path / "results").curves, "curves")
    votes = curves[curves["policy"] == "majority"]
    assert votes["S"].tolist() == [1, 2, 3]
    assert curves[curves["verifier"].notna()]["V"].max() == 3
