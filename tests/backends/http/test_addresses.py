"""Addresses that recipes, the environment and people give."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ttc.backends.http.addresses import address_fault
from ttc.backends.http.secrets import holds_secret, url_secrets
from ttc.backends.litellm import LiteLLM
from ttc.backends.openai import OpenAI


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "https://api.example.com",
        "http://localhost:1/v1/",
        "http://[::1]:8000/v1",
        "http://node_17.cluster.:80/v1",
        "https://b\u00fccher.example/v1",
        "https://x.azure.com/openai/deployments/d?api-version=2024-10-21",
    ],
)
def test_addresses(url):
    assert address_fault(url) is None
    assert OpenAI(model="m", base_url=url).base_url == url
    assert LiteLLM(model="openai/m", api_base=url).api_base == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:bad/v1", "port"),
        ("http://h:99999/v1", "port"),
        ("http://h:0/v1", "port"),
        ("http://[::1/v1", "host"),
        ("http:///v1", "host"),
        ("http://a..b/v1", "host"),
        ("http://999.1.1.1/v1", "host"),
        ("http://\u2603.net/v1", "host"),
        ("http://" + "a" * 64 + "/v1", "host"),
        ("http://a b/v1", "spaces"),
        ("http://a\n/v1", "line breaks"),
        ("localhost:8000", "http://"),
        ("ftp://h/v1", "http://"),
        ("", "http://"),
    ],
)
def test_what_is_none(url, said):
    for make in (
        lambda: OpenAI(model="m", base_url=url),
        lambda: OpenAI(model="m", base_urls=("http://h/v1", url)),
        lambda: LiteLLM(model="openai/m", api_base=url),
    ):
        with pytest.raises(ValueError, match=said):
            make()


@given(st.text("abc019.:/[]@%?#=-_ é☃\\\n", max_size=25).map("http://".__add__) | st.text())
def test_what_is_taken_can_be_called(url):
    if address_fault(url) is None:
        assert httpx.URL(url).host
        assert URL(str(httpx.URL(url)), encoded=True).host


@pytest.mark.parametrize("query", ["code=abc", "sig=abc", "api_key=abc", "user=abc&api-version=1"])
def test_of_a_query_only_what_is_known_to_be_harmless_is_stored(query):
    url = f"http://h/v1?{query}"
    assert holds_secret(url)
    for make in (
        lambda: OpenAI(model="m", base_url=url),
        lambda: LiteLLM(model="openai/m", api_base=url),
    ):
        with pytest.raises(ValueError, match="no password or key") as caught:
            make()
        assert "abc" not in str(caught.value)
    assert "abc" in url_secrets(url)
    assert not holds_secret("http://h/v1?api-version=2024-10-21-preview")
