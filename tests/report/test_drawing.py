"""Figures as files: letters that stay letters, a table of what is drawn, and looks."""

import csv
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from ttc.errors import UsageError
from ttc.report.drawing import write_figures
from ttc.report.drawn_data import drawn_data
from ttc.report.looks import COLOURS, drawn_in, look


def drawn(colour=COLOURS[0], label="majority"):
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([1, 2, 4], [0.5, 0.6, 0.75], "-", color=colour, label=label)
    axes.fill_between([1, 2, 4], [0.4, 0.5, 0.7], [0.6, 0.7, 0.8], color=colour, alpha=0.2)
    axes.set_title(r"a run, \$5", loc="left", fontsize=8)
    axes.set_xlabel("solutions")
    axes.set_ylabel("success rate")
    axes.legend()
    return figure


def told(figure):
    names = ("series", "kind", "x", "y", "low", "high")
    return [tuple(row[name] for name in names) for row in drawn_data(figure)]


def test_a_line_comes_with_its_band():
    rows = drawn_data(drawn())
    assert [(row["x"], row["y"], row["low"], row["high"]) for row in rows] == [
        (1, 0.5, 0.4, 0.6),
        (2, 0.6, 0.5, 0.7),
        (4, 0.75, 0.7, 0.8),
    ]
    assert {row["panel"] for row in rows} == {"a run, $5"}
    assert {(row["series"], row["x_axis"]) for row in rows} == {("majority", "solutions")}


def test_every_kind_of_mark_is_told():
    figure = Figure()
    axes = figure.subplots()
    axes.errorbar([1, 2], [0.2, 0.4], yerr=[[0.1, 0.2], [0.3, 0.4]], linestyle="none", label="e")
    axes.bar([1.0], [5.0], width=0.5, label="b")
    axes.step([0, 1], [0.1, 0.9], where="pre", label="s")
    axes.axhline(0.5, label="_half")
    axes.plot([1], [np.nan], "o", label="_hollow")
    axes.fill_between([7, 8], [0, 0], [1, 1], color="red", label="alone")
    assert told(figure) == [
        ("e", "points", 1, 0.2, pytest.approx(0.1), 0.5),
        ("e", "points", 2, 0.4, 0.2, 0.8),
        ("b", "bar", 1, 5, None, None),
        ("s", "step", 0, 0.1, None, None),
        ("s", "step", 1, 0.9, None, None),
        ("half", "level", None, 0.5, None, None),
        ("hollow", "points", 1, None, None, None),
        ("alone", "band", 7, None, 0, 1),
        ("alone", "band", 8, None, 0, 1),
    ]


def test_cells_of_an_image_stand_at_what_its_ticks_say():
    figure = Figure()
    axes = figure.subplots()
    axes.imshow([[0.1, 0.2], [0.3, np.nan]], origin="lower", label="success")
    axes.set_xticks([0, 1], ["1", "4"])
    axes.set_yticks([0, 1], ["few", "many"])
    axes.plot([0.5], [1], "o", label="between")
    rows = drawn_data(figure)
    assert [(row["x"], row["y"], row["value"]) for row in rows[1:]] == [
        (1, "few", 0.1),
        (4, "few", 0.2),
        (1, "many", 0.3),
    ]
    assert (rows[0]["x"], rows[0]["y"]) == (pytest.approx(2.0), "many"), "as on the log axis"


def test_three_formats_and_a_table_the_same_each_time(tmp_path):
    for folder in ("a", "b"):
        assert write_figures({"f": drawn()}, tmp_path / folder) == [tmp_path / folder / "f.png"]
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"f.png", "f.svg", "f.pdf", "f.data.csv"}
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with (tmp_path / "a/f.data.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["high"]) for row in rows] == [0.6, 0.7, 0.8]


def test_letters_stay_letters(tmp_path):
    write_figures({"f": drawn(label="majority of 5")}, tmp_path)
    root = ET.parse(tmp_path / "f.svg").getroot()
    texts = {"".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"majority of 5", "success rate"} <= texts
    pdf = (tmp_path / "f.pdf").read_bytes()
    assert b"/CIDFontType2" in pdf, "a whole TrueType font (type 42)"
    assert b"/Type3" not in pdf


def test_names_of_data_are_no_formulas_and_no_tags(tmp_path):
    write_figures({"f": drawn(label="<b>&日本 \N{GRINNING FACE}")}, tmp_path)
    assert "<b>" not in (tmp_path / "f.svg").read_text()


def test_sizes(tmp_path):
    with drawn_in(look(width=3.0, font_size=20.0)):
        figure = drawn()
        write_figures({"f": figure}, tmp_path)
    assert tuple(figure.get_size_inches()) == (3.0, 2.0), "in proportion"
    axes = figure.axes[0]
    assert axes.xaxis.label.get_fontsize() == 20.0
    assert axes.title.get_fontsize() != 0
    assert axes.get_title(loc="left")
    assert axes._left_title.get_fontsize() == 16.0, "8 points, twice as large"
    assert axes.get_xticklabels()[0].get_fontsize() == 20.0
    with drawn_in(look(width=3.0, height=3.0)):
        figure = drawn()
        write_figures({"f": figure}, tmp_path)
    assert tuple(figure.get_size_inches()) == (3.0, 3.0)


def test_long_titles_are_broken_where_letters_are_large(tmp_path):
    with drawn_in(look(style="slides", width=5.0)):
        figure = drawn()
        figure.axes[0].set_title("words and more words of a title " * 3, loc="left", fontsize=9)
        figure.axes[0].set_ylabel("success less that of the baseline, in percentage points")
        write_figures({"f": figure}, tmp_path)
    figure.draw_without_rendering()
    axes, edge = figure.axes[0], figure.bbox
    for text in (axes._left_title, axes.yaxis.label):
        box = text.get_window_extent()
        assert box.x1 <= edge.width
        assert box.y1 <= edge.height
        assert "\n" in text.get_text()
    with (tmp_path / "f.data.csv").open() as file:
        assert "\n" not in next(csv.DictReader(file))["panel"]


def test_in_grey_no_colour_is_left(tmp_path):
    from PIL import Image

    with drawn_in(look(style="grey")):
        figure = drawn(colour="#7A3E9D")
        arrow = {"arrowstyle": "-", "color": "#D55E00"}
        figure.axes[0].annotate("end", (4, 0.7), (3, 0.5), color="#56B4E9", arrowprops=arrow)
        figure.axes[0].plot([1, 4], [0.5, 0.7], color="tab:red", marker="o")
        write_figures({"f": figure}, tmp_path)
    pixels = np.asarray(Image.open(tmp_path / "f.png").convert("RGB"), dtype=int)
    assert (np.ptp(pixels, axis=2) <= 2).all()
    found = re.findall(r"#[0-9a-f]{6}", (tmp_path / "f.svg").read_text())
    assert all(one[1:3] == one[3:5] == one[5:7] for one in found)


def test_a_style_file_has_its_colours_drawn_but_no_tex(tmp_path):
    style = tmp_path / "mine.mplstyle"
    style.write_text("axes.prop_cycle: cycler(color=['ff0000'])\ntext.usetex: True\n")
    with drawn_in(look(style=f"paper,{style}")):
        figure = drawn()
        write_figures({"f": figure}, tmp_path)
    assert figure.axes[0].lines[0].get_color()[:3] == (1.0, 0.0, 0.0)
    assert figure.get_size_inches()[0] == 5.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "papr"}, "did you mean 'paper'"),
        ({"width": 0.0}, "--width 0: expected 1 to 60 inches"),
        ({"font_size": 900.0}, "points"),
    ],
)
def test_looks_that_there_are_not(options, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        look(**options)


def test_a_style_file_that_is_none(tmp_path):
    (tmp_path / "x.mplstyle").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no style file"):
        look(style=str(tmp_path / "x.mplstyle"))
