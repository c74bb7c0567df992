"""Settings: those of Django here, those of Flash and of its files in the two modules that this takes over.

The environment is read in these three alone, and every variable has a default that works.
"""

from flashsite import env, redis_socket, secret
from flashsite.flash_settings import *  # noqa: F403
from flashsite.flash_settings import BASE_DIR, FLASH_PREDICT_RATE, FLASH_SUBMIT_RATE, FLASH_VAR_DIR
from flashsite.storage_settings import *  # noqa: F403
from flashsite.storage_settings import _S3 as _S3  # as it is with a bucket, for tests that make one
from training.ground import log_lines

# --- Django ----------------------------------------------------------------------------------------------------

DEBUG = env.boolean("FLASH_DEBUG", False)
SECRET_KEY = env.string("FLASH_SECRET_KEY") or secret.load_or_create(FLASH_VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.strings("FLASH_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", ".localhost"])
# Pages of these sites may write to the API, and send forms.
CSRF_TRUSTED_ORIGINS = env.strings("FLASH_TRUSTED_ORIGINS", [])
CSRF_FAILURE_VIEW = "flashsite.refusals.forbidden_form"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_dramatiq",
    "django_htmx",
    "flashsite.apps.FlashsiteConfig",
    "jobs.apps.JobsConfig",
    "modelstore.apps.ModelstoreConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "flashsite.middleware.SecurityHeaders",
    "flashsite.middleware.RequestGuard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "flashsite.middleware.RefusalPages",
]

ROOT_URLCONF = "flashsite.urls"
WSGI_APPLICATION = "flashsite.wsgi.application"
FORM_RENDERER = "flashsite.form_renderer.WidgetRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                        "flashsite.kind_templates.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "flashsite.pages.context.platform",
            ],
        },
    },
]

_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(FLASH_VAR_DIR / "flash.sqlite3"),
    "CONN_MAX_AGE": 60,
    "OPTIONS": {
        # IMMEDIATE takes the write lock at BEGIN: writers wait for each other instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;",
    },
}
DATABASES = {"default": env.database("DATABASE_URL", _SQLITE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_ENGINE = "flashsite.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 30 * 24 * 3600

# --- Background work -------------------------------------------------------------------------------------------

REDIS_URL = env.string("REDIS_URL") or redis_socket.url(FLASH_VAR_DIR)
_REDIS_BROKER = {
    "BROKER": "jobs.messaging.late_broker.LateBroker",
    "OPTIONS": {
        "kind": "dramatiq.brokers.redis.RedisBroker",
        "url": redis_socket.with_limits(REDIS_URL),
        "heartbeat_timeout": 15_000,
        "maintenance_chance": 200_000,
    },
}
# RabbitMQ in place of Redis, if it is named. Bounded in time: a request must not wait for a broker that hangs.
AMQP_URL = env.url("AMQP_URL", "", ("amqp", "amqps"))
_AMQP_LIMITS = (
    "heartbeat=60&connection_attempts=1&socket_timeout=3&stack_timeout=3&blocked_connection_timeout=10"
)
_AMQP_BROKER = {
    "BROKER": "jobs.messaging.late_broker.LateBroker",
    "OPTIONS": {
        "kind": "dramatiq.brokers.rabbitmq.RabbitmqBroker",
        "url": f"{AMQP_URL}{'&' if '?' in AMQP_URL else '?'}{_AMQP_LIMITS}",
        "confirm_delivery": True,
    },
}
DRAMATIQ_BROKER = {
    **(_AMQP_BROKER if AMQP_URL else _REDIS_BROKER),
    "MIDDLEWARE": [
        "dramatiq.middleware.AgeLimit",
        "dramatiq.middleware.TimeLimit",
        "jobs.worker.middleware.CarryRequestId",
        "jobs.worker.middleware.StopTraining",
        "jobs.worker.middleware.ReportPresence",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
DRAMATIQ_AUTODISCOVER_MODULES = ["actors"]

# --- E-mail to operators -----------------------------------------------------------------------------------------

ADMINS = [("", address) for address in env.strings("FLASH_ALERT_EMAILS", [])]
EMAIL_HOST = env.string("FLASH_EMAIL_HOST")
EMAIL_PORT = env.integer("FLASH_EMAIL_PORT", 587, low=1)
EMAIL_HOST_USER = env.string("FLASH_EMAIL_USER")
EMAIL_HOST_PASSWORD = env.string("FLASH_EMAIL_PASSWORD")
EMAIL_USE_TLS = env.boolean("FLASH_EMAIL_TLS", True)
# An alert is sent while machines are being looked after: a mail server that hangs must not hold them up.
EMAIL_TIMEOUT = 5
SERVER_EMAIL = DEFAULT_FROM_EMAIL = env.string("FLASH_EMAIL_FROM", "flash@localhost")
EMAIL_SUBJECT_PREFIX = "[Flash] "

# --- JSON API --------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "flashsite.api.parsers.StrictJSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "modelstore.api_keys.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "flashsite.api.root.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["modelstore.ground.throttle.CallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {"submit": FLASH_SUBMIT_RATE, "predict": FLASH_PREDICT_RATE},
    # 0: the address of the connection counts, not an X-Forwarded-For that anyone can write.
    "NUM_PROXIES": env.integer("FLASH_PROXIES", 0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flash API",
    "DESCRIPTION": "Upload data, train a classifier, follow it, predict, download. The token is the only key.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "flashsite.api.schema.describe_problems",
        "flashsite.api.schema.describe_operations",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TaskType": "training.kinds.task_choices",
        "JobState": "jobs.states.JobStatus",
        "BatchState": "jobs.states.BatchStatus",
        "PlatformState": ["active", "sleeping"],
    },
}

# --- Security --------------------------------------------------------------------------------------------------

_HTTPS = env.boolean("FLASH_HTTPS", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
if env.boolean("FLASH_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# `make up` serves plain HTTP on this machine; FLASH_HTTPS=1 (behind a TLS proxy) turns these and their checks on.
SILENCED_SYSTEM_CHECKS = (
    [] if _HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]
)

# Lines for people, or JSON for programs; each has the id of the request that it comes from.
FLASH_LOG_FORMAT = env.choice(log_lines.FORMAT_VARIABLE, log_lines.TEXT, log_lines.FORMATS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "training.ground.log_lines.TextLines"},
        "json": {"()": "training.ground.log_lines.JsonLines"},
    },
    # Tokens are keys: the filter keeps them out of every log line.
    "filters": {
        "no_tokens": {"()": "flashsite.monitoring.logs.HideTokens"},
        "calm": {"()": "flashsite.monitoring.logs.Calm"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": FLASH_LOG_FORMAT,
            "filters": ["calm", "no_tokens"],
        }
    },
    "root": {"handlers": ["console"], "level": env.string("FLASH_LOG_LEVEL", "INFO").upper()},
    "loggers": {
        # Django's own handler would mail whole requests, tokens and all, to FLASH_ALERT_EMAILS.
        "django": {"handlers": [], "level": "INFO"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # RabbitMQ's client tells of every step of every connection.
        "pika": {"level": "WARNING"},
    },
}
