"""What ended a text, wherever it was sampled."""

from types import SimpleNamespace

import pytest

from ttc.backends.common.endings import first_stop, told
from ttc.backends.llama_cpp.generate import _cut, _Sample
from ttc.backends.transformers.generate import Generator, Row
from ttc.core import SamplingParams

CASES = [
    ("one two", (), "one two", ""),
    ("one two", ("three",), "one two", ""),
    ("one two", ("two", "ne"), "o", "ne"),  # the first in the text, not in the list
    ("one two", ("one two", "one"), "", "one two"),
    ("naïve é", ("é",), "naïve ", "é"),
]


@pytest.mark.parametrize(("text", "stops", "left", "by"), CASES)
def test_the_first_stop_text_cuts(text, stops, left, by):
    at, stop = first_stop(text, stops)
    assert (text[:at], stop) == (left, by)


@pytest.mark.parametrize(("text", "stops", "left", "by"), CASES)
def test_llama_cpp_cuts_bytes(text, stops, left, by):
    sample = _Sample(text=bytearray(text.encode()))
    assert _cut(sample, stops) == bool(by)
    assert (sample.text.decode(), sample.stopped_by) == (left, by)


@pytest.mark.parametrize(("text", "stops", "left", "by"), CASES)
def test_transformers_cut_and_tell(text, stops, left, by):
    model = SimpleNamespace(forward=lambda past_key_values: None)
    tokenizer = SimpleNamespace(decode=lambda ids, **_: "".join(map(chr, ids)))
    row = Row(ids=[*map(ord, text)], reason="stop")
    found = Generator(model, tokenizer, ())._completion(row, 3, SamplingParams(stop=stops))
    assert (found.text, found.stopped_by) == (left, by)


@pytest.mark.parametrize(("reason", "said"), [(None, ""), (2, ""), ("x", "x"), ("y", None)])
def test_a_server_s_reason(reason, said):
    assert told(reason, ("x",)) == said
