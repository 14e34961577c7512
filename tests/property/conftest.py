"""The same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones."""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "studio" / "static" / "studio" / "js" / "review"
COMMON: dict[str, Any] = {
    "deadline": None,  # the machine may be busy
    "database": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    "print_blob": True,
}
settings.register_profile("same", derandomize=True, **COMMON)
settings.register_profile("explore", max_examples=1000, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

Javascript = Callable[[str, str, Any], Any]


@pytest.fixture(scope="module")
def javascript(browser: Browser) -> Iterator[Javascript]:
    """javascript(module, function, argument): a function over the module `m` of the review screen, run in Chromium.

    One call carries many cases: a round trip costs more than a hundred of them.
    """
    page = browser.new_page()

    def run(module: str, function: str, argument: Any) -> Any:
        source = base64.b64encode((SCRIPTS / module).read_bytes()).decode()
        loaded = f"await import('data:text/javascript;base64,{source}')"
        code = f"async (given) => {{ const m = {loaded}; return ({function})(m, given); }}"
        return page.evaluate(code, argument)

    yield run
    page.close()
