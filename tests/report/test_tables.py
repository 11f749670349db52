"""Short tables: as many rows as a person reads, and of every group the best ones."""

from hypothesis import given
from hypothesis import strategies as st

from ttc.report.tables import MOST_ROWS, best_of_each, left_out

ROWS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 99)), max_size=60)


def test_the_best_of_each_group_in_their_order():
    rows = [("a", n) for n in range(8)] + [("b", n) for n in (5, 1, 9, 2)]
    assert best_of_each(rows, lambda row: row[0], lambda row: row[1], most=4) == [
        ("a", 6),
        ("a", 7),
        ("b", 5),
        ("b", 9),
    ]


@given(ROWS)
def test_no_group_is_hidden_whole_and_nothing_better_is_left_out(rows):
    kept = best_of_each(rows, lambda row: row[0], lambda row: row[1])
    groups = {group for group, _ in rows}
    assert {group for group, _ in kept} == groups
    assert len(kept) <= max(MOST_ROWS, len(groups))
    for group in groups:
        merits = sorted((m for g, m in rows if g == group), reverse=True)
        shown = sorted((m for g, m in kept if g == group), reverse=True)
        assert shown == merits[: len(shown)]


def test_what_is_left_out_is_counted():
    assert left_out(0) == ""
    assert left_out(1) == "1 more row: --all"
    assert left_out(1200, "ttc show r --all") == "1,200 more rows: ttc show r --all"
