"""Which evaluation suites a project asks, found by name in the folders that the settings list."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from studio.models import Project
from training.science.lines import Refused
from training.science.suite import read_suite


class UnknownSuite(Exception):
    """A project names a suite that no folder holds, or whose files are damaged; the text is for people."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One evaluation suite as it lies on disk now; `digest` names its settings and its items."""

    name: str
    folder: Path
    title: str
    version: int
    digest: str


def suites_of(project: Project) -> list[Suite]:
    """The suites that `project` asks; raise UnknownSuite if one is missing, named twice or damaged."""
    names = project.suites or default_names(project)
    if len(set(names)) != len(names):
        raise UnknownSuite(f"An evaluation suite is named twice: {', '.join(names)}.")
    return [find(name) for name in names]


def default_names(project: Project) -> list[str]:
    """The starter model's own probes know its invented world only; capability is asked of every model."""
    return ["starter_probes", "capability"] if project.base_model == settings.STARTER_MODEL else ["capability"]


def known_names() -> list[str]:
    """Every suite there is, for the settings page."""
    found = {file.parent.name for folder in settings.SUITE_DIRS for file in Path(folder).glob("*/suite.json")}
    return sorted(found)


NAME = re.compile(r"[a-zA-Z0-9_-]{1,60}")
"""What can stand in an address; a name with a path in it is no name."""


def find(name: str) -> Suite:
    """The suite `name`; raise UnknownSuite if there is none, or its files cannot be read."""
    for place in settings.SUITE_DIRS:
        folder = Path(place) / name
        if NAME.fullmatch(name) and (folder / "suite.json").is_file():
            return _read(name, folder)
    known = ", ".join(known_names()) or "none"
    raise UnknownSuite(f"There is no evaluation suite “{name}”. Known suites: {known}.")


def _read(name: str, folder: Path) -> Suite:
    try:
        found = read_suite(folder)
    except Refused as error:
        raise UnknownSuite(str(error)) from error
    if found.name != name:
        raise UnknownSuite(f"The evaluation suite in {folder} calls itself “{found.name}”: name and folder must agree.")
    for item in found.items:
        axis, group = str(item.get("axis", "")), str(item.get("group", ""))
        if len(axis) > 60 or len(group) > 120 or "\0" in axis + group:
            raise UnknownSuite(
                f"The evaluation suite “{name}”, item {item['id']}: its axis or group is too long a name."
            )
    return Suite(name, folder, found.title, found.version, found.digest)
