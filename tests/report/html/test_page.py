"""The file as a whole: whose code it runs, what it asks for, how large it gets."""

import base64
import gzip
import hashlib
import json
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_by_hand import HOSTILE, write_run

from ttc.errors import UsageError
from ttc.report.html.build import report
from ttc.report.html.chunks import parse_size
from ttc.report.html.pack import known, packed
from ttc.report.html.page import page

ASSETS = files("ttc.report.html").joinpath("assets")


def unpacked(text, name):
    (letters,) = re.findall(rf'<script type="text/plain" id="{name}">([^<]*)</script>', text)
    return json.loads(gzip.decompress(base64.b64decode(letters)))


@given(st.text())
def test_what_is_packed_is_letters_alone_and_comes_back(text):
    letters = packed(text)
    assert re.fullmatch(r"[A-Za-z0-9+/=]*", letters)
    assert gzip.decompress(base64.b64decode(letters)).decode() == text
    assert packed(text) == letters


@pytest.mark.parametrize(
    ("value", "told"), [(None, None), (float("nan"), None), (float("inf"), None), (1 / 3, 0.333333)]
)
def test_numbers_that_json_has(value, told):
    assert known(value) == told


def test_every_script_and_style_is_named_by_its_digest_and_nothing_is_fetched():
    text = page("a </title><script>x</script>", {"head": "abc"})
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none'")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    for tag in ("script", "style"):
        for inner in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    assert text.count("<script>") == text.count("</script>") - 1  # and the block of data
    assert not re.search(r"<(script|img|link|iframe)[^>]*(src|href)=", text)
    assert "sourceMappingURL" not in text
    assert "<title>a &lt;/title&gt;&lt;script&gt;x&lt;/script&gt;</title>" in text


def test_kept_libraries_are_what_their_list_says():
    vendor = ASSETS.joinpath("vendor")
    told = json.loads(vendor.joinpath("sources.json").read_text())
    listed = {name: digest for one in told for name, digest in one["files"].items()}
    there = {one.name for one in vendor.iterdir()} - {"sources.json"}
    assert set(listed) == there
    for name, digest in listed.items():
        assert hashlib.sha256(vendor.joinpath(name).read_bytes()).hexdigest() == digest
    for one in told:
        assert one["licence"] == "MIT"
        assert any(name.endswith("LICENSE") for name in one["files"])


def test_own_scripts_make_no_markup_of_text():
    own = [one for one in ASSETS.iterdir() if one.name.endswith(".js")]
    assert len(own) > 5
    for one in own:
        text = one.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", text)
        assert not re.search(r"\beval\(|new Function|javascript:", text)
        assert len(text.splitlines()) < 300


def test_hostile_texts_leave_the_page_as_it_is(tmp_path):
    plain, _, _ = report([write_run(tmp_path, [(0,) * 6])])
    hostile, texts, left_out = report([write_run(tmp_path / "other", [(0,) * 6], texts=HOSTILE)])
    assert (texts, left_out) == (6, 0)

    def bare(text):
        return re.sub(r'(<script type="text/plain" id="[^"]*">)[^<]*', r"\1", text)

    assert bare(plain) == bare(hostile)
    found = unpacked(hostile, "d0-0")[0][1]
    assert found["0"] == HOSTILE[0]


def test_a_report_reaches_every_problem(tmp_path):
    answers = [(0, 1, 0)] * 40
    text, _, _ = report(
        [write_run(tmp_path, answers, texts=["y" * 5000 + str(i) for i in range(9)])]
    )
    head = unpacked(text, "head")
    places = head["runs"][0]["place"]
    assert len({chunk for chunk, _ in places}) > 1
    for i, (chunk, place) in enumerate(places):
        facts, texts = unpacked(text, f"d0-{chunk}")[place]
        assert facts["id"] == head["runs"][0]["index"]["id"][i] == f"p{i}"
        assert set(texts) == {"0", "1", "2"}


def noise(seed):
    return hashlib.shake_256(str(seed).encode()).hexdigest(3000)


def test_within_a_size_texts_are_sampled_and_figures_stay(tmp_path):
    run = write_run(tmp_path, [(0, 1, 1, 0, 0, 2, 0, 0)] * 12, texts=[noise(i) for i in range(7)])
    whole, texts, left_out = report([run])
    assert left_out == 0
    limit = len(whole) - 60_000
    small, _, left_out = report([run], limit)
    assert len(small.encode()) <= limit
    assert 0 < left_out < texts
    head = unpacked(small, "head")
    assert (head["texts"], head["left_out"]) == (texts, left_out)
    assert head["runs"][0]["index"] == unpacked(whole, "head")["runs"][0]["index"]
    kept = unpacked(small, "d0-0")[0][1]
    # One of each answer goes before a second of any.
    assert {"0", "1", "5"} <= set(kept) or len(kept) < 3
    with pytest.raises(UsageError, match=r"--max-size"):
        report([run], 700_000 if len(whole) < 600_000 else 400_000)


@pytest.mark.parametrize(
    ("told", "size"), [("500kB", 500_000), ("20MB", 20_000_000), ("1.5 mb", 1_500_000), ("77", 77)]
)
def test_sizes(told, size):
    assert parse_size(told) == size


@pytest.mark.parametrize("told", ["", "MB", "-1kB", "nan", "1TBB", "0"])
def test_what_is_no_size(told):
    with pytest.raises(UsageError, match="--max-size"):
        parse_size(told)
