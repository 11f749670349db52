"""Keys that a server echoes anywhere in a reply."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.backends.http.echoes import without_echoes
from ttc.redact import HIDDEN, Secrets

KEY = "sk-Odd/key+0f9e8d7c&6b5a=='4f"
PLAIN = "sk-planted-0f9e8d7c6b5a4f3e2d1c"


def echo(text: str, key: str = KEY) -> str:
    return without_echoes(text, Secrets([key]))


@pytest.mark.parametrize(
    "spell",
    [
        str,
        str.upper,
        str.lower,
        repr,
        json.dumps,
        html.escape,
        quote_plus,
        quote,
        lambda key: quote(key, safe=""),
        lambda key: quote(key, safe="").lower(),
        lambda key: json.dumps(key).replace("/", r"\/"),
        lambda key: key.replace("=", r"\u003d").replace("+", r"\u002b").replace("&", r"\u0026"),
        lambda key: key.encode().hex(),
        lambda key: base64.b64encode(key.encode()).decode(),
        lambda key: base64.urlsafe_b64encode(key.encode()).decode().rstrip("="),
        lambda key: base64.b64encode(f"me:{key}".encode()).decode(),
        lambda key: base64.b64encode(f'{{"key": "{key}"}}'.encode()).decode(),
    ],
)
def test_a_key_in_any_spelling(spell):
    said = echo(f"before Bearer {spell(KEY)} after")
    for form in (spell(KEY), spell(KEY)[8:20], KEY):
        assert form not in said
    assert HIDDEN in said
    assert said.startswith("before Bearer ")
    assert said.endswith(" after")


def test_every_text_of_a_reply_and_every_name_of_a_field():
    reply = {PLAIN: [PLAIN, 1, None, {"finish_reason": f"x{PLAIN}", "a": (PLAIN,)}], "n": True}
    assert without_echoes(reply, Secrets([PLAIN])) == {
        HIDDEN: [HIDDEN, 1, None, {"finish_reason": f"x{HIDDEN}", "a": [HIDDEN]}],
        "n": True,
    }


def test_deep_nesting_ends():
    reply: object = PLAIN
    for _ in range(900):
        reply = {"a": [reply]}
    assert PLAIN not in str(without_echoes(reply, Secrets([PLAIN])))


TEXT = f"You sent {PLAIN}, and again {PLAIN}{PLAIN}."


@given(st.lists(st.integers(1, 7), min_size=1, max_size=30))
def test_a_key_that_is_sampled_in_several_tokens(sizes):
    """Of either shape; the tokens still say what the text says."""
    tokens, at = [], 0
    while at < len(TEXT):
        size = sizes[len(tokens) % len(sizes)]
        tokens.append(TEXT[at : at + size])
        at += size
    chat = {
        "content": [
            {"token": t, "logprob": -1.0, "top_logprobs": [{"token": t, "logprob": -1.0}]}
            for t in tokens
        ]
    }
    raw = {
        "tokens": tokens,
        "token_logprobs": [-1.0] * len(tokens),
        "top_logprobs": [{t: -1.0} for t in tokens],
    }
    secrets = Secrets([PLAIN])
    clean = secrets.hide(TEXT)
    made = without_echoes({"choices": [{"logprobs": chat}]}, secrets)["choices"][0]["logprobs"]
    assert "".join(t["token"] for t in made["content"]) == clean
    left = "".join(o["token"] for t in made["content"] for o in t["top_logprobs"])
    assert "0f9e8" not in left
    made = without_echoes({"logprobs": raw}, secrets)["logprobs"]
    assert "".join(made["tokens"]) == clean
    assert len(made["tokens"]) == len(tokens) == len(made["top_logprobs"])
    assert "0f9e8" not in "".join(k for top in made["top_logprobs"] for k in top or {})


def test_a_reply_without_an_echo_is_as_it_was():
    reply = {"choices": [{"text": "basic token words", "logprobs": {"tokens": ["a", "b"]}}]}
    assert without_echoes(reply, Secrets([PLAIN])) == reply
