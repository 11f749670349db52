"""What replies cost that hold more than was asked for, or nothing at all."""

from __future__ import annotations

import httpx
import pytest

from ttc.backends.http.client import read_json
from ttc.backends.http.errors import Where
from ttc.backends.http.reply import read_reply
from ttc.core import Call, Prompt, SamplingParams, fitted
from ttc.errors import BackendError

CALL = Call(Prompt(text="p"), SamplingParams(max_tokens=9), (1,))
USAGE = {"prompt_tokens": 7, "completion_tokens": 40}


def test_choices_that_nobody_asked_for_are_dropped_and_told():
    choices = [{"index": i, "text": "four words of text"} for i in range(4)]
    (one,), _ = read_reply({"choices": choices, "usage": USAGE}, CALL, 0.0)
    assert (one.surplus, one.surplus_tokens) == (3, 30)
    assert one.completion_tokens + one.surplus_tokens == 40


@pytest.mark.parametrize(("asked", "gave", "surplus"), [(2, 0, 0), (1, 0, 3), (6, 4, 0)])
def test_the_first_sample_tells_how_many_came(asked, gave, surplus):
    choices = [{"index": i, "text": "x"} for i in range(2 if asked == 2 else 4)]
    call = Call(CALL.prompt, CALL.params, tuple(range(asked)))
    found, _ = read_reply({"choices": choices, "usage": USAGE}, call, 0.0)
    assert (found[0].gave, found[0].surplus) == (gave, surplus)
    assert fitted(found, asked)[0].surplus == surplus, "told twice it is the same"


@pytest.mark.parametrize("code", [None, 400, 429, 500, "x"])
@pytest.mark.parametrize(
    ("usage", "used"),
    [(None, None), (USAGE, (7, 40)), ({"prompt_tokens": 0, "completion_tokens": 0}, None)],
)
def test_an_error_with_status_200_may_be_billed(code, usage, used):
    body = {"error": {"message": "upstream died", "code": code}, "usage": usage}
    with pytest.raises(BackendError) as caught:
        read_json(httpx.Response(200, json=body), Where("http://one", "m"))
    assert (caught.value.billed, caught.value.used) == (True, used)
