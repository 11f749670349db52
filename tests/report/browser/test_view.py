"""A run in the browser while it goes on."""

import json
import re
import signal

import pytest
from browser import open_problem
from processes import Command, ttc
from run_by_hand import HOSTILE, write_run

from ttc.store.live import live_rows
from ttc.store.manifest import Manifest
from ttc.store.rows import read_solutions, solution_row
from ttc.store.tables import read_table


@pytest.fixture
def viewed():
    """viewed(folder, *words): the address that `ttc view` prints; it is ended by Ctrl-C."""
    begun = []

    def view(folder, *words):
        command = Command(folder, "view", *words)
        begun.append(command)
        for _ in range(600):
            out, err = command.written()
            if found := re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", out):
                return found[0]
            assert command.poll() is None, err
            signal.sigtimedwait([], 0.1)
        raise AssertionError(err)

    yield view
    for command in begun:
        command.send_signal(signal.SIGINT)
        assert command.wait(120) == 0
        assert command.written()[0].endswith("stopped\n")


def live_lines(run, problems):
    """Rows of some problems of a finished run, as a run that goes on writes them."""
    tables = {
        name: read_table(run.table(name), name).to_pylist() for name in ("problems", "solutions")
    }
    for problem in problems:
        yield {
            name: [row for row in rows if row["problem_id"] == problem]
            for name, rows in tables.items()
        }


def test_a_finished_run_with_hostile_texts(opened, viewed, tmp_path):
    run = write_run(tmp_path, [(0, 1, 2, 0, -1, 1)], texts=HOSTILE)
    page = opened(viewed(tmp_path, run.path))
    open_problem(page)
    for one in page.locator("details.solution > summary").all():
        one.click()
    page.get_by_text(HOSTILE[0]).wait_for()
    assert page.evaluate("window.broken") is None


def test_problems_come_as_they_are_done(opened, viewed, tmp_path):
    done = write_run(tmp_path / "done", [(0, 1, 0), (1, 1, 0), (0, 0, 0)])
    folder = tmp_path / "results"
    going = type(done)(folder / "by_hand" / "s0-1")
    Manifest(recipe_name="by_hand", run_id="s0-1").write(going.manifest_path)
    lines = list(live_lines(done, ["p0", "p1", "p2"]))
    with live_rows(going) as rows:
        rows.write(lines[0])
        rows.write(lines[1])
        page = opened(viewed(tmp_path, "by_hand", "--results", folder))
        page.get_by_text("2 of 2 problems").wait_for()
        rows.write(lines[2])
        page.get_by_text("3 of 3 problems").wait_for()
        open_problem(page, has_text="p2")


def test_a_run_of_the_embedded_model_while_it_goes_on(opened, viewed, tmp_path):
    sets = ["dataset.problems=6", "sampler.solutions=4", "verifiers.0.verifications=1"]
    words = [word for one in sets for word in ("--set", one)]
    with Command(tmp_path, "run", "quickstart", "--plain", *words) as run:
        folder = tmp_path / "results/quickstart"
        for _ in range(900):
            if list(folder.glob("*/manifest.json")):
                break
            assert run.poll() is None, run.written()
            signal.sigtimedwait([], 0.1)
        page = opened(viewed(tmp_path, "quickstart"))
        assert run.wait(120) == 0
        page.get_by_text("6 of 6 problems").wait_for(timeout=60_000)
        page.locator("#state", has_text="complete").wait_for()
    assert not list(folder.glob("*/live.jsonl"))


def test_rows_of_a_stopped_run_are_those_of_its_problems(tmp_path):
    done = write_run(tmp_path / "done", [(0, 1, 0), (1, 1, 0)])
    (line,) = live_lines(done, ["p1"])
    wanted = [
        solution_row(one, answer_class=c, correct=c == 0)
        for one, c in zip(read_solutions(done.solutions, "p1"), (1, 1, 0), strict=True)
    ]
    assert json.loads(json.dumps(line))["solutions"] == wanted


def test_no_run_no_server(tmp_path):
    done = ttc(tmp_path, "view", "nothing")
    assert done.returncode == 1
    assert "no run 'nothing'" in done.stderr
