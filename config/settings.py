"""Settings, all from the environment; `config/checks.py` says which are missing or unsafe."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import environ

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()

VERSION = "0.1.0"
DEBUG = env.bool("DEBUG", default=False)
# Everybody knows this one: the checks and the web server refuse it unless DEBUG is on.
DEVELOPMENT_KEY = "unsafe-development-key"
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
# Older keys, still good for reading.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Finds recruited people again and seals their ids, so that SECRET_KEY may change; SECRET_KEY without it.
RECRUITMENT_KEY = env.str("RECRUITMENT_KEY", default="")
# Prolific signs what it tells with this secret; with the token its API is read.
PROLIFIC_WEBHOOK_SECRET = env.str("PROLIFIC_WEBHOOK_SECRET", default="")
PROLIFIC_TOKEN = env.str("PROLIFIC_TOKEN", default="")
PROLIFIC_API = env.str("PROLIFIC_API", default="https://api.prolific.com/api/v1/")
# Model servers that pages may reach at private addresses: host or host:port, with commas between.
MODEL_SERVERS = tuple(host.strip() for host in env.list("MANYMINDS_MODEL_SERVERS", default=[]))
# Models that pages may run in this process: name=path-or-hub-id, with commas between.
LOCAL_MODELS = {
    name.strip(): model.strip()
    for name, _, model in (entry.partition("=") for entry in env.list("MANYMINDS_LOCAL_MODELS", default=[]))
}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=LOCAL_HOSTS)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Served without TLS only on the machine itself (bin/serve): browsers drop Secure cookies there.
HTTPS = env.bool("HTTPS", default=not DEBUG)
MANYMINDS_DATA = Path(env.str("MANYMINDS_DATA", default=str(ROOT / "var")))
with suppress(OSError):  # a folder that cannot be made is a system check, not a traceback
    MANYMINDS_DATA.mkdir(parents=True, exist_ok=True)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    with suppress(OSError):  # bin/serve keeps one there, so that commands use the server's
        SECRET_KEY = (MANYMINDS_DATA / "secret_key").read_text().strip()
SECRET_KEY = SECRET_KEY or DEVELOPMENT_KEY
UPLOAD_LIMIT_MB = env.int("MANYMINDS_UPLOAD_MB", default=200)
FILE_UPLOAD_HANDLERS = [
    "generation.uploads.SizeLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

INSTALLED_APPS = [
    "config.apps.Config",
    "generation",
    "annotation",
    "calibration",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
    "csp",
    "axes",
]

MIDDLEWARE = [
    "config.views.answer_health",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.views.refuse_nul",
    "config.views.keep_private",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction takes the write lock when it begins, so it waits its turn instead of failing half-way.
    "transaction_mode": "IMMEDIATE",
    # An import of a million labels holds the lock for half a minute.
    "timeout": 60,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
}


def database(url: str) -> dict[str, Any]:
    """The DATABASES entry for a URL; SQLite gets the options that let many processes write."""
    config: dict[str, Any] = env.db_url_config(url)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = dict(SQLITE_OPTIONS)
        # An on-disk file also in tests: threads and processes of one test share it.
        config["TEST"] = {"NAME": str(MANYMINDS_DATA / "test.sqlite3")}
    config["CONN_MAX_AGE"] = 600
    config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{MANYMINDS_DATA / 'manyminds.sqlite3'}")
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What limits count, and the numbers beside a study. Of a process alone, unless CACHE_URL names a shared one.
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://?max_entries=10000")}
# An address may be a whole classroom's.
ARRIVALS_AN_HOUR = env.int("MANYMINDS_ARRIVALS_AN_HOUR", default=300)
WRONG_CODES_AN_HOUR = 60

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "studies"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_HANDLER = "config.attempts.Attempts"
AXES_CLIENT_IP_CALLABLE = "annotation.addresses.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

# The console speaks English; labelling pages speak each study's languages.
LANGUAGE_CODE = "en"
LOCALE_PATHS = [ROOT / "locale"]
LANGUAGES = [
    ("en", "English"),
    ("es", "español"),
    ("de", "Deutsch"),
    ("zh-hans", "中文"),
    ("ar", "العربية"),
]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]
STATIC_ROOT = MANYMINDS_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "config.rest.Pages",
    "DEFAULT_PARSER_CLASSES": [
        "config.rest.PlainJSON",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "config.api.handle",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": "60/min",
        "user": f"{env.int('MANYMINDS_API_A_MINUTE', default=1200)}/min",
        "token": "20/min",
    },
    # Whose address counts, as in addresses.client_address: the proxy's last hop, or whoever connects.
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Manyminds",
    "DESCRIPTION": "Studies, items, labels, scores, agreement and audits.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StudyKindEnum": "annotation.models.Study.Kind",
        "StudyStateEnum": "annotation.models.Study.State",
        "AuditStateEnum": "calibration.models.Audit.State",
        "PlanStateEnum": "calibration.models.Plan.State",
        "RunStateEnum": "calibration.models.Run.State",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
