"""Settings come from the environment; a wrong value stops the start; nothing secret is constant."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import studio.settings as settings_file
from studio.settings import celery_url

ROOT = Path(__file__).resolve().parent.parent.parent


def load(tmp_path: Path, show: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Print an expression over freshly read settings, in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings as s; print({show})"],
        cwd=ROOT,
        env={**clean, "DJANGO_SETTINGS_MODULE": "studio.settings", "STUDIO_DATA": str(tmp_path / "data"), **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"STUDIO_TICK_SECONDS": "often"},
        {"CONN_MAX_AGE": "long"},
        {"STUDIO_UPLOAD_MAX_MB": "big"},
        {"STUDIO_THREADS": "two"},
        {"LOG_LEVEL": "LOUD"},
        {"TIME_ZONE": "Moon/Sea"},
        {"STUDIO_PROXIES": "one"},
        {"OIDC_SERVER_URL": "https://login.example.org"},  # without OIDC_CLIENT_ID
        {"OIDC_SERVER_URL": "login.example.org", "OIDC_CLIENT_ID": "x"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_wrong_value_stops_the_start(tmp_path, wrong):
    run = load(tmp_path, "__import__('django').setup()", **wrong)
    assert run.returncode != 0


def test_the_signing_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first, second = (load(tmp_path, "s.SECRET_KEY").stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) > 50
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert load(tmp_path / "other", "s.SECRET_KEY").stdout != first


def test_processes_that_start_at_once_agree_on_the_signing_key(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(settings_file, "DATA_DIR", tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: settings_file.kept_secret("k"), range(64)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["k"]


def test_a_damaged_signing_key_is_named(tmp_path):
    load(tmp_path, "s.SECRET_KEY")
    (tmp_path / "data" / "secret_key").write_text("short")
    run = load(tmp_path, "s.SECRET_KEY")
    assert run.returncode != 0
    assert "holds a damaged secret" in run.stderr


def test_sqlite_takes_its_write_lock_at_the_begin_of_a_transaction(tmp_path):
    options = load(tmp_path, "s.DATABASES['default']['OPTIONS']").stdout
    assert "IMMEDIATE" in options
    assert "journal_mode=WAL" in options


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("", "memory://"),
        ("unix:///tmp/a/redis.sock?db=0", "redis+socket:///tmp/a/redis.sock?virtual_host=0"),
        ("redis://:pw@host:6379/1", "redis://:pw@host:6379/1"),
        ("rediss://host:6379/1", "rediss://host:6379/1"),
    ],
)
def test_celery_gets_the_broker_in_its_own_words(url, broker):
    assert celery_url(url) == broker


def test_single_sign_on_is_set_up_by_its_environment_and_absent_without_it(tmp_path):
    assert load(tmp_path, "s.SOCIALACCOUNT_PROVIDERS").stdout.strip() == "{}"
    env = {"OIDC_SERVER_URL": "https://login.example.org", "OIDC_CLIENT_ID": "studio", "OIDC_NAME": "the lab"}
    shown = load(tmp_path, "s.SOCIALACCOUNT_PROVIDERS['oidc']['APP']['name'], s.OIDC_OPEN", **env).stdout
    assert shown.strip() == "the lab False"


def test_behind_https_cookies_and_redirects_are_safe(tmp_path):
    show = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0"
    assert load(tmp_path, show, STUDIO_HTTPS="1").stdout.strip() == "True True True True"
    assert load(tmp_path, show).stdout.strip() == "False False False False"
