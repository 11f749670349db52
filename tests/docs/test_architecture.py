"""The page on architecture draws the rooms as they are."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def draw():
    spec = importlib.util.spec_from_file_location("draw_rooms", DOCS / "draw_rooms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_drawing_is_up_to_date(draw):
    page = draw.PAGE.read_text(encoding="utf-8")
    assert page == draw.redrawn(page), "make docs draws it anew"


def test_every_room_is_named_on_the_page(draw):
    page = draw.PAGE.read_text(encoding="utf-8")
    missing = {room for room in draw.arrows() if f"`{room}`" not in page}
    assert missing <= {"verdicts"}


def test_arrows_that_others_imply_are_left_out(draw):
    assert draw.reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {
        "a": {"b"},
        "b": {"c"},
        "c": set(),
    }
    with pytest.raises(ValueError, match="circle"):
        draw.reduced({"a": {"b"}, "b": {"a"}})


@pytest.mark.slow
def test_the_table_of_methods_is_up_to_date():
    spec = importlib.util.spec_from_file_location("draw_methods", DOCS / "draw_methods.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "make docs writes it anew"
