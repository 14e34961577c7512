import re
from pathlib import Path

SCIENCE = Path(__file__).parents[2] / "training" / "science"


def test_every_source_that_a_docstring_names_stands_in_papers():
    anchors = set(re.findall(r'<a id="([\w-]+)"></a>', (SCIENCE / "PAPERS.md").read_text()))
    named = {
        anchor for file in SCIENCE.rglob("*.py") for anchor in re.findall(r"PAPERS\.md#([\w-]+)", file.read_text())
    }
    assert named
    assert named <= anchors
