"""The gate before both standard streams, ttc's console, and that there is no way round them."""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.live import Live
from rich.style import Style
from rich.table import Table
from rich.text import Text

import ttc
from ttc import redact
from ttc.report.console import Console, line
from ttc.report.names import label
from ttc.report.tables import table
from ttc.terminal import Gate, dump_json, say

HOSTILE = "\x1b]0;t\x07 \x1b[31mred \x9b2J over\rwritten [/red] :boom: [link=http://e]x[/link]"
KEY = "sk-planted-0f9e8d7c6b5a4f3e2d1c"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@contextmanager
def gated(width: int = 100) -> Iterator[Terminal]:
    """Standard output as the command line has it, on a terminal."""
    made = Terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm-256color")
        patch.setenv("COLUMNS", str(width))
        patch.delenv("NO_COLOR", raising=False)
        patch.setattr(sys, "stdout", Gate(made))
        yield made


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setattr(redact, "_told", {KEY})
    return KEY


def test_plain_prints_of_anybody_pass_the_gate():
    with gated() as terminal:
        print(HOSTILE)
        sys.stdout.writelines([HOSTILE])
        sys.stdout.buffer.write(HOSTILE.encode())
        say(HOSTILE)
    said = terminal.getvalue()
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "\r" not in said
    assert said.count("\\x1b[31mred") == 4


def test_progress_bars_of_libraries_still_move():
    with gated() as terminal:
        sys.stdout.write("\r 50%|##  |")
        sys.stdout.write("\n")
        sys.stdout.write("\x1b[A\x1b[A")
    assert terminal.getvalue() == "\r 50%|##  |\n\x1b[A\x1b[A"
    with gated() as terminal:
        sys.stdout.write("\x1b[Atext")
    assert "\\x1b[Atext" in terminal.getvalue()


@pytest.mark.parametrize(
    "made",
    [
        HOSTILE,
        Text(HOSTILE),
        Text(f"{HOSTILE} {HOSTILE}", style="green"),
        Text("x", style=Style(link="http://evil/")),
        Text.from_ansi("\x1b]8;;http://evil/\x1b\\click\x1b]8;;\x1b\\ \x1b]0;t\x07"),
        table(HOSTILE, (HOSTILE, "b"), [(HOSTILE, 1), ("x", HOSTILE)]),
        line(HOSTILE, "bold"),
    ],
    ids=["str", "text", "styled", "link", "ansi", "table", "line"],
)
def test_the_console_styles_and_foreign_text_does_not(made):
    with gated() as terminal:
        Console().print(made, style="red")
    said = terminal.getvalue()
    for bad in ("\x1b]", "\x07", "\x9b", "\r", "\x1b[31mred", "\N{COLLISION SYMBOL}"):
        assert bad not in said
    assert "\x1b[0m" in said  # Rich's own styles came through


def test_a_plain_table_and_markup_asked_for_are_data_too():
    made = Table(title=HOSTILE)
    made.add_column(HOSTILE)
    made.add_row(HOSTILE)
    with gated() as terminal:
        console = Console()
        console.print(made)
        console.print(HOSTILE, markup=True, emoji=True)
        console.rule(HOSTILE)
    said = terminal.getvalue()
    assert "\x1b]" not in said
    assert "[/red] :boom:" in said


def test_what_is_printed_under_a_live_display():
    with gated() as terminal, Live("x", console=Console(), auto_refresh=False):
        print(HOSTILE)
        print("\x1b]8;;http://evil/\x1b\\click\x1b]8;;\x1b\\")
    said = terminal.getvalue()
    assert "\x1b]" not in said
    assert "\x07" not in said


def test_a_key_is_hidden_although_the_line_ends_in_it_or_a_style(key):
    text = Text("the key of this server is " + key)
    text.stylize("bold", 30, 40)
    with gated(30) as terminal:
        console = Console()
        console.print(text)
        console.print(table("t", ("a",), [(f"the key of this server is {key}",)]))
        console.print(f"the key of this server is {key}")
    said = terminal.getvalue()
    assert "planted" not in said
    assert "6b5a4f3e" not in said
    assert said.count("[hidden]") == 3


def test_what_an_encoding_lacks_ends_no_command():
    inner = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    gate = Gate(inner)
    print("√2 \ud800", file=gate)
    gate.flush()
    assert inner.buffer.getvalue() == b"\\u221a2 \\ud800\n"


def test_json_for_programs_has_no_control_character():
    assert json.loads(dump_json(HOSTILE + "\x7f")) == HOSTILE + "\x7f"
    assert dump_json(HOSTILE + "\x7f").isprintable()


@pytest.mark.parametrize("name", ["$x$", r"$\frac$", "_a", "$", r"\$", "a\nb \x1b", "x" * 900])
def test_a_figure_draws_any_name_as_it_is(name):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([1], [1], label=label(name))
    axes.set_title(label(name))
    shown = axes.legend().get_texts()
    figure.savefig(io.BytesIO(), format="svg")
    assert len(shown) == 1


# Where no person's terminal is meant: a protocol between processes, a page that is made.
_IN_THE_SANDBOX = {"harness.py", "answers/gymscorer.py"}
_MAY_WRITE = {"terminal.py", "mathworker.py", "columns.py", "report/console.py"} | _IN_THE_SANDBOX


@pytest.mark.slow
def test_nothing_in_ttc_prints_past_the_gate():
    root = Path(ttc.__file__).parent
    found = []
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if name.startswith("nano/training/") or any(name.endswith(end) for end in _MAY_WRITE):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            said = ast.unparse(node)
            call = isinstance(node, ast.Call) and ast.unparse(node.func)
            if call in ("print", "typer.echo", "click.echo", "typer.secho", "traceback.print_exc"):
                found.append(f"{name}: {said}")
            if call and call.endswith((".from_markup", "print_exception", ".stdout.write")):
                found.append(f"{name}: {said}")
            if isinstance(node, ast.ImportFrom) and node.module in ("rich", "rich.console"):
                names = {one.name for one in node.names}
                # The class itself is for types only, where the module is not `ttc.report.console`.
                if names & {"print", "get_console"} or ("Console" in names and runs(path, node)):
                    found.append(f"{name}: {said}")
            if isinstance(node, ast.ImportFrom) and node.module == "rich.markup":
                found.append(f"{name}: {said}")
    assert not found


def runs(path: Path, node: ast.ImportFrom) -> bool:
    """Whether an import is more than for types."""
    tree = ast.parse(path.read_text())
    typed = [
        inner.lineno
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for inner in ast.walk(block)
        if isinstance(inner, ast.ImportFrom)
    ]
    return node.lineno not in typed
