"""Secrets in any text that leaves the process."""

import base64
import io
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc import redact as module
from ttc.redact import RedactingStream, environment_secrets, redact, redact_all, remember

KEY = 'sk-"odd\\key/0123+456='


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(module, "_told", set())


@pytest.mark.parametrize(
    "spell",
    [
        str,
        repr,
        json.dumps,
        lambda key: quote(key, safe=""),
        lambda key: base64.b64encode(key.encode()).decode(),
    ],
)
def test_a_key_from_the_environment_in_any_spelling(monkeypatch, spell):
    monkeypatch.setenv("SOME_API_KEY", KEY)
    said = redact(f"before {spell(KEY)} after")
    assert "0123" not in said
    assert base64.b64encode(KEY.encode()).decode() not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("at http://me:pass@host/v1 now", "at http://[hidden]@host/v1 now"),
        ("https://token@host", "https://[hidden]@host"),
        ("http://h/v1?api_key=abc&x=1", "http://h/v1?api_key=[hidden]&x=1"),
        ("http://h/v1?a=b&access_token=abc'", "http://h/v1?a=b&access_token=[hidden]'"),
        ("Authorization: Bearer abcdefghijkl.", "Authorization: Bearer [hidden]"),
        ("?api-version=2024", "?api-version=2024"),
        ("http://host:8000/v1/@me a:b@c", "http://host:8000/v1/@me a:b@c"),
    ],
)
def test_urls_and_headers(text, clean):
    assert redact(text) == clean


def test_what_a_backend_uses_is_hidden_and_dummies_garble_nothing():
    remember(["hunter2-long-one", "EMPTY", "x", None, ""])
    assert redact("hunter2-long-one") == "[hidden]"
    assert redact("x EMPTY, EMPTYING max") == "x [hidden], EMPTYING max"


def test_passwords_in_any_variable():
    found = environment_secrets(
        {"HTTP_PROXY": "http://u:p%40ssw0rd@h", "KEYS": "true", "A_TOKEN": " 12345678 "}
    )
    assert found == {"p%40ssw0rd", "p@ssw0rd", "12345678"}


def test_nested_values_and_streams(monkeypatch):
    monkeypatch.setenv("A_SECRET", "abcdefgh")
    assert redact_all({"k": ["abcdefgh", 1, {"abcdefgh": None}]}) == {
        "k": ["[hidden]", 1, {"[hidden]": None}]
    }
    inner = io.StringIO()
    stream = RedactingStream(inner)
    assert stream.write("an abcdefgh\n") == len("an abcdefgh\n")
    print("abcdefgh", file=stream)
    stream.writelines(["abcdefgh"])
    assert inner.getvalue() == "an [hidden]\n[hidden]\n[hidden]"
    assert not stream.isatty()


@given(st.text(max_size=200))
def test_any_text_without_a_secret_shape_passes(text):
    if not any(c in text for c in "=@") and not {"bearer", "basic"} & set(text.lower().split()):
        assert redact(text) == text
    redact(text)


@given(st.text(min_size=8, max_size=40).filter(lambda s: s.strip() == s), st.text(max_size=50))
def test_no_secret_survives(secret, around):
    module._told.clear()
    remember([secret])
    said = redact(around + secret + around)
    assert secret not in said.replace("[hidden]", "")
