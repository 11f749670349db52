"""Identity of a served model, and several servers as one pool."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from scripted import call, raw_reply

from ttc.backends.openai import OpenAI
from ttc.core import ModelIdentity
from ttc.errors import BackendError, RetryableError

A, B = "http://a.test/v1", "http://b.test/v1"


def identify(handler, env=None, **config) -> ModelIdentity:
    async def run():
        backend = OpenAI(**{"model": "m", "base_url": A, **config}).open_with(
            httpx.MockTransport(handler), env or {}
        )
        try:
            return await backend.identify()
        finally:
            await backend.close()

    return asyncio.run(run())


def test_what_settings_add_to_requests_is_part_of_the_name_of_samples():
    def scope(**config):
        return tuple(identify(lambda r: listing({"id": "m"}), **config).scope)

    plain = scope()
    assert len(plain) == 3  # as journals of before have it
    guided = scope(extra_body={"guided_regex": "sk-secret"})
    scopes = {plain, guided, scope(extra_body={"guided_regex": "b"}), scope(omit=("top_p",))}
    assert len(scopes) == 4
    assert scope(extra_body={"a": 1, "b": 2}) == scope(extra_body={"b": 2, "a": 1})
    assert "sk-secret" not in str(guided)


def listing(*entries: dict) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": list(entries)})


def test_the_model_and_its_facts():
    found = identify(
        lambda r: listing(
            {"id": "other"},
            {"id": "m", "max_model_len": 4096, "root": "org/m", "revision": "abc"},
        )
    )
    assert found == ModelIdentity(
        "openai", "m", A, "abc", {"context_length": 4096, "root": "org/m"}
    )


def test_facts_of_llama_cpp():
    meta = {"n_params": 134515008, "n_ctx_train": 2048, "n_embd": 576}
    found = identify(lambda r: listing({"id": "m", "meta": meta}))
    assert found.facts == {"parameters": 134515008, "context_length": 2048, "width": 576}


def test_an_unknown_model_shows_the_known_ones():
    with pytest.raises(BackendError, match=r"did you mean 'qwen-7b'\? It has: llama, qwen-7b"):
        identify(lambda r: listing({"id": "qwen-7b"}, {"id": "llama"}), model="qwen-7")


def test_an_unreachable_server_names_its_url():
    def handle(request):
        raise httpx.ConnectError("Connection refused")

    with pytest.raises(BackendError, match=r"http://a\.test/v1.*refused.*is the server running"):
        identify(handle)


def test_passwords_stay_out_of_the_endpoint():
    found = identify(
        lambda r: listing({"id": "m"}),
        env={"OPENAI_BASE_URL": "http://me:hunter2@a.test/v1/"},
        base_url=None,
    )
    assert found.endpoint == A


def test_servers_without_a_list_of_models():
    with pytest.raises(BackendError, match="/v1"):
        identify(lambda r: httpx.Response(404))
    found = identify(lambda r: httpx.Response(404), check_model=False)
    assert (found.model, found.revision) == ("m", "")


def test_a_pool_is_named_by_its_members_and_lives_without_one_of_them():
    def handle(request):
        if request.url.host == "b.test":
            raise httpx.ConnectError("refused")
        return listing({"id": "m", "revision": "r1"})

    found = identify(handle, base_url=None, base_urls=(B, A))
    assert (found.endpoint, found.revision) == (f"{A} {B}", "r1")


def test_a_name_of_the_weights_stands_for_their_address_but_not_for_a_revision():
    def scope(revision="", **config):
        entry = {"id": "m", "revision": revision}
        return identify(lambda r: listing(entry), **config).scope

    assert scope(served_as="w") == scope(served_as="w", base_url=B) != scope()
    assert scope(served_as="w") == scope(served_as="w", base_url=None, base_urls=(A, B))
    assert scope(served_as="w") != scope(served_as="v")
    assert scope("r1", served_as="w") == scope("r1", base_url=B) != scope("r2", served_as="w")
    # Samples that were paid for under an address can be had under it again.
    assert scope(served_as=A, base_url=B) == scope()


def test_servers_that_hang_are_told_of_and_all_waited_for_at_once(monkeypatch):
    monkeypatch.setattr("ttc.backends.openai.client._CHECK_SECONDS", 0.05)

    class Hang(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            waiting.append(request.url.host)
            most.append(len(waiting))
            try:
                await asyncio.sleep(60)
            finally:
                waiting.remove(request.url.host)

    waiting, most = [], []
    for check_model in (True, False):
        config = OpenAI(model="m", base_urls=(A, B), connect_timeout=0.01, check_model=check_model)
        with pytest.raises(BackendError, match=r"a\.test.* 0\.05 s; .*b\.test.* 0\.05 s") as caught:
            asyncio.run(config.open_with(Hang(), {}).identify())
        assert not isinstance(caught.value, RetryableError)
    assert max(most) == 2


def test_a_health_check_that_hangs_is_no_fault_of_ours(monkeypatch):
    monkeypatch.setattr("ttc.backends.openai.client._CHECK_SECONDS", 0.05)

    async def hang(request):
        await asyncio.sleep(60)

    config = OpenAI(model="m", base_url=A, connect_timeout=0.01)
    with pytest.raises(RetryableError, match=r"a\.test/v1: no answer within 0\.05 s"):
        asyncio.run(config.open_with(httpx.MockTransport(hang), {}).check(A))


@pytest.mark.parametrize("url", ["http://127.0.0.1:bad/v1", "localhost:8000", "http://\u2603.net/"])
def test_an_address_in_the_environment_that_is_none(url):
    with pytest.raises(BackendError, match="OPENAI_BASE_URL holds no address"):
        identify(lambda r: listing(), env={"OPENAI_BASE_URL": url}, base_url=None)


def test_a_pool_member_without_the_model_is_an_error():
    def handle(request):
        return listing({"id": "m" if request.url.host == "a.test" else "x"})

    with pytest.raises(BackendError, match=r"b\.test"):
        identify(handle, base_url=None, base_urls=(A, B))


def test_either_one_url_or_several():
    with pytest.raises(ValueError, match="not both"):
        OpenAI(model="m", base_url=A, base_urls=(A, B))


class Servers:
    """Two servers with a delay each; `down` ones refuse connections."""

    def __init__(self, **delays: float) -> None:
        self.delays, self.down = delays, set()
        self.seen: Counter[str] = Counter()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.partition(".")[0]
        if name in self.down:
            raise httpx.ConnectError("refused")
        if request.method == "GET":
            return listing({"id": "m"})
        self.seen[name] += 1
        await asyncio.sleep(self.delays[name])
        return httpx.Response(200, json=raw_reply("x"))


def backend(servers: Servers):
    config = OpenAI(model="m", base_urls=(A, B))
    return config.open_with(httpx.MockTransport(servers), {})


def test_the_least_busy_server_is_chosen():
    servers = Servers(a=0.005, b=0.05)

    async def run():
        pool = backend(servers)
        gate = asyncio.Semaphore(4)

        async def one():
            async with gate:
                await pool.complete(call())

        await asyncio.gather(*(one() for _ in range(80)))
        await pool.close()

    asyncio.run(run())
    assert sum(servers.seen.values()) == 80
    assert servers.seen["a"] > 2 * servers.seen["b"] > 0


def test_the_true_error_shows_when_all_servers_are_down():
    servers = Servers(a=0.0, b=0.0)
    servers.down = {"a", "b"}

    async def run():
        pool = backend(servers)
        for _ in range(6):
            with pytest.raises(RetryableError, match="refused"):
                await pool.complete(call())
        await pool.close()

    asyncio.run(run())
