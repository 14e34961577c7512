import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("room", ["training", "annotation"])
def test_every_source_that_a_docstring_names_stands_in_papers(room: str):
    science = ROOT / room / "science"
    anchors = set(re.findall(r'<a id="([\w-]+)"></a>', (science / "PAPERS.md").read_text()))
    named = {
        anchor for file in science.rglob("*.py") for anchor in re.findall(r"PAPERS\.md#([\w-]+)", file.read_text())
    }
    assert named
    assert named <= anchors
