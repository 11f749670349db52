from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttc.analysis.pool import PoolArrays
from ttc.errors import DataError, TtcError
from ttc.store import tables
from ttc.store.pool import load_pool, require_same_dataset, verifiers
from ttc.store.rows import read_solutions, read_verifications, solution_row, verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table

MakeRun = Callable[..., RunFolder]

CLASSES = [[0, 1, 0], [-1, 2], [0, 0, 1]]
GOLD = [0, -1, 1]
SCORES = [[[1.0, None], [0.25]], [[0.5, 0.5]], []]


def rewrite(run: RunFolder, keep: Callable[[Any], bool], change: Callable[[Any], Any]) -> None:
    """Rewrite the verifications table: some rows, changed."""
    kept = [change(v) for v in read_verifications(run.verifications) if keep(v)]
    write_table(run.verifications, "verifications", map(verification_row, kept))


def test_a_pool_holds_what_the_tables_hold(make_run: MakeRun) -> None:
    loaded = load_pool(make_run(CLASSES, GOLD, SCORES), need_verifications=True)
    expected = PoolArrays.from_ragged(CLASSES, GOLD, scores=SCORES)
    pool = loaded.arrays
    np.testing.assert_array_equal(pool.answer_class, expected.answer_class)
    np.testing.assert_array_equal(pool.correct, expected.correct)
    np.testing.assert_array_equal(pool.scores, expected.scores)
    np.testing.assert_array_equal(pool.verification_count, expected.verification_count)
    assert pool.problem_ids == ("p0", "p1", "p2")
    assert loaded.verifier == "genrm"
    np.testing.assert_allclose(pool.solution_tokens, [21, 20.5, 21])
    np.testing.assert_allclose(loaded.solutions.prompt_tokens, [10, 11, 12])
    np.testing.assert_allclose(pool.verification_tokens, [(40 + 41 + 40) / 3, 40.5, np.nan])


ragged = st.lists(
    st.lists(st.lists(st.none() | st.sampled_from([0.0, 0.25, 1.0]), max_size=3), max_size=3),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ragged, st.data())
def test_any_pool_comes_back(make_run: MakeRun, scores: Any, data: st.DataObject) -> None:
    classes = [
        data.draw(st.lists(st.integers(-1, 3), min_size=max(1, len(row)), max_size=5))
        for row in scores
    ]
    run = make_run(classes, [0] * len(classes), scores)
    pool = load_pool(run).arrays
    ordered = [
        sorted(range(len(r)), key=lambda j: not (j < len(s) and s[j]))
        for r, s in zip(classes, scores, strict=True)
    ]
    wanted = PoolArrays.from_ragged(
        [[r[j] for j in order] for r, order in zip(classes, ordered, strict=True)],
        [0] * len(classes),
        scores=[[mark for mark in s if mark] for s in scores],
    )
    np.testing.assert_array_equal(pool.answer_class, wanted.answer_class)
    np.testing.assert_array_equal(pool.scores, wanted.scores.reshape(pool.scores.shape))
    np.testing.assert_array_equal(pool.verification_count.sum(1), wanted.verification_count.sum(1))


def test_rows_may_come_in_any_order_and_in_many_groups(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    before = load_pool(run).arrays
    monkeypatch.setattr(tables, "GROUP_ROWS", 2)
    for path, name in ((run.solutions, "solutions"), (run.verifications, "verifications")):
        rows = tables.read_table(path, name).to_pylist()
        write_table(path, name, reversed(rows))
        assert pq.read_metadata(path).num_row_groups > 1
    after = load_pool(run).arrays
    np.testing.assert_array_equal(after.answer_class, before.answer_class)
    np.testing.assert_array_equal(after.scores, before.scores)


def test_texts_are_never_read(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    read: set[str] = set()
    original = pq.ParquetFile.read

    def spy(self: Any, columns: Any = None, **rest: Any) -> Any:
        assert columns is not None
        read.update(columns)
        return original(self, columns=columns, **rest)

    batches = pq.ParquetFile.iter_batches

    def spy_batches(self: Any, *given: Any, columns: Any = None, **rest: Any) -> Any:
        assert columns is not None
        read.update(columns)
        return batches(self, *given, columns=columns, **rest)

    monkeypatch.setattr(pq.ParquetFile, "read", spy)
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", spy_batches)
    load_pool(run)
    assert "score" in read
    assert not read & {"text", "question", "answer", "steps", "metadata", "gold_answer"}


def test_tables_without_text_will_do(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    for path in (run.solutions, run.verifications):
        pq.write_table(pq.read_table(path).drop_columns(["text"]), path)
    assert load_pool(run).arrays.n_problems == 3


def test_plain_text_ids_do_as_well_as_labels(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    table = pq.read_table(run.solutions)
    place = table.column_names.index("problem_id")
    plain = table.column("problem_id").cast(pa.string())
    pq.write_table(table.set_column(place, "problem_id", plain), run.solutions)
    assert load_pool(run).arrays.n_problems == 3


def test_verified_solutions_come_first_and_gaps_close(make_run: MakeRun) -> None:
    run = make_run([[5, 6, 7, 8]], [5], [[[0.1], [0.2, 0.3, 0.4], [0.5], [0.6]]])
    rewrite(run, lambda v: v.solution_index in (1, 3) and v.index != 1, lambda v: v)
    pool = load_pool(run).arrays
    np.testing.assert_array_equal(pool.answer_class, [[6, 8, 5, 7]])
    np.testing.assert_array_equal(pool.verification_count, [[2, 1]])
    np.testing.assert_allclose(pool.scores, [[[0.2, 0.4], [0.6, np.nan]]])


def test_several_verifiers_are_chosen_by_name(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD, SCORES, verifiers=("genrm", "prm"))
    assert verifiers(run) == ["genrm", "prm"]
    rewrite(run, lambda v: True, lambda v: replace(v, score=0.125) if v.verifier == "prm" else v)
    assert load_pool(run, "prm").arrays.scores[0, 0, 0] == 0.125
    assert load_pool(run, "genrm").arrays.scores[0, 0, 0] == 1.0
    with pytest.raises(DataError, match="several verifiers, name one: genrm, prm"):
        load_pool(run)
    with pytest.raises(DataError, match="no verifier 'gennrm'; it has genrm, prm"):
        load_pool(run, "gennrm")


def test_without_verifications(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD)
    pool = load_pool(run)
    assert pool.verifier is None
    assert pool.arrays.scores.shape == (3, 0, 0)
    with pytest.raises(DataError, match="has no verifications"):
        load_pool(run, need_verifications=True)


def test_broken_runs_are_told_in_one_sentence(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    rewrite(run, lambda v: True, lambda v: replace(v, solution_index=v.solution_index + 2))
    with pytest.raises(DataError, match="judges solution 3 of problem 'p0', which is not"):
        load_pool(run)
    run = make_run(CLASSES, GOLD, SCORES)
    rewrite(run, lambda v: True, lambda v: replace(v, index=0))
    with pytest.raises(DataError, match="verification 0 of solution 0 of problem 'p0' twice"):
        load_pool(run)
    run = make_run(CLASSES, GOLD, SCORES)
    rewrite(run, lambda v: True, lambda v: replace(v, problem_id="q"))
    with pytest.raises(DataError, match="names a problem that the problems table lacks: 'q'"):
        load_pool(run)
    run = make_run(CLASSES, GOLD, SCORES)
    rewrite(run, lambda v: True, lambda v: replace(v, score=1.5))
    with pytest.raises(TtcError, match=r"scores must lie in \[0, 1\]"):
        load_pool(run)


def test_broken_solutions_are_told_in_one_sentence(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD)
    made = [solution_row(s, answer_class=0, correct=False) for s in read_solutions(run.solutions)]
    write_table(run.solutions, "solutions", [*made, made[1]])
    with pytest.raises(DataError, match="solution 1 of problem 'p0' twice"):
        load_pool(run)
    write_table(run.solutions, "solutions", [made[0] | {"solution_index": -1}])
    with pytest.raises(DataError, match="negative solution_index"):
        load_pool(run)
    write_table(run.solutions, "solutions", made[:3])
    with pytest.raises(TtcError, match="'p1' has no solutions"):
        load_pool(run)
    write_table(run.solutions, "solutions", [])
    with pytest.raises(DataError, match="has no solutions"):
        load_pool(run)
    pq.write_table(pq.read_table(run.solutions).drop_columns(["correct"]), run.solutions)
    with pytest.raises(DataError, match="lacks the column correct"):
        load_pool(run)
    run.solutions.unlink()
    with pytest.raises(DataError, match="has no solutions table"):
        load_pool(run)
    problem = tables.read_table(run.problems, "problems").to_pylist()[0]
    write_table(run.problems, "problems", [problem, problem])
    with pytest.raises(DataError, match="a problem twice"):
        load_pool(run)
    write_table(run.problems, "problems", [])
    with pytest.raises(DataError, match="has no problems"):
        load_pool(run)


def test_runs_of_different_datasets_are_not_compared(make_run: MakeRun) -> None:
    three = make_run(CLASSES, GOLD, run_id="a")
    same = make_run(CLASSES, GOLD, run_id="b")
    two = make_run(CLASSES[:2], GOLD[:2], run_id="c")
    require_same_dataset([three, same])
    require_same_dataset([three])
    with pytest.raises(DataError, match="they share 2 of 3 problems"):
        require_same_dataset([three, same, two])
    other = same.manifest()
    other.dataset = "another"
    other.write(same.manifest_path)
    with pytest.raises(DataError, match="their questions or answers differ"):
        require_same_dataset([three, same])


def test_problems_the_budget_never_reached_are_left_out_and_named(make_run: MakeRun) -> None:
    loaded = load_pool(make_run([[], [0, 1], [], [1, 1]], [0, 0, 0, 1], [[], [[1.0]], [], []]))
    assert loaded.left_out == ("p0", "p2")
    assert loaded.arrays.problem_ids == ("p1", "p3")
    np.testing.assert_array_equal(loaded.arrays.correct, [[True, False], [True, True]])
    np.testing.assert_allclose(loaded.solutions.prompt_tokens, [11, 13])
    verified = loaded.verified()
    assert verified.left_out == ("p0", "p2", "p3")
    assert verified.arrays.problem_ids == ("p1",)
    with pytest.raises(DataError, match="no solution is verified"):
        load_pool(make_run([[0]], [0], run_id="bare")).verified()


def test_use_holds_the_moments_that_attention_costs_need(make_run: MakeRun) -> None:
    use = load_pool(make_run(CLASSES, GOLD, SCORES)).solutions
    lengths = np.array([20.0, 21.0, 22.0])
    np.testing.assert_allclose(use.completion_squared[0], np.mean(lengths**2))
    np.testing.assert_allclose(use.prompt_times_completion[2], 12 * np.mean(lengths))
    np.testing.assert_allclose(use.prompt_squared, [100, 121, 144])


def test_what_policies_read_beside_scores_is_loaded_for_them(make_run: MakeRun) -> None:
    run = make_run(CLASSES, GOLD, SCORES)
    assert load_pool(run).arrays.tokens is None
    classes = [c for row in CLASSES for c in row]
    rows = [
        solution_row(replace(s, mean_logprob=None if s.index else -0.5), answer_class=c, correct=ok)
        for s, c, ok in zip(
            read_solutions(run.solutions), classes, [True, False, True] * 3, strict=False
        )
    ]
    write_table(run.solutions, "solutions", reversed(rows))
    steps = {(0, 0, 0): (0.9, 0.5), (0, 1, 0): (0.25,)}
    place = {f"p{i}": i for i in range(3)}
    rewrite(
        run,
        lambda v: True,
        lambda v: replace(
            v, step_scores=steps.get((place[v.problem_id], v.solution_index, v.index), ())
        ),
    )
    loaded = load_pool(run, reads={"tokens", "confidence", "steps"})
    pool = loaded.arrays
    assert pool.tokens is not None
    assert pool.confidence is not None
    assert pool.steps is not None
    np.testing.assert_array_equal(pool.tokens[0], [20, 21, 22])
    np.testing.assert_array_equal(pool.tokens[1], [20, 21, np.nan])
    np.testing.assert_array_equal(pool.confidence[0], [-0.5, np.nan, np.nan])
    assert pool.steps.shape == (3, 2, 2, 2)
    np.testing.assert_array_equal(pool.steps[0, 0], [[0.9, 0.5], [np.nan, np.nan]])
    np.testing.assert_array_equal(pool.steps[0, 1], [[0.25, np.nan], [np.nan, np.nan]])
    assert np.isnan(pool.steps[1:]).all()
    few = loaded.only({"p1"}).arrays
    assert few.tokens is not None
    np.testing.assert_array_equal(few.tokens[0], [20, 21, np.nan])
