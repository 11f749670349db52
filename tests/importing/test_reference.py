import io
import os
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ttc.answers import AnswerRule
from ttc.errors import DataError
from ttc.importing import Judging, import_pool
from ttc.store.pool import load_pool, verifiers
from ttc.store.rows import read_problems, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

RULE = AnswerRule(equivalence="numeric")
YES = "Verification: Is the answer correct (Yes/No)? Yes"
NO = "Verification: Is the answer correct (Yes/No)? No"
VERDICTS = [(YES, 0.9, -1.0), (NO, -1.0, 0.8), ("cut off", -1.0, -1.0)]


def final(answer: int) -> str:
    return f"Let us see.\nFinal Answer: The final answer is {answer}. I hope it is correct."


def samples(answer: str, *given: int) -> dict[str, Any]:
    texts = [final(number) for number in given]
    return {"prompt": "p " * 10, "question": "q", "samples": texts, "gt_answer": answer}


def judged(*entries: tuple[str, float, float]) -> dict[str, Any]:
    made = [{"verification": t, "p(yes)": y, "p(no)": n} for t, y, n in entries]
    return {"prompt": "v " * 6, "verifications": made}


CONTENT = {
    "samples/10.yaml": samples("4", 4, 5),
    "samples/2.yaml": samples("Worked.\n\\boxed{7}", 7, 7, 8),
    "verifications/problem_2/solution_0.yaml": judged(*VERDICTS),
    "verifications/problem_2/solution_2.yaml": judged(*VERDICTS[:2]),
    "verifications/problem_10/solution_1.yaml": judged(VERDICTS[0]),
}


def folder(root: Path, content: dict[str, Any]) -> Path:
    for name, value in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return root


def archive(path: Path, content: dict[str, Any], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, value in content.items():
            text = value if isinstance(value, str) else yaml.safe_dump(value)
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def load(tmp_path: Path, source: Path, **options: Any) -> RunFolder:
    return import_pool(source, tmp_path / "results" / "paper", answers=RULE, **options)


@pytest.mark.parametrize("packed", ["folder", "pool.tar.gz", "pool.tgz", "pool.tar"])
def test_folders_and_archives_give_the_same_pool(tmp_path: Path, packed: str) -> None:
    if packed == "folder":
        source = folder(tmp_path / "pool", CONTENT)
    else:  # verifications first: an archive has an order of its own
        mode = "w" if packed.endswith(".tar") else "w:gz"
        backwards = dict(reversed(CONTENT.items()))
        source = archive(tmp_path / packed, backwards, mode)
    run = load(tmp_path, source)
    assert [(p.id, p.answer) for p in read_problems(run.problems)] == [("2", "7"), ("10", "4")]
    pool = load_pool(run).arrays
    np.testing.assert_array_equal(pool.correct, [[True, False, True], [False, True, False]])
    np.testing.assert_array_equal(pool.verification_count, [[3, 2], [1, 0]])
    np.testing.assert_allclose(pool.scores[0], [[0.9, 0.2, np.nan], [0.9, 0.2, np.nan]])
    by_place = {
        (v.problem_id, v.solution_index, v.index): v for v in read_verifications(run.verifications)
    }
    assert [by_place["2", 0, k].verdict for k in range(3)] == [True, False, None]
    assert [by_place["2", 0, k].p_yes for k in range(3)] == pytest.approx([0.9, 0.2, None])
    assert by_place["2", 0, 0].prompt_tokens == 6
    assert read_frame(run.solutions, "solutions")["prompt_tokens"].unique().tolist() == [10]
    assert run.manifest().choices.token_counts == "estimated"
    assert load_pool(run).verifier == "imported"
    # The content decides the run's name, not how it was packed.
    again = load(tmp_path, folder(tmp_path / "again", CONTENT))
    assert again.run_id == run.run_id


def test_binary_scores_ignore_probabilities(tmp_path: Path) -> None:
    run = load(tmp_path, folder(tmp_path / "p", CONTENT), judging=Judging(score="binary"))
    np.testing.assert_array_equal(load_pool(run).arrays.scores[0, 0], [1, 0, np.nan])


def test_verifications_may_lie_apart_under_the_verifiers_name(tmp_path: Path) -> None:
    solved = folder(tmp_path / "llama", {"0.yaml": samples("4", 4, 5)})
    first = {"genrm-ft/problem_0/solution_0.yaml": judged(*VERDICTS)}
    second = {"genrm-base/problem_0/solution_1.yaml": judged(*VERDICTS)}
    checks = folder(tmp_path / "checks", first | second)
    run = load(tmp_path, solved, verifications=checks)
    assert sorted(verifiers(run)) == ["genrm-base", "genrm-ft"]
    assert load_pool(run, "genrm-ft").arrays.n_verifications.tolist() == [3]


def test_links_are_passed_over(tmp_path: Path) -> None:
    secret = tmp_path / "1.yaml"
    secret.write_text(yaml.safe_dump(samples("1", 1)))
    source = folder(tmp_path / "pool", {"samples/0.yaml": samples("4", 4)})
    os.symlink(secret, source / "samples" / "1.yaml")
    os.symlink(tmp_path, source / "loop")
    assert len(read_problems(load(tmp_path, source).problems)) == 1

    path = archive(tmp_path / "pool.tar", {"samples/0.yaml": samples("4", 4)}, "w")
    with tarfile.open(path, "a") as tar:
        link = tarfile.TarInfo("samples/1.yaml")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        tar.addfile(link)
    assert len(read_problems(load(tmp_path, path).problems)) == 1


def test_members_that_point_outside_write_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)
    content = {"../../escaped/0.yaml": samples("4", 4), "/tmp/ttc-escaped/1.yaml": samples("5", 5)}
    run = load(inside, archive(inside / "pool.tar.gz", content))
    assert [p.id for p in read_problems(run.problems)] == ["0", "1"]
    assert not (tmp_path / "escaped").exists()
    assert not Path("/tmp/ttc-escaped").exists()


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    bad = "gt_answer: '4'\nsamples:\n- !!python/object/apply:os.getcwd []\n"
    with pytest.raises(DataError, match=r"samples/0.yaml:3: the tag .*os.getcwd"):
        load(tmp_path, folder(tmp_path / "pool", {"samples/0.yaml": bad}))


def test_scalars_keep_their_spelling(tmp_path: Path) -> None:
    text = "question: &a 1e3\ngt_answer: 1.50\nsamples: [1:30, No, 012, '', ~, *a ]\n"
    run = load(tmp_path, folder(tmp_path / "pool", {"samples/0.yaml": text}))
    assert read_problems(run.problems)[0].answer == "1.50"
    texts = read_frame(run.solutions, "solutions")["text"].tolist()
    assert texts == ["1:30", "No", "012", "", "", "1e3"]


BOMB = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 8)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
GOOD = {"samples/0.yaml": samples("4", 4, 5)}
CHECK = "verifications/problem_0/solution_0.yaml"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"samples/0.yaml": "samples: [unclosed\nx: y"}, r"samples/0.yaml:2: not YAML"),
        ({"samples/0.yaml": ""}, r"samples/0.yaml: the file is empty"),
        ({"samples/0.yaml": "- a\n- b"}, r"expected an object with keys, found a list"),
        ({"samples/0.yaml": "samples: [a]"}, r"samples/0.yaml: lacks 'gt_answer'"),
        ({"samples/0.yaml": "gt_answer: 4\nsample: [a]"}, "lacks 'samples'; did you mean 'sample'"),
        ({"samples/0.yaml": "gt_answer: 4\nsamples: text"}, "samples: expected a list"),
        ({"samples/0.yaml": "gt_answer: 4\nsamples: [{a: 1}]"}, r"samples\[0\]: expected a text"),
        ({"samples/0.yaml": "gt_answer: 4\nsamples: []"}, "problem '0' has no solutions"),
        ({"samples/0.yaml": "gt_answer: \nsamples: [a]"}, "neither an answer nor labelled"),
        ({"samples/0.yaml": "[" * 100_000}, "0.yaml:1: nested more than 16 levels deep"),
        ({"samples/0.yaml": BOMB + "samples: *i\ngt_answer: 4"}, r"samples\[0\]: expected a text"),
        ({"samples/0.yaml": "a: \x07"}, "not YAML"),
        ({"samples/0.yaml": "[a]: b"}, "0.yaml:1: a key that is no text"),
        ({"samples/0.yaml": "a: *b"}, "0.yaml:1: unknown alias 'b'"),
        ({**GOOD, "other/00.yaml": samples("4", 4)}, "problem '0' is there twice"),
        ({**GOOD, CHECK: "prompt: v"}, "solution_0.yaml: lacks 'verifications'"),
        ({**GOOD, CHECK: "verifications: [a]"}, r"verifications\[0\]: expected an object"),
        ({**GOOD, CHECK: "verifications: [{p(yes): 1}]"}, "lacks 'verification'"),
        ({**GOOD, CHECK: judged((YES, 2.0, 0.0))}, r"p\(yes\): expected a number from 0 to 1"),
        ({**GOOD, CHECK: judged((YES, -1.0, -3.0))}, r"1 - p\(no\): expected a number"),
        ({**GOOD, CHECK.replace("_0.y", "_2.y"): judged(VERDICTS[0])}, "verifies solution 2 of"),
        ({**GOOD, CHECK.replace("m_0", "m_7"): judged(VERDICTS[0])}, "verifies problem '7'"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(tmp_path, folder(tmp_path / "pool", content))
    assert not (tmp_path / "results" / "paper").exists()


def test_damaged_archives_are_one_sentence(tmp_path: Path) -> None:
    big = {f"samples/{i}.yaml": samples("4", *range(300)) for i in range(5)}
    path = archive(tmp_path / "pool.tar.gz", big)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="the archive is damaged"):
        load(tmp_path, path)
    path.write_bytes(os.urandom(2000))
    with pytest.raises(DataError, match="no readable tar archive"):
        load(tmp_path, path)
    with pytest.raises(DataError, match="no such file or folder"):
        load(tmp_path, tmp_path / "nowhere.tar.gz")
    with pytest.raises(DataError, match="fixed names"):
        load(tmp_path, path, mapping={"solutions": "x"})
