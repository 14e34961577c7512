"""The house itself under test: directions of import, migrations, documents, and what the web process carries.

Who may open which door is in test_doors.py.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
SCIENCE = sorted([*ROOT.glob("training/science/**/*.py"), *ROOT.glob("annotation/science/**/*.py")])


def test_imports_go_down_only():
    run = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_every_model_change_has_its_migration(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_template_comment_ends_on_its_line():
    """Django shows one that does not, to everybody."""
    lines = [(path, line) for path in sorted(ROOT.glob("templates/**/*.*")) for line in path.read_text().splitlines()]
    assert len(lines) > 1000
    assert [f"{path.name}: {line}" for path, line in lines if line.count("{#") != line.count("#}")] == []


def test_every_setting_is_in_the_documents():
    names = re.findall(r'(?:env\.\w+|kept_secret)\(\s*"([A-Z][A-Z_]+)"', (ROOT / "studio/settings.py").read_text())
    page = (ROOT / "docs/settings.md").read_text()
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_recipe_setting_is_in_the_documents():
    from dataclasses import fields

    from training.science.gate import Limits
    from training.science.spec import RoundSpec

    page = (ROOT / "docs/settings.md").read_text()
    names = [field.name for cls in (RoundSpec, Limits) for field in fields(cls)]
    assert [name for name in names if f"`{name}`" not in page] == []


def names_of(resolver: URLResolver, prefix: str = "") -> list[tuple[str, list[str]]]:
    """(name, the arguments it takes) of every URL of ours below `resolver`."""
    found = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                parents = list(pattern.pattern.converters)
                found += [(name, parents + arguments) for name, arguments in names_of(pattern, inner)]
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append((f"{prefix}{pattern.name}", list(pattern.pattern.converters)))
    return found


DOORS = names_of(get_resolver())


def test_every_url_is_in_the_documents():
    page = (ROOT / "docs/urls.md").read_text()
    assert [name for name, _ in DOORS if f"`{name}`" not in page] == []


def test_the_web_process_carries_no_torch():
    """Importing all that a request can reach stays light; `web` in docs/benchmarks.md has the megabytes."""
    code = (
        "import django, sys; django.setup()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "import studio.wsgi, training.tasks, annotation.tasks\n"
        "heavy = {'torch','transformers','trl','peft','datasets','pyarrow','pandas','scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "studio.settings"}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def public_functions(path: Path) -> list[ast.FunctionDef]:
    return [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("path", SCIENCE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_public_number_says_what_it_is(path):
    assert [f.name for f in public_functions(path) if not ast.get_docstring(f)] == []
