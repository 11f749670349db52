"""The page on serving a recipe, followed to the letter."""

import re
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "answering"))
from recipe_server import serving

PAGE = Path(__file__).parents[2] / "docs/how-to/serve-a-recipe.md"


def test_the_pages_commands_and_code_work(tmp_path, capsys):
    text = PAGE.read_text()
    served = re.findall(r"```\n(ttc serve quickstart .*?)```", text, re.S)[0]
    words = shlex.split(served.replace(" --port 8000", ""))[3:]
    names: dict = {}
    with serving(tmp_path, "quickstart", *words) as server:
        for block in re.findall(r"```python\n(.*?)```", text, re.S):
            code = block.replace("http://127.0.0.1:8000/v1", server.url)
            exec(compile(code, str(PAGE), "exec"), names)
    shown = capsys.readouterr().out
    reply, less = names["reply"], names["less"]
    assert reply.choices[0].message.content in shown
    for key in ("answer", "policy", "verifier", "votes", "solutions", "verifications", "tokens"):
        assert key in reply.ttc
    assert names["by_vote"].ttc["verifications"] == 0
    assert (less.ttc["solutions"], less.ttc["verifications"]) == (4, 4)
    assert less.usage.total_tokens <= 2000
