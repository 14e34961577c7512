"""Every setting, read from the environment; a wrong value stops the start.

Nothing here is secret by default: the signing key is made on the first start and kept, readable by its owner only,
in the data folder. Every variable is described in docs/settings.md, and a test says so.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import environ
from celery.schedules import schedule
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# ---------------------------------------------------------------- where things lie

DATA_DIR = Path(env.str("STUDIO_DATA", default=str(BASE_DIR / "var"))).resolve()
SNAPSHOT_DIR = DATA_DIR / "snapshots"  # <digest>.jsonl, never changed once there
ROUND_DIR = DATA_DIR / "rounds"  # one folder per round: spec, events, log, checkpoints, adapter
GENERATION_DIR = DATA_DIR / "generations"  # one folder per batch of answers
UPLOAD_DIR = DATA_DIR / "uploads"
SUITE_DIRS = [BASE_DIR / "training" / "science" / "suites", *map(Path, env.list("STUDIO_SUITES", default=[]))]
STARTER_MODEL = "counterweight/starter"  # a name, so that a database survives a move of this folder
STARTER_DIR = BASE_DIR / "training" / "science" / "starter"
REPLAY_DIRS = [STARTER_DIR / "demo", DATA_DIR / "replay"]  # what a recipe may name
DEFAULT_BASE_MODEL = env.str("STUDIO_BASE_MODEL", default=STARTER_MODEL)

DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)


def kept_secret(name: str) -> str:
    """The secret in the data folder, made on first use; two processes starting at once agree on one.

    It is written under another name and then linked, which fails where the name is taken: whoever finds the file finds
    it whole.
    """
    path = DATA_DIR / name
    if not path.exists():
        handle, draft = tempfile.mkstemp(prefix=f"{name}.", dir=DATA_DIR)  # readable by its owner only
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(50))
            with suppress(FileExistsError):  # a sister process was first: hers is read below
                os.link(draft, path)
        finally:
            Path(draft).unlink()
    value = path.read_text().strip()
    if len(value) < 50:
        raise ImproperlyConfigured(f"{path} holds a damaged secret: delete it, or set SECRET_KEY")
    return value


# ---------------------------------------------------------------- the site

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret("secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("STUDIO_HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

INSTALLED_APPS = [
    "studio",
    "annotation",
    "training",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "studio.sso",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "studio.language.OwnLanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "studio.away.no_page",
]
ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["studio.templatetags.studio"],
        },
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# ---------------------------------------------------------------- people

AUTH_USER_MODEL = "studio.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "studio.access.ClosedDoor"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # seconds; then the second factor's pages ask for the password again
# How many proxies stand before the site; the limits below count by the address that the last of them saw.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("STUDIO_PROXIES", default=1 if HTTPS else 0)
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",  # a class of fifty may sit behind one address
    "login_failed": "20/m/ip,5/5m/key",
    "join": "20/m/ip",  # links that open nothing
}

MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "studio.second_factor.Locked"
MFA_TOTP_ISSUER = "Counterweight"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s before and after: clocks of phones differ

OIDC_SERVER_URL = env.str("OIDC_SERVER_URL", default="")
OIDC_OPEN = env.bool("OIDC_OPEN", default=False)  # else a new person needs an invitation
SOCIALACCOUNT_ADAPTER = "studio.sso.adapter.Door"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # by addresses that the server has verified, no others: see studio.sso
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS = {}
if OIDC_SERVER_URL:
    if not OIDC_SERVER_URL.startswith(("https://", "http://")):
        raise ImproperlyConfigured("OIDC_SERVER_URL must be an address that begins with https://")
    SOCIALACCOUNT_PROVIDERS["oidc"] = {
        "APP": {
            "provider_id": "oidc",
            "name": env.str("OIDC_NAME", default="single sign-on"),
            "client_id": env.str("OIDC_CLIENT_ID"),
            "secret": env.str("OIDC_CLIENT_SECRET", default=""),
            "settings": {"server_url": OIDC_SERVER_URL},
        }
    }

# ---------------------------------------------------------------- database, cache, static files

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{quote(str(DATA_DIR / 'studio.sqlite3'))}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # with the default, 32 people see "database is locked" (docs/benchmarks.md)
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Compiling a short query costs more than running it: 40 to 1,000 ms were seen for a claim. What is prepared (see
    # annotation/queue/prepared.py) is planned once, and not anew for the values of each call.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c jit=off -c plan_cache_mode=force_generic_plan"
    )
    DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 5)
PREPARED_STATEMENTS = env.bool("STUDIO_PREPARED_STATEMENTS", default=True)
DATABASES["default"].setdefault("CONN_MAX_AGE", env.int("CONN_MAX_AGE", default=600))
DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")  # the launcher sets it to the private server's socket
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "studio.statics.Storage"},
}
MEDIA_ROOT = UPLOAD_DIR
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20  # a form or a JSON body; files are streamed and have their own bound
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
FILE_UPLOAD_HANDLERS = [
    "studio.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
UPLOAD_MAX_BYTES = env.int("STUDIO_UPLOAD_MAX_MB", default=512) * 2**20
LINE_MAX_BYTES = env.int("STUDIO_LINE_MAX_KB", default=1024) * 2**10

USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = "studio.formats"
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("ar", "العربية"),
    ("de", "Deutsch"),
]  # each in its own words: who needs one can read it
LOCALE_PATHS = [BASE_DIR / "locale"]

# ---------------------------------------------------------------- Celery


def celery_url(url: str) -> str:
    """redis-py writes a socket as unix:///path?db=0, Celery as redis+socket:///path?virtual_host=0."""
    return url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=") if url else "memory://"


CELERY_BROKER_URL = celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True  # what happened is in the database, never in the broker
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue("default"), Queue("gpu"), Queue("answers")]
CELERY_TASK_ROUTES = {
    "training.tasks.run_round": {"queue": "gpu"},
    "annotation.tasks.generate_answers": {"queue": "gpu"},
    "annotation.tasks.answer_variants": {"queue": "answers"},  # a person waits: not behind a training
    "annotation.tasks.warm_answers": {"queue": "answers"},
}
# Longer than the longest round, or Redis hands a running round to a second worker; rounds do not wait for it when
# their worker dies, because the reaper looks at heartbeats.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 7 * 24 * 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0
CELERY_TIMEZONE = TIME_ZONE
TICK = env.float("STUDIO_TICK_SECONDS", default=5.0)
CELERY_BEAT_SCHEDULE = {
    "reap": {"task": "training.tasks.reap_rounds", "schedule": schedule(TICK), "options": {"expires": TICK * 4}},
    "refill": {"task": "annotation.tasks.refill_queues", "schedule": schedule(TICK), "options": {"expires": TICK * 4}},
    "policies": {"task": "annotation.tasks.ask_policies", "schedule": schedule(TICK), "options": {"expires": TICK * 4}},
    "agreement": {"task": "annotation.tasks.measure_where_due", "schedule": schedule(60.0), "options": {"expires": 60}},
    "bulk": {"task": "annotation.tasks.resume_bulk", "schedule": schedule(60.0), "options": {"expires": 60}},
    "forecasts": {
        "task": "annotation.tasks.ask_forecasts",
        "schedule": schedule(max(TICK, 60)),
        "options": {"expires": 60},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# ---------------------------------------------------------------- machines

SCIENCE_THREADS = env.int("STUDIO_THREADS", default=os.cpu_count() or 1)
SILENCE_SECONDS = env.int("STUDIO_SILENCE_SECONDS", default=30)  # without a heartbeat this long, a worker is lost
ANSWER_IDLE_SECONDS = env.int("STUDIO_ANSWER_IDLE_SECONDS", default=900)  # then the model that stays loaded goes
MAX_ATTEMPTS = 3  # how often a round may lose its worker before it fails

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"plain_refusals": {"()": "studio.logs.PlainRefusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["plain_refusals"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
