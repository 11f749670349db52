"""The log: whole lines, kept over tries, without secrets, never in the way."""

import json
import logging
import os
from contextlib import suppress

import pytest

from ttc.errors import DataError
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import note, read_log, run_log


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path)


def lines(run):
    return (run.path / "log.jsonl").read_text().splitlines()


def test_lines_have_time_level_event_and_fields_over_all_tries(run):
    with run_log(run, **{"try": 1}):
        note("run_started", "two problems", problems=2)
    with run_log(run, **{"try": 2}):
        note("retry", "HTTP 500", level=logging.WARNING, retries=1)
        logging.getLogger("ttc.backends.pool").warning("one server is down")
    note("nobody listens")
    first, second, third = read_log(run)
    assert len(lines(run)) == 3
    assert (first["try"], second["try"]) == (1, 2)
    assert (first["event"], first["level"], first["problems"]) == ("run_started", "info", 2)
    assert (second["event"], second["level"], second["message"]) == ("retry", "warning", "HTTP 500")
    assert (third["event"], third["message"]) == ("pool", "one server is down")
    assert first["time"] <= second["time"]
    assert read_log(run, 1) == [third]


def test_a_torn_line_costs_itself_only(run):
    with run_log(run):
        note("one")
    with (run.path / "log.jsonl").open("a") as file:
        file.write('{"event": "torn')
    with run_log(run):
        note("two")
    assert [e["event"] for e in read_log(run)] == ["one", "two"]


def test_no_secret_is_written_not_even_in_a_traceback(run, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "sk-0123456789")
    with run_log(run):
        note("x", "key sk-0123456789", url="http://a:b@c", list=["sk-0123456789"])
        try:
            raise ValueError("sk-0123456789")
        except ValueError:
            logging.getLogger("ttc.x").exception("it broke")
    text = "".join(lines(run))
    assert "sk-0123456789" not in text
    assert "a:b" not in text
    assert "ValueError: [hidden]" in read_log(run)[1]["traceback"]


def test_odd_values_are_written_somehow(run, monkeypatch):
    # Else pytest captures the line, and its workers can't send a lone surrogate to one another.
    monkeypatch.setattr(logging.getLogger("ttc"), "propagate", False)
    with run_log(run):
        note("odd", "lone \ud800 surrogate", path=run.path, number=float("nan"))
    assert read_log(run)[0]["path"] == str(run.path)


def test_a_full_disk_loses_lines_not_the_run(run, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    with run_log(run):
        monkeypatch.setattr(os, "write", fail)
        note("lost")
    assert read_log(run) == []
    assert capsys.readouterr().err == ""


def test_it_leaves_logging_as_it_was(run):
    root = logging.getLogger("ttc")
    before = root.level, list(root.handlers)
    with suppress(KeyError), run_log(run):
        assert root.isEnabledFor(logging.INFO)
        raise KeyError
    assert (root.level, root.handlers) == before


def test_unreadable_and_absent_logs(tmp_path):
    assert read_log(RunFolder(tmp_path / "none")) == []
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(DataError, match="can't read"):
        read_log(RunFolder(tmp_path))
    with pytest.raises(DataError, match="can't write"), run_log(RunFolder(tmp_path)):
        pass
    (tmp_path / "log.jsonl").rmdir()
    (tmp_path / "log.jsonl").write_text('3\n"x"\n{"event": "e"}\n' + json.dumps([1]) + "\n")
    assert read_log(RunFolder(tmp_path)) == [{"event": "e"}]


@pytest.mark.parametrize("last", [0, 1, 7, 500, 5000])
def test_the_end_of_a_long_log(run, last):
    with run_log(run):
        for i in range(1000):
            note("e", "x" * (i % 300), i=i)
    with (run.path / "log.jsonl").open("a") as file:
        file.write("torn")
    assert [entry["i"] for entry in read_log(run, last)] == list(range(1000))[max(0, 1000 - last) :]
