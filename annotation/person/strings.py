"""The sentences that the review screen's JavaScript shows, in the language of the page.

They stand in locale/<language>/LC_MESSAGES/djangojs.po, which `make messages` collects from t("…") and tn("…", "…") in
studio/static/studio/js/review. English needs none: it is the key.
"""

from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, gettext, gettext_noop, to_locale

# One number of each of Unicode's plural categories, by which JavaScript's Intl.PluralRules asks.
SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}
USUAL_REASONS = {
    gettext_noop("Removed a stereotype"),
    gettext_noop("Added a missing perspective"),
    gettext_noop("Corrected a fact"),
    gettext_noop("Made it respectful"),
    gettext_noop("Gave the same help"),
}
"""Labels of the reasons that a project has until it words its own."""
Catalog = dict[str, str | dict[str, str]]


def catalog() -> Catalog:
    """Of the active language: {English: translation}, and {English singular: {plural category: translation}}."""
    return of_language(get_language() or "en")


@cache
def of_language(language: str) -> Catalog:
    path = Path(settings.LOCALE_PATHS[0], to_locale(language), "LC_MESSAGES", "djangojs.mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        translations = GNUTranslations(file)
    found: Catalog = {}
    for key, text in translations._catalog.items():  # type: ignore[attr-defined]  # as Django's JavaScriptCatalog does
        if isinstance(key, tuple):
            forms = {name: translations.ngettext(key[0], key[0], n) for name, n in SAMPLES.items()}
            found[key[0]] = forms
        elif key:
            found[key] = text
    return found


def reason(label: str) -> str:
    """A rewrite reason as the reader's language has it; a project's own words are left as they are."""
    return gettext(label) if label in USUAL_REASONS else label
