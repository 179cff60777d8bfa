"""Settings. Everything that differs between machines comes from the environment.

docs/configuration.md lists every variable that is read here.
"""

from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from crm import embedded, logs
from crm.audit.retention import LEAST_DAYS

django_stubs_ext.monkeypatch()  # Django's generic classes take their type arguments at run time too

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.var_dir()

DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if HTTPS:
        raise ImproperlyConfigured("SECRET_KEY must be set where HTTPS is.")
    SECRET_KEY = embedded.secret_key(VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
LOGGING = logs.logging_config(env.str("LOG_FORMAT", default="plain"), env.str("LOG_LEVEL", default="WARNING"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "guardian",
    "axes",
    "django_filters",
    "django_htmx",
    "import_export",
    "crm.org",
    "crm.fields",
    "crm.record",
    "crm.flow",
    "crm.entity",
    "crm.jobs",
    "crm.notify",
    "crm.audit",
    "crm.timeline",
    "crm.exchange",
    "crm.views",
    "crm.web",
    "crm.api",
    "crm.ops",
    "customers",
]

MIDDLEWARE = [
    "crm.web.request_id.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.web.middleware.UserLanguage",
    "crm.web.uploads.UploadLimit",
    "crm.web.middleware.SignInRequired",
    "crm.web.middleware.Trace",
    "crm.web.middleware.Refusals",
    "crm.web.middleware.NoStore",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.web.context.shell",
            ],
        },
    },
]

DATABASE_URL = env.str("DATABASE_URL", default="") or embedded.Postgres(VAR_DIR / "postgres").url
DATABASES = {"default": embedded.database_config(DATABASE_URL)}
DATABASES["default"]["OPTIONS"] |= {
    "options": f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', default=15000)}"
    " -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
    # A company's data stays in memory: a page costs little beside the rows on it, and no query is worth compiling.
    " -c seq_page_cost=0.2 -c random_page_cost=0.2 -c jit=off",
}
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default="test_crm")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or embedded.Valkey(VAR_DIR / "valkey").url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.str("CACHE_PREFIX", default="crm"),
    }
}

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "crm.org.auth.Backend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: nobody signs in without an account
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"

AXES_ENABLE_ADMIN = False  # the sign-in log tells the same
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "crm.web.account.locked_out"
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", default=0)
AXES_HTTP_RESPONSE_CODE = 429

SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o640
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_MB", default=30) * 1024 * 1024
# Tests from outside may make requests fail on purpose; never where the product is served to people.
TEST_FAILPOINTS = env.bool("TEST_FAILPOINTS", default=False) and not HTTPS
if TEST_FAILPOINTS:
    MIDDLEWARE.append("crm.ops.middleware.FailPoints")
API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=600)
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_MB", default=20) * 1024 * 1024

LOG_DAYS = env.int("LOG_DAYS", default=1096)
if LOG_DAYS < LEAST_DAYS:
    raise ImproperlyConfigured(f"LOG_DAYS: logs are kept for at least {LEAST_DAYS} days.")
RECYCLE_BIN_DAYS = env.int("RECYCLE_BIN_DAYS", default=0)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
FORMAT_MODULE_PATH = ["crm.web.formats"]

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": env.str("STATICFILES_STORAGE", default="crm.web.bundles.Storage")},
}

FORM_RENDERER = "crm.web.rendering.FormRenderer"
CSRF_FAILURE_VIEW = "crm.web.errors.forged"

CELERY_BROKER_URL = embedded.celery_url(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = CACHES["default"]["KEY_PREFIX"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_SOFT_TIME_LIMIT = 8 * 60
CELERY_TASK_TIME_LIMIT = 10 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "max_retries": 0,  # a page that starts a job does not wait for a broker that is down
}
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: crm/jobs/schedule.py knows what has been done
CELERY_BEAT_SCHEDULE = {"tick": {"task": "crm.jobs.tick", "schedule": 30, "options": {"expires": 30}}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

SILENCED_SYSTEM_CHECKS = [] if HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]
