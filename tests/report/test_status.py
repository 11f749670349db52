"""Statuses as text."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from ttc.report.status import duration, log_line, status_line, status_panel
from ttc.store.status import Count, RunStatus, Spending

START = datetime(2025, 1, 1, tzinfo=UTC)
STATUS = RunStatus(
    run_id="s0-1",
    recipe_name="r",
    stage="sampling",
    started=START,
    updated=START + timedelta(seconds=75),
    problems=Count(done=3, total=10),
    roles={"solver": Count(done=1200, total=4000)},
    from_journal=200,
    retries=2,
    last_retry="HTTP 429 [/bold]",
    tokens_per_second=1234.5,
    eta_seconds=90.0,
    budget={
        "tokens": Spending(spent=2e3, reserved=1e3, limit=1e4),
        "usd": Spending(spent=0.5),
    },
    endpoints=[
        {"url": "http://a/v1", "state": "ok", "in_flight": 3, "latency": 0.25},
        {"url": "http://b/v1", "state": "open"},
    ],
)


def shown(status, log=(), width=100):
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(status_panel(status, log))
    return out.getvalue()


def test_a_line_has_what_matters():
    assert status_line(STATUS) == (
        "3/10 problems, solver 1,200/4,000, 200 from the journal, 1,234 tokens/s, 1:30 left, "
        "tokens 2k of 10k spent, 1k reserved, 7k left, 2 retries (last: HTTP 429 [/bold]), "
        "http://b/v1 open"
    )


def test_the_panel_has_bars_budget_endpoints_and_log():
    entry = {"time": "2025-01-01T00:00:00+00:00", "level": "warning", "event": "retry"}
    text = shown(STATUS, [entry | {"message": "HTTP 429\nand more [red]"}])
    for words in (
        "r/s0-1  sampling  1:15",
        "1,200/4,000",
        "tokens: 2k of 10k spent, 1k reserved, 7k left",
        "http://a/v1 ok: in flight 3, latency 0.25",
        "http://b/v1 open",
        "warning: retry: HTTP 429 and more [red]",
        "[/bold]",
    ):
        assert words in text
    assert "verifications" not in text
    assert "usd" not in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("failed", "failed; run its recipe again to go on"),
        ("killed", "killed; run its recipe again"),
        ("budget", "complete, ended by its budget"),
        ("imported", "imported"),
    ],
)
def test_ends_are_told(state, words):
    text = shown(STATUS.model_copy(update={"state": state, "error": "bad key"}))
    assert words in text
    assert ("bad key" in text) == (state == "failed")
    assert "tokens/s" not in text


def test_unknown_totals_and_narrow_terminals():
    unknown = STATUS.model_copy(update={"roles": {"solver": Count(done=5)}})
    assert "solver 5" in status_line(unknown)
    assert shown(unknown, width=30)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599.4, "59:59"), (36000, "10:00:00")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_damaged_entry_is_shown_all_the_same():
    assert log_line({"time": "x", "event": "e"}) == "- e:"
