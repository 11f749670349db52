"""What comes of well-meant programs, and of limits."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttc.core import Limits, Program
from ttc.sandbox import execute


def test_results(run):
    done = run("import sys; print(input()[::-1]); print('no', file=sys.stderr); sys.exit(3)", "abc")
    assert (done.ended, done.exit_code, done.signal) == ("exit", 3, None)
    assert (done.stdout, done.stderr, done.succeeded) == ("cba\n", "no\n", False)
    assert 0 < done.seconds < 20
    assert 0 <= done.cpu_s < 2
    assert run("").succeeded


def test_a_crash(run):
    done = run("import ctypes; ctypes.string_at(0)")
    assert (done.ended, done.exit_code, done.signal, done.succeeded) == ("signal", None, 11, False)


def test_bytes_that_are_no_text(run):
    done = run("import os; os.write(1, b'a\\xffb')")
    assert done.stdout == "a\ufffdb"


def test_cpu_seconds_are_those_of_all(run):
    source = """
import os, time
pids = [os.fork() for _ in range(1)]
end = time.process_time() + 0.4
while time.process_time() < end: pass
if all(pids): os.wait()
"""
    assert 0.6 < run(source).cpu_s < 1.2


def test_what_was_said_before_a_limit_is_kept(run):
    done = run("import time; print('so far'); time.sleep(60)", wall_s=0.5)
    assert (done.ended, done.stdout) == ("time", "so far\n")


def test_texts_of_any_kind(run):
    odd = "line\r\nnul \0 é \U0001f600 \u2028 end"
    source = (
        f"import sys; x = {odd!r}; assert open('odd', newline='', encoding='utf-8').read() == x"
    )
    source += "\nassert sys.stdin.buffer.read().decode() == x; print('same')"
    assert run(source, stdin=odd, files={"odd": odd}).stdout == "same\n"
    assert run("print('\ud800')").ended == "exit", "a lone surrogate in a model's program"
    assert run("x = '\0'").exit_code == 1


def test_large_inputs_do_not_count_against_the_limits(run):
    text = "x" * 3_000_000
    source = "import sys; print(len(sys.stdin.read()), len(open('large').read()))"
    done = run(source, stdin=text, files={"large": text}, disk_bytes=1000)
    assert done.stdout == "3000000 3000000\n"


def test_packages_of_the_interpreter_are_there(run):
    done = run("import numpy; print(numpy.arange(3).sum())", memory_bytes=1 << 30)
    assert done.stdout == "3\n", done.stderr


def test_hashes_and_so_sets_are_the_same_each_time(run):
    assert len({run("print(list({'a', 'b', 'c', 'd'}))").stdout for _ in range(3)}) == 1


@given(limit=st.integers(1, 5000), length=st.integers(0, 10_000))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_output_is_cut_at_its_limit_exactly(level, limit, length):
    program = Program(f"print('x' * {length}, end='')", limits=Limits(output_bytes=limit))
    done = asyncio.run(execute(program, level))
    assert done.stdout == "x" * min(limit, length)
    assert done.ended == ("output" if length > limit else "exit")


@given(st.integers(0, 128))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exit_codes(level, code):
    done = asyncio.run(execute(Program(f"raise SystemExit({code})"), level))
    assert (done.ended, done.exit_code) == ("exit", code)


def test_programs_are_plain_data():
    program = Program("x", files={"b": "2", "a/c": "1"})
    assert program == Program("x", files={"a/c": "1", "b": "2"})
    assert hash(program) == hash(Program("x", files={"a/c": "1", "b": "2"}))
    spelling = json.dumps(dataclasses.asdict(program))
    assert spelling == json.dumps(dataclasses.asdict(Program("x", files={"a/c": "1", "b": "2"})))


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a//b", "a/./b", "a/..", "nul\0"])
def test_names_of_files_stay_within_the_folder(name):
    with pytest.raises(ValueError, match="working folder"):
        Program("x", files={name: "text"})


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_limits_are_positive(value):
    with pytest.raises(ValueError, match="wall_s"):
        Limits(wall_s=value)


def test_other_languages_are_refused():
    with pytest.raises(ValueError, match="python"):
        Program("x", language="cobol")
