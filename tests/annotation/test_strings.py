"""No sentence of the review screen is missing in a language that is offered, none is written past the catalogs."""

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override
from django.utils.translation.template import templatize

from annotation.person import strings

ROOT = settings.BASE_DIR
SCRIPTS = sorted((ROOT / "studio/static/studio/js/review").glob("*.js"))
TEMPLATES = [
    *sorted((ROOT / "templates/annotation").glob("_review*.html")),
    ROOT / "templates/annotation/review.html",
    ROOT / "templates/annotation/_guideline_diff.html",
    ROOT / "templates/base.html",
    *sorted((ROOT / "templates").glob("_nav*.html")),
    ROOT / "templates/_messages.html",
]
SERVER = sorted((ROOT / "annotation").rglob("*.py"))
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
LITERAL = r'"((?:[^"\\]|\\.)*)"'
MARKERS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}


def said_by_scripts() -> Iterator[tuple[str, str]]:
    for path in SCRIPTS:
        if path.name == "strings.js":
            continue
        code = re.sub(r"(?m)(^|\s)//.*$", "", path.read_text())
        for text in re.findall(rf"\bt\(\s*{LITERAL}", code) + re.findall(rf"\btn\(\s*{LITERAL}", code):
            yield path.name, ast.literal_eval(f'"{text}"')


def said_by_templates() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES:
        source = templatize(path.read_text(), origin=path.name)
        for call in re.findall(r"""n?gettext\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", source):
            yield path.name, ast.literal_eval(call)


def said_by_server() -> Iterator[tuple[str, str]]:
    for path in SERVER:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield path.name, text.value


def known(language: str, domain: str) -> dict[str, str]:
    path = Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES", f"{domain}.mo")
    with path.open("rb") as file:
        catalog = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key[0] if isinstance(key, tuple) else key: text for key, text in catalog.items() if key and text}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("said", "domain"), [(said_by_scripts, "djangojs"), (said_by_templates, "django"), (said_by_server, "django")]
)
def test_every_sentence_is_translated(language: str, said, domain: str) -> None:
    found = {text: where for where, text in said()}
    assert len(found) > 40
    missing = [f"{where}: {text}" for text, where in found.items() if text not in known(language, domain)]
    assert not missing, "Run `make messages`, translate, and run it again:\n" + "\n".join(missing)


def test_scripts_give_t_a_sentence_and_no_variable() -> None:
    around = [
        f"{path.name}: {line.strip()}"
        for path in SCRIPTS
        if path.name != "strings.js"
        for line in path.read_text().splitlines()
        if re.search(r'(?<![\w.])tn?\((?!\s*")', line) and not line.strip().startswith("//")
    ]
    assert not around


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(path: Path) -> None:
    source = re.sub(r"{#.*?#}|{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", "", path.read_text(), flags=re.DOTALL)
    source = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", source, flags=re.DOTALL)
    source = source.replace('{% translate "', "{% translate '").replace('" %}', "' %}")
    named = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"{]*[A-Za-z]{2}[^"{]*)"', source)
    source = source.replace("{% block frame_class %}focus{% endblock %}", "")
    bare = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    bare = re.sub(r"<!--.*?-->|<(script|kbd|title)\b.*?</\1>|<[^>]*>", " ", bare, flags=re.DOTALL)
    words = [word for word in re.findall(r"[A-Za-z]{2,}", re.sub(r"&\w+;", "", bare)) if word != "Counterweight"]
    assert not words + named


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_a_translation_has_the_same_gaps_as_the_sentence(language: str, domain: str) -> None:
    gaps = re.compile(r"%\(\w+\)\w|\{\w+\}|%%")
    for text, translation in known(language, domain).items():
        wanted, got = set(gaps.findall(text)), set(gaps.findall(translation))
        assert got <= wanted, text
        assert wanted <= got | {"{n}"}, text  # Arabic says "one answer" and "two answers" without the number


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    text = Path(settings.LOCALE_PATHS[0], language, "LC_MESSAGES", f"{domain}.po").read_text(encoding="utf-8")
    assert "#, fuzzy" not in text
    written = {}
    for block in text.split("\n\n"):
        parts = re.findall(r'^(msgid|msgstr(?:\[0\])?) ((?:".*"\n?)+)', block, flags=re.MULTILINE)
        pair = {name[:6]: "".join(map(ast.literal_eval, lines.strip().split("\n"))) for name, lines in parts}
        if pair.get("msgid") and pair.get("msgstr"):
            written[pair["msgid"]] = pair["msgstr"]
    assert set(known(language, domain)) == set(written), "Run `make messages`."


def test_english_needs_no_catalog_and_arabic_has_six_forms() -> None:
    with override("en"):
        assert strings.catalog() == {}
    with override("ar"):
        forms = strings.catalog()["{n} word"]
        assert isinstance(forms, dict)
        assert [*forms] == ["zero", "one", "two", "few", "many", "other"]
        assert len(set(forms.values())) >= 4
    with override("de"):
        forms = strings.catalog()["{n} word"]
        assert isinstance(forms, dict)
        assert (forms["one"], forms["other"]) == ("{n} Wort", "{n} Wörter")


def test_a_projects_own_reasons_are_left_as_they_are() -> None:
    with override("de"):
        assert strings.reason("Corrected a fact") == "Tatsache berichtigt"
        assert strings.reason("Submit") == "Submit"
