"""A report in a real browser: what a reader does, and what a hostile model can't do."""

import re

import pytest
from browser import open_problem, until
from run_by_hand import HOSTILE, write_run

from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.report.html.build import report


def no_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The address of a report of two problems whose every text means harm."""
    folder = tmp_path_factory.mktemp("hostile")
    verdicts = [(i, i % 2 == 0, 0.25 * i) for i in range(4) for _ in range(6)]
    run = write_run(folder, [(0, 1, 2, 0, -1, 1), (1, 0)], texts=HOSTILE, verdicts=verdicts)
    file = folder / "report.html"
    file.write_text(report([run])[0], encoding="utf-8")
    return file.as_uri()


@pytest.mark.slow
def test_it_opens_and_shows_the_figures_of_the_tables(opened, nano_run, nano_report):
    page = opened(nano_report)
    for name in ("summary", "success", "allocation", "coverage", "problems", "costs", "cite"):
        assert page.locator(f"#{name} h2").is_visible(), name
    assert page.locator("#success canvas").count() == 1
    page.locator("#success .points summary").click()
    rows = answer(nano_run, CurveRequest()).rows
    told = page.locator("#success .points tbody tr").all_inner_texts()
    majority = [row for row in rows if row["policy"] == "majority"]
    for row in majority:
        wanted = f"{100 * row['success']:.1f} %"
        assert any(
            "self-consistency" in line and wanted in line and f"\t{row['S']}\t" in line
            for line in told
        ), (wanted, told)


def test_problems_are_filtered_sorted_and_opened(opened, nano_report):
    page = opened(nano_report)
    rows = page.locator(".tabulator-row")
    rows.first.wait_for()
    assert rows.count() == 6
    page.locator("#filter").fill("no such thing")
    page.get_by_text("0 of 6 problems").wait_for()
    page.locator("#filter").fill("-3-")
    page.get_by_text("3 of 6 problems").wait_for()
    page.locator("#sort").select_option("share")
    open_problem(page)
    assert "-3-" in page.locator("#problem h1").inner_text()
    assert page.locator("#p-chosen tbody tr").count() == 4
    assert page.locator("#p-solutions details.solution").count() == 4
    first = page.locator("#p-solutions details.solution").first
    first.locator("summary").first.click()
    first.locator(".verdicts").wait_for()
    assert "mean score" in first.inner_text()
    page.locator("#back").click()
    page.locator("#problems h2").wait_for()
    assert page.locator("#filter").input_value() == "-3-"


def test_everything_is_reached_by_keys(opened, nano_report):
    page = opened(nano_report)
    page.locator(".tabulator-row").first.wait_for()
    page.keyboard.press("/")
    until(lambda: page.evaluate("document.activeElement.id") == "filter")
    page.keyboard.type("-2-")
    page.get_by_text("3 of 6 problems").wait_for()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.tabulator-row a')"):
            break
    page.keyboard.press("Enter")
    page.locator("#problem h1").wait_for()
    first = page.locator("#problem h1").inner_text()
    page.keyboard.press("n")
    until(lambda: page.locator("#problem h1").inner_text() != first)
    page.keyboard.press("p")
    until(lambda: page.locator("#problem h1").inner_text() == first)
    page.keyboard.press("Escape")
    page.locator("#problems h2").wait_for()
    area = page.locator("#success .u-wrap")
    area.focus()
    legend = page.locator("#success .u-legend")
    before = legend.inner_text()
    page.keyboard.press("ArrowRight")
    until(lambda: legend.inner_text() != before)


def test_the_chart_follows_the_chosen_unit(opened, nano_report):
    page = opened(nano_report)
    choice = page.locator("#success select")
    legend = page.locator("#success .u-legend")
    before = legend.inner_text()
    choice.select_option("calls")
    until(lambda: legend.inner_text() != before)
    names = legend.locator("tbody th")
    count = names.count()
    page.locator("#success input[type=checkbox]").check()
    until(lambda: names.count() > count)


def test_hostile_texts_are_read_and_do_nothing(opened, hostile):
    page = opened(hostile + "#p/0/0")
    page.locator("#problem h1").wait_for()
    for one in page.locator("details.solution > summary").all():
        one.click()
    for one in page.locator(".verdicts summary").all():
        one.click()
    assert page.evaluate("window.broken") is None
    shown = page.locator("#p-solutions").inner_text()
    assert HOSTILE[0] in shown
    assert "</script><script>" in shown
    assert "\\u202e" in shown
    assert "\u202e" not in shown
    assert page.locator("#problem img, #problem script").count() == 0
    assert page.get_by_text("show the other 980,000 characters").count() > 0
    assert no_sideways(page)


@pytest.mark.parametrize("where", ["", "#p/0/0"])
def test_a_phone_needs_no_sideways_scrolling(opened, nano_report, where):
    page = opened(nano_report + where, width=360, height=740)
    page.wait_for_timeout(300)
    assert no_sideways(page)


def test_dark_and_light_as_the_system_says_or_as_chosen(opened, nano_report):
    def background(page):
        shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", shade)[:3]))

    page = opened(nano_report, dark=True)
    assert background(page) < 150
    page.locator("#theme").click()  # dark, whatever the system says
    page.emulate_media(color_scheme="light")
    assert background(page) < 150
    page.locator("#theme").click()
    assert background(page) > 600
    assert page.locator("#success canvas").count() == 1


def test_print_shows_all_problems_in_light(opened, nano_report):
    page = opened(nano_report, dark=True)
    page.emulate_media(media="print")
    page.locator("#printed tbody tr").first.wait_for()
    assert page.locator("#printed tbody tr").count() == 6
    assert not page.locator(".top").is_visible()
    assert not page.locator("#problems .tabulator").is_visible()
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shade == "rgb(255, 255, 255)"


def test_runs_side_by_side_lead_to_where_they_part(opened, tmp_path):
    first = write_run(tmp_path, [(0, 0, 0), (1, 1, 0)], run_id="a")
    second = write_run(tmp_path, [(0, 0, 1), (0, 0, 1)], run_id="b")
    file = tmp_path / "two.html"
    file.write_text(report([first, second])[0], encoding="utf-8")
    page = opened(file.as_uri())
    page.locator("#parting tbody a").nth(1).click()
    page.locator("#problem h1").wait_for()
    assert page.locator("#problem h1").inner_text() == "p1"
    page.get_by_text("The same problem in").wait_for()
    assert page.evaluate("location.hash") == "#p/1/1"


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """The address of a report of two runs, one of which is called what means harm."""
    folder = tmp_path_factory.mktemp("beside")
    name = "<img src=x onerror='window.broken = 6'>"
    runs = [
        write_run(folder, [(0, 1, 2, 3)] * 12, name="seldom"),
        write_run(folder, [(0, 0, 0, 1)] * 12, name=name),
    ]
    file = folder / "two.html"
    file.write_text(report(runs)[0], encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [1200, 1280])
def test_the_bar_shows_all_sections_and_headings_say_whose_they_are(opened, beside, width):
    page = opened(beside, width=width)
    bar = page.locator("#nav")
    assert bar.evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    assert [one.split()[-1] for one in bar.locator("a").all_inner_texts()][-3:] == [
        *("Costs", "Recipe", "Citation")
    ]
    for name in ("coverage", "problems", "costs", "recipe"):
        assert page.locator(f"#{name} h2").inner_text().endswith(" · seldom"), name
    page.locator("#run").select_option("1")
    until(lambda: "broken" in page.locator("#coverage h2").inner_text())
    assert "first, which is one draw" in page.locator("#parting").inner_text()


@pytest.mark.parametrize("width", [1000, 1200])
def test_no_heading_of_the_problems_is_cut(opened, nano_report, width):
    page = opened(nano_report, width=width)
    page.locator(".tabulator-row").first.wait_for()
    titles = page.locator(".tabulator-col:visible .tabulator-col-title").all()
    assert len(titles) > 5
    for one in titles:
        assert one.evaluate("t => t.scrollWidth <= t.clientWidth"), one.inner_text()


def test_the_summary_begins_with_how_runs_compare(opened, beside):
    page = opened(beside)
    found = page.locator("#summary > *").nth(1)
    assert found.get_attribute("id") == "paired"
    rows = [one.split("\t") for one in found.locator("tbody tr").all_inner_texts()]
    assert "<img src=x onerror='window.broken = 6'>" in [row[0] for row in rows]
    assert "▲ better" in [row[3] for row in rows if len(row) > 3]
    assert page.evaluate("window.broken") is None
    assert page.locator("#summary img").count() == 0
    found.locator(".scroll").focus()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Runs at equal compute"
    )
    page.emulate_media(media="print")
    assert found.is_visible()


def test_the_comparison_on_a_phone_and_in_the_dark(opened, beside):
    page = opened(beside, width=360, height=740, dark=True)
    page.wait_for_timeout(300)
    assert no_sideways(page)
    assert page.locator("#paired .grade").first.is_visible()
