"""Science programs without science: they say the lines, write the files and end as the real ones do, or as badly.

How one behaves stands in the file `behaviour` beside its specification; without it, well.
"""

import json
import sys
from pathlib import Path


def folder() -> Path:
    return Path(sys.argv[1]).parent


def spec() -> dict:
    return json.loads(Path(sys.argv[1]).read_text())


def behaviour() -> str:
    for place in (folder(), folder().parent):
        if (place / "behaviour").is_file():
            return (place / "behaviour").read_text().strip()
    return ""
