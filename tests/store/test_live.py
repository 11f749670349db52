"""Rows of problems that are done, while a run goes on."""

from contextlib import suppress

from ttc.store.live import LIVE_NAME, LiveRows, live_rows, live_size, read_live
from ttc.store.run_folder import RunFolder

ROWS = {"problems": [{"problem_id": "a"}], "solutions": [{"text": "é \ud83d"}, {"text": "b"}]}


def test_rows_come_back_by_table_and_go_at_the_end(tmp_path):
    run = RunFolder(tmp_path)
    with live_rows(run) as rows:
        rows.write(ROWS)
        rows.write({"problems": [{"problem_id": "b"}]})
        assert [row["problem_id"] for row in read_live(run)["problems"]] == ["a", "b"]
        assert read_live(run)["solutions"] == ROWS["solutions"]
        assert live_size(run) > 0
    assert not (tmp_path / LIVE_NAME).exists()
    assert (read_live(run), live_size(run)) == ({}, 0)


def stopped_after(run, rows):
    """A pass over the problems that Ctrl-C ends."""
    with suppress(KeyboardInterrupt), live_rows(run) as live:
        live.write(rows)
        raise KeyboardInterrupt


def test_they_stay_after_a_try_that_was_stopped_until_the_next(tmp_path):
    run = RunFolder(tmp_path)
    stopped_after(run, ROWS)
    assert len(read_live(run)["solutions"]) == 2
    with live_rows(run):
        assert read_live(run) == {}


def test_a_line_that_was_cut_is_left_out(tmp_path):
    run = RunFolder(tmp_path)
    (tmp_path / LIVE_NAME).write_bytes(b'{"problems": [1]}\n[]\nnot json\n{"problems": [2]')
    assert read_live(run) == {"problems": [1]}


def test_what_can_t_be_written_costs_nothing(tmp_path):
    rows = LiveRows(tmp_path / "no folder" / LIVE_NAME)
    rows.write(ROWS)
    rows.remove()


def test_a_full_disk_gets_its_room_back(tmp_path):
    class Full:
        def write(self, line):
            raise OSError(28, "full")

        def close(self):
            pass

    rows = LiveRows(tmp_path / LIVE_NAME)
    rows.write(ROWS)
    rows._file.close()
    rows._file = Full()
    rows.write(ROWS)
    assert not (tmp_path / LIVE_NAME).exists()
    rows.write(ROWS)
