from ttc.words import counted, nearest


def test_a_near_name_is_asked_for_else_names_are_listed():
    assert nearest("majorty", ["majority", "first"]) == "; did you mean 'majority'?"
    assert nearest("x", ["b", "a"]) == "; known: a, b"
    assert nearest("x", []) == ""


def test_a_long_list_ends_in_how_many_more():
    names = [f"a-long-name-{i:03}" for i in range(100)]
    said = nearest("x", names)
    assert said.startswith("; known: a-long-name-000, a-long-name-001")
    assert len(said) < 300
    told = said.count("a-long-name")
    assert said.endswith(f" and {100 - told} more")


def test_one_is_singular():
    assert (counted(1, "problem"), counted(2048, "problem")) == ("1 problem", "2,048 problems")
