"""Whatever a reply holds, it is that call's sample or that call's failure."""

from __future__ import annotations

import copy
import json
import math
import time
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import complete as complete_at_a_server
from raw_server import head, serving
from scripted import CHAT, RAW, call, chat_reply, complete, raw_reply

from ttc.core import Call, Completion
from ttc.engine.codec import pack, unpack
from ttc.errors import BackendError, CallFailed, RetryableError

JSON = "Content-Type: application/json"
LOGPROBS = {
    "content": [{"token": "o", "logprob": -0.5, "top_logprobs": [{"token": "o", "logprob": -0.5}]}],
    "tokens": ["o"],
    "token_logprobs": [-0.5],
    "top_logprobs": [{"o": -0.5}],
}
ODD: list[Any] = [
    None, True, False, 0, -1, 1e308, -1e308, math.nan, math.inf, -math.inf, 10**400, 10**4000,
    "", "²", "5" * 5000, "1e999", "\ud800", "a\udfffb", "\x00", "\x1b]52;c;eA==\x07", "[/red]",
    "{'a': 1}", [], [[]], [None], {}, {"": None}, {"\ud800": "\ud800"}, {"content": 5},
    {"text": {"value": []}}, [{"type": "thinking"}], "x" * 10_000,
]  # fmt: skip
HEADERS = [
    {},
    *(
        {"Retry-After": value}
        for value in (
            "-1", "nan", "inf", "-inf", "1e999", "9" * 400, "²", "\x00", "", "soon", "0x10",
            "Wed, 99 Oct 2025 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 GMT",
            "Wed, 21 Oct 2025 07:28:00 +9999", "Wed, 21 Oct 2025 99:28:00 GMT",
            "Fri, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1400",
        )
    ),
    {"retry-after-ms": "nan"},
    {"content-type": "text/plain; charset=nonsense"},
    {"content-type": "\xff\xfe"},
]  # fmt: skip

STATUSES = [200, 200, 200, 201, 204, 304, 400, 403, 404, 429, 500, 503]


def places(value: Any, path: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    for key, below in inner:
        found += places(below, (*path, key)) if isinstance(below, dict | list) else [(*path, key)]
    return found


def changed(value: Any, path: tuple, new: Any) -> Any:
    value = copy.deepcopy(value)
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return value


def replies() -> list[dict[str, Any]]:
    found = [raw_reply("one", "two"), chat_reply("one", "two")]
    for reply in found:
        for choice in reply["choices"]:
            choice["logprobs"] = LOGPROBS
    found[1]["choices"][0]["message"] |= {
        "content": [{"type": "text", "text": "one"}],
        "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
    }
    said = {"message": "no", "type": "t", "code": 400, "param": "x", "metadata": {"raw": "{}"}}
    return [*found, {"error": said}, {"detail": [{"loc": ["body", "n"], "msg": "no"}]}]


def outcome(answer: httpx.Response, wanted: Call) -> list[Completion] | BackendError:
    try:
        return complete(lambda request: answer, wanted)
    except BackendError as error:
        return error


def check(answer: httpx.Response, prompt=RAW, **params: Any) -> None:
    """The answer is a sample that can be stored, or an error of ours in valid Unicode."""
    found = outcome(answer, call(prompt, n=2, max_tokens=8, **params))
    if isinstance(found, BackendError):
        str(found).encode()
        assert len(str(found)) < 1000
        if isinstance(found, RetryableError) and found.retry_after is not None:
            assert 0 <= found.retry_after < 10**6
        else:
            assert isinstance(found, RetryableError | CallFailed) or found.refused
        return
    assert 1 <= len(found) <= 2
    for sample in found:
        assert "{'" not in sample.text.replace("{'a': 1}", "")
        assert sample.prompt_tokens >= 0
        assert sample.completion_tokens >= 0
        assert len(sample.finish_reason) <= 64
        for text in (sample.text, sample.finish_reason, *(t.token for t in sample.logprobs)):
            text.encode()
        assert unpack(pack(sample)).text == sample.text


def body_of(value: Any) -> bytes:
    return json.dumps(value).encode()  # lone surrogates become escapes


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_reply_with_anything_anywhere(data):
    reply = data.draw(st.sampled_from(replies()))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(reply)))
        reply = changed(reply, path, data.draw(st.sampled_from(ODD)))
        if not places(reply):
            break
    status = data.draw(
        st.sampled_from([200, 200, 200, 201, 204, 304, 400, 403, 404, 429, 500, 503])
    )
    headers = {"content-type": "application/json"} | data.draw(st.sampled_from(HEADERS))
    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    asked = {"logprobs": 1} if data.draw(st.booleans()) else {}
    try:
        body = body_of(reply)
    except ValueError:  # Python writes no integers as long as those that servers may send
        body = b'{"choices": [{"text": "one", "index": ' + b"5" * 5000 + b"}]}"
    prompt = data.draw(st.sampled_from([RAW, CHAT]))
    check(httpx.Response(status, headers=raw, content=body), prompt, **asked)


BODIES = [
    b"", b" ", b"null", b"[]", b"5", b'"text"', b"\x00" * 100, b"\xff\xfe\x00", b"\xef\xbb\xbf",
    b"[" * 50_000, b'{"a":' * 50_000, b"[" * 900 + b"]" * 900, b'{"choices": ' + b"[" * 100_000,
    b'{"choices": [{"text": "a", "index": ' + b"9" * 5000 + b"}]}",
    b'{"error": {"code": "\xc2\xb2", "message": "no"}}',
    b'{"error": {"code": "' + b"4" * 5000 + b'", "message": "no"}}',
    b'{"error": {"code": 4e2, "message": "\\ud800"}}', b'{"error": {"code": NaN}}',
    b'{"error": ' * 400 + b'"deep"' + b"}" * 400, b'{"detail": ' * 900 + b"1" + b"}" * 900,
    b"<" * 160_000, b"&<!--" * 40_000, b"<a " * 50_000, b"\\ud" * 50_000,
    '{"error": "no"}'.encode("utf-16"), b"\xed\xa0\x80", b'{"error": "\xed\xa0\x80"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("status", [200, 299, 302, 400, 401, 429, 500, 599])
def test_bodies_of_any_kind(body, status):
    check(httpx.Response(status, content=body, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_any_encoding_is_read(encoding):
    text = json.dumps(raw_reply("é\u2028"), ensure_ascii=False)
    answer = httpx.Response(200, content=text.encode(encoding))
    assert complete(lambda request: answer, call())[0].text == "é\u2028"


def test_half_characters_are_mended_where_a_reply_is_read():
    body = body_of(raw_reply("a\ud800b \U0001f600", "\udc00"))
    found = complete(lambda request: httpx.Response(200, content=body), call(n=2))
    assert [c.text for c in found] == ["a\ufffdb \U0001f600", "\ufffd"]


def test_json_under_another_name_is_read():
    answer = httpx.Response(200, json=raw_reply("a"), headers={"content-type": "text/plain"})
    assert complete(lambda request: answer, call())[0].text == "a"


def test_logprobs_that_nobody_asked_for_may_have_any_form():
    reply = raw_reply("a")
    reply["choices"][0]["logprobs"] = {"tokens": ["a"], "token_logprobs": 5}
    answer = httpx.Response(200, json=reply)
    assert complete(lambda request: answer, call())[0].text == "a"
    with pytest.raises(RetryableError):
        complete(lambda request: answer, call(logprobs=1))


def test_log_probabilities_that_can_be_none_are_unknown():
    reply = raw_reply("abc")
    values = [math.inf, 5.0, -1.0, None]
    reply["choices"][0]["logprobs"] = {"tokens": list("abcd"), "token_logprobs": values}
    answer = httpx.Response(200, content=body_of(reply))
    (found,) = complete(lambda request: answer, call(logprobs=1))
    assert found.mean_logprob == -1.0


SENT = {
    "no http": [b"hello"],
    "nothing": [],
    "bad status": [b"HTTP/1.1 999999 what\r\n\r\n"],
    "no status": [b"HTTP/1.1\r\n\r\n"],
    "http 1.0": [b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n", body_of({})],
    "broken chunks": [head("200 OK", JSON, "Transfer-Encoding: chunked"), b"zz\r\nxx\r\n"],
    "cut chunks": [head("200 OK", JSON, "Transfer-Encoding: chunked"), b"5\r\nab"],
    "two lengths": [head("200 OK", JSON, "Content-Length: 2", "Content-Length: 5"), b"{}"],
    "negative length": [head("200 OK", JSON, "Content-Length: -5"), b"{}"],
    "short": [head("200 OK", JSON, "Content-Length: 500"), b"{}"],
    "header bytes": [b"HTTP/1.1 200 OK\r\nX-\xff: \xfe\r\nContent-Type: \xff\r\n\r\n", b"{}"],
    "null header": [b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n{}"],
    "204": [head("204 No Content")],
    "304": [head("304 Not Modified")],
    "101": [head("101 Switching Protocols"), b"x"],
    "300": [head("300 Multiple Choices")],
    "redirect nowhere": [head("302 Found", "Location: ")],
    "redirect to a file": [head("302 Found", "Location: file:///etc/passwd")],
    "redirect to nonsense": [head("307 Temporary Redirect", "Location: http://[::1")],
    "redirect in bytes": [b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\n\r\n"],
    "redirect to itself": [head("307 Temporary Redirect", "Location: /v1/completions")],
    "status 600": [head("600 What", JSON), b"{}"],
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT.keys())
def test_what_is_hardly_http(sent):
    with pytest.raises(RetryableError):
        complete_at_a_server(lambda: sent)


def test_a_redirect_to_another_server_is_followed():
    with serving(lambda: [head("200 OK", JSON), body_of(raw_reply("a"))]) as elsewhere:
        sent = [head("307 Temporary Redirect", f"Location: {elsewhere}/completions")]
        assert complete_at_a_server(lambda: sent)[0].text == "a"


def seconds(body: bytes, status: int) -> float:
    answer = httpx.Response(status, content=body)
    began = time.process_time()
    check(answer)
    return time.process_time() - began


UNITS = [b"<", b"<a ", b"</", b"&lt;", b"{", b'"', b"[{", b"\\ud", b"?key=", b"Bearer ", b"://"]


@pytest.mark.parametrize("unit", [*UNITS, b"token ", b"max_", b" ", b"\xff"])
@pytest.mark.parametrize("status", [200, 400])
def test_time_grows_with_the_length_of_a_body_and_no_faster(unit, status):
    n = 100_000 // len(unit)
    small, large = (min(seconds(unit * (k * n), status) for _ in range(3)) for k in (1, 4))
    assert large < 8 * small + 0.05
