"""A browser for tests of pages, and a report of the embedded models."""

from __future__ import annotations

import pytest
from browser import Watched, browser
from on_nano import run_on_nano

from ttc.report.html.build import report

GENRM = {
    "type": "genrm",
    "backend": {"type": "nano", "model": "nano-verifier"},
    "prompt": "nano-genrm",
    "verifications": 2,
    "max_tokens": 96,
    "score": "binary",
}
INDEPENDENT = {"type": "independent", "solutions": 4, "temperature": 1.0, "max_tokens": 64}
POLICIES = ["first", "majority", "best_of_n", "oracle"]


@pytest.fixture(scope="module")
def chromium(nano_report):
    """For a module, no longer: while it is there its driver has an event loop in this thread, where
    nothing else may start one. So the run of the report comes before.
    """
    with browser() as started:
        yield started


@pytest.fixture
def opened(chromium):
    """opened(address, width=, dark=): a page; afterwards nothing may have gone wrong on it."""
    pages = []

    def open_(address, **how):
        pages.append(Watched(chromium, **how))
        return pages[-1].open(address)

    yield open_
    trouble = [text for one in pages for text in one.trouble]
    asked = [
        url
        for one in pages
        for url in one.asked
        if not url.startswith(("file:", "http://127.0.0.1"))
    ]
    for one in pages:
        one.close()
    assert not trouble
    assert not asked


@pytest.fixture(scope="session")
def nano_run(tmp_path_factory):
    """A run with verdicts, on a few problems."""
    folder = tmp_path_factory.mktemp("nano")
    return run_on_nano(folder, INDEPENDENT, problems=6, verifiers=[GENRM], policies=POLICIES).run


@pytest.fixture(scope="session")
def nano_report(nano_run, tmp_path_factory):
    """The address of its report."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report([nano_run])[0], encoding="utf-8")
    return file.as_uri()
