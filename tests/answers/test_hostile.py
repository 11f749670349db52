r"""Answers made to hang, to exhaust memory, to run code, or to leave processes behind.

Only the outer time-outs are generous; what matters is that every call returns, and with "no".
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from ttc.answers import AnswerRule, mathworker
from ttc.answers.guards import is_parseable_size
from ttc.answers.killable import WorkerLost, Workers, close_workers, shared
from ttc.answers.latex import _describe

RULE = AnswerRule(time_limit_s=1.0)

HOSTILE = {
    "tower": "9^9^9^9",
    "braced tower": "9^{9^{9^{9}}}",
    "spaced tower": "9 ^ { (9 ^ { 9 } ) }",
    "python tower": "10**10**10",
    "power": "9^{999999999}",
    "power of power": "((9^{9999})^{9999})^{9999}",
    "factorial": "factorial(10^9)",
    "latex factorial": "1000000000!",
    "factorials": "9!!!!!",
    "hidden factorial": "(10^{5})!",
    "braces": "{" * 100_000 + "1" + "}" * 100_000,
    "open braces": "{" * 1000,
    "brackets": "(" * 30 + "x" + ")" * 30,
    "fractions": r"\frac{1}{" * 30 + "x" + "}" * 30,
    "roots": r"\sqrt{" * 31 + "x" + "}" * 31,
    "megabyte": r"\frac{x}{y}+" * 90_000,
    "digits": "7" * 1_000_000 + "x",
    "decimal": "0." + "3" * 1_000_000,
    "exponent": "1e999999999",
    "null": "1\0+\0x",
    "surrogate": "x\ud800y",
    "sum": r"\sum_{k=1}^{999999999} \frac{1}{k^{k}}",
    "product": r"\prod_{k=1}^{99999} (k+x)",
    "integral": r"\int_0^1 \frac{\sin(x^x)e^{-x^7}}{\ln(x+3)^{x}} dx",
    "limit": r"\lim_{x\to\infty} (1+\frac{1}{x^{x}})^{x^{x}}",
    "binomial": r"\binom{99999}{50000}",
    "expansion": "(a+b+c+d+e+f+g+h)^{40}",
    "matrix": r"\begin{pmatrix}" + r"1&2\\" * 60 + r"\end{pmatrix}",
    "determinant": r"\det\begin{pmatrix}a&b&c&d\\e&f&g&h\\i&j&k&l\\m&n&o&p\end{pmatrix}^{99}",
    "signs": "-" * 1000 + "1",
    "commas": "1," * 500,
    "equals": "x=" * 400 + "1",
    "import": "__import__('os').system('touch PWNED')",
    "eval": r"\text{__import__('os').system('touch PWNED')}",
    "lambda": "(lambda: open('PWNED','w'))()",
    "attribute": "().__class__.__bases__[0].__subclasses__()",
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_answers_come_back_with_no(text: str, tmp_path: Path) -> None:
    assert not RULE.equivalent(text, r"x+\sqrt{2}")
    assert not RULE.equivalent("123456789", text)
    assert RULE.equivalent(text, text)
    assert RULE.equivalent(r"\sqrt{18}", r"3\sqrt{2}"), "the next answer is served as ever"
    assert not Path("PWNED").exists()


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    for around in ("{}", r"\boxed{{{}}}", "The final answer is {}.", "Answer: {}"):
        solution = around.format(text)
        for extract in ("boxed", "final_answer", "last_number", "choice"):
            AnswerRule.model_validate({"extract": extract}).extract(solution)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        *(
            r"\boxed{",
            r"\boxed",
            "answer is ",
            "answer: (",
            "1,111",
            "1/",
            "1 ",
            "$",
            "**",
            "<think>",
        ),
        *(
            "</think>",
            "#### ",
            "(A",
            "\n",
            "A\n",
            " ",
            "\\",
            "{",
            "}",
            "-",
            ".",
            "answer",
            "0",
            "1e",
        ),
        *(r"\frac{1}", "Answer: I hope it is correct", "10^{"),
    ],
)
def test_a_megabyte_of_anything_is_read_quickly(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.monotonic()
    for extract in ("boxed", "final_answer", "last_number", "choice"):
        AnswerRule.model_validate({"extract": extract}).extract(text)
    RULE.equivalent(text, "1")
    AnswerRule(equivalence="choice").equivalent(text, "A")
    AnswerRule(equivalence="numeric").equivalent(text[:4096], text[:4095])
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("name", ["tower", "braced tower", "python tower", "power", "braces"])
def test_guards_spare_the_worker(name: str) -> None:
    assert not is_parseable_size(HOSTILE[name])


@pytest.mark.parametrize("text", ["e^{x^2}", "x^{2^n}", r"2^{10^3}x", "2^{100}x", "10!", r"\pi"])
def test_guards_let_honest_powers_pass(text: str) -> None:
    assert is_parseable_size(text) or text == r"2^{10^3}x"


@pytest.mark.timeout(60)
def test_a_late_worker_is_killed_and_replaced() -> None:
    workers = Workers(1)
    with pytest.raises(WorkerLost):
        workers.ask({"do": "describe", "text": "9^{9^{9^{9}}}"}, 0.5)
    assert workers.pids() == []
    assert workers.ask({"do": "describe", "text": "1+1"}, 10.0)["rational"] == "2/1"
    (pid,) = workers.pids()
    assert workers.ask({"do": "describe", "text": "1+2"}, 10.0)["rational"] == "3/1"
    assert workers.pids() == [pid], "reused"
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert workers.ask({"do": "describe", "text": "1+1"}, 10.0)["rational"] == "2/1"
    workers.close()


@pytest.mark.timeout(60)
@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is not enforced elsewhere")
def test_memory_of_a_worker_is_bounded() -> None:
    code = "import mathworker as m; m.limit_resources(); bytearray(m.MEMORY)"
    folder = Path(mathworker.__file__).parent
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.append({str(folder)!r}); {code}"],
        capture_output=True,
        text=True,
    )
    assert "MemoryError" in done.stderr


def test_strings_are_not_evaluated_by_sympy_in_the_worker(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"""
        import sys
        sys.path.append({str(Path(mathworker.__file__).parent)!r})
        import mathworker, sympy
        mathworker.refuse_string_evaluation()
        assert sympy.sympify("12") == 12 and sympy.Number("0.5") == 0.5
        try:
            sympy.sympify("open({str(mark)!r}, 'w')")
        except Exception as error:
            print("refused")
    """
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "refused", done.stderr
    assert not mark.exists()


@pytest.mark.timeout(60)
def test_many_threads_share_the_workers() -> None:
    wrong: list[int] = []

    def compare(n: int) -> None:
        if not RULE.equivalent(rf"\sqrt{{{2 * n * n}}}", rf"{n}\sqrt{{2}}"):
            wrong.append(n)

    threads = [threading.Thread(target=compare, args=(n,)) for n in range(101, 125)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(shared().pids()) <= min(os.cpu_count() or 1, 8)


def test_closing_leaves_no_process() -> None:
    _describe.cache_clear()
    assert RULE.equivalent("y+y", "2y")
    pids = shared().pids()
    assert pids
    close_workers()
    assert not any(_runs(pid) for pid in pids)


PARENT = """
    import os, signal, sys, threading
    from ttc.answers.killable import shared
    shared().ask({"do": "describe", "text": "1+1"}, 30.0)
    print(*shared().pids(), flush=True)
    END
"""


def _parent(end: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(PARENT).replace("END", end)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


@pytest.mark.timeout(60)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("end", ["", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_worker_outlives_its_parent(end: str) -> None:
    parent = _parent(end)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.wait(120)
    _await_end(worker)


@pytest.mark.timeout(60)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_during_a_hostile_answer_ends_at_once() -> None:
    hang = r"""shared().ask({"do": "describe", "text": "9^{9^{9^{9}}}"}, 300.0)"""
    parent = _parent(hang)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(120) != 0
    _await_end(worker)


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_child_gets_workers_of_its_own() -> None:
    code = """
        import os
        from ttc.answers.killable import shared
        ask = lambda: shared().ask({"do": "describe", "text": "1+1"}, 30.0)["rational"] == "2/1"
        ask()
        mine = shared().pids()
        child = os.fork()
        if child == 0:
            ok = shared().pids() == [] and ask() is True and shared().pids() != mine
            shared().close()
            os._exit(0 if ok else 1)
        status = os.waitpid(child, 0)[1]
        print(status, ask(), shared().pids() == mine)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.stdout.split() == ["0", "True", "True"], done.stderr


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def _await_end(pid: int) -> None:
    until = time.monotonic() + 20
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(pid)
