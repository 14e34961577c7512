"""One way to write a date, on every page."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from studio.templatetags.studio import moment, since

AT = datetime(2026, 11, 28, 10, 5, 9, tzinfo=UTC)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_a_moment_is_one_for_people_and_for_programs():
    assert moment(AT) == '<time datetime="2026-11-28T10:05:09+00:00">28 Nov 2026, 10:05</time>'
    assert moment(None) == "–"


def test_how_long_ago_has_the_moment_in_its_title():
    at = timezone.now() - timedelta(hours=3, minutes=5)
    with timezone.override("Asia/Kolkata"):
        says, local = since(at), timezone.localtime(at)
    assert says.endswith(f', {local:%H:%M}">3\xa0hours ago</time>')
    assert f'datetime="{local:%Y-%m-%dT%H:%M:%S}+05:30"' in says
    assert since(None) == "never"


@pytest.mark.parametrize(("language", "written"), [("en", "28 Nov 2026, 10:05"), ("de", "28. November 2026 10:05")])
def test_a_bare_date_is_written_alike(language, written):
    with translation.override(language):
        assert Template("{{ at }}").render(Context({"at": AT})) == written


def test_no_template_has_a_format_of_its_own():
    own = re.compile(r"""\|(date|time):["'](?!c["'])""")
    assert [path.name for path in TEMPLATES.rglob("*.html") if own.search(path.read_text(encoding="utf-8"))] == []
