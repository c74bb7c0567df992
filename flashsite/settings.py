"""Settings; the environment is read only here, and every variable has a default that works."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from flashsite import env, redis_socket, secret
from training.ground import log_lines
from training.ground.limits import GIB, MIB, Limits

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What Flash itself is told ---------------------------------------------------------------------------------

FLASH_VAR_DIR = env.path("FLASH_VAR_DIR", BASE_DIR / "var")
FLASH_RUNS_DIR = FLASH_VAR_DIR / "runs"
FLASH_CACHE_DIR = env.path("FLASH_CACHE_DIR", FLASH_VAR_DIR / "cache")
FLASH_WEIGHTS_DIR = env.path("FLASH_WEIGHTS_DIR", FLASH_VAR_DIR / "weights")
# Modules with kinds of tasks from outside of Flash.
FLASH_KINDS = env.strings("FLASH_KINDS", [])
FLASH_MODEL_CACHE_BYTES = env.size("FLASH_MODEL_CACHE_BYTES", 512 * MIB)
# One prediction at a time for each core, and one more to fill the gaps. The rest waits, up to a bound.
FLASH_PREDICTIONS_AT_ONCE = env.integer(
    "FLASH_PREDICTIONS_AT_ONCE",
    max(1, (os.cpu_count() or 1) // env.integer("FLASH_WEB_PROCESSES", 2, low=1)) + 1,
    low=1,
)
# Predictions look a model's row up again after this long; 0 looks each time.
FLASH_MODEL_ROW_SECONDS = env.integer("FLASH_MODEL_ROW_SECONDS", 2)
# All of one request, waiting included; and how many of the largest requests one caller may send in a minute.
FLASH_PREDICT_SECONDS = env.integer("FLASH_PREDICT_SECONDS", 30, low=1)
FLASH_PREDICT_LARGEST_RATE = env.integer("FLASH_PREDICT_LARGEST_RATE", 10, low=1)
FLASH_PREDICTIONS_WAITING = env.integer("FLASH_PREDICTIONS_WAITING", 12)
# Whether trainings make an 8-bit copy of a model and predictions use it, where it was found to answer alike.
FLASH_SERVING_COPY = env.boolean("FLASH_SERVING_COPY", False)
FLASH_SERVE_THREADS = env.integer("FLASH_SERVE_THREADS", 1, low=1)
FLASH_LIMITS = Limits(
    max_upload_bytes=env.size("FLASH_MAX_UPLOAD", 2 * GIB),
    max_unpacked_bytes=env.size("FLASH_MAX_UNPACKED", 8 * GIB),
    max_pictures=env.integer("FLASH_MAX_PICTURES", 100_000, low=2),
    max_picture_bytes=env.size("FLASH_MAX_PICTURE", 50 * MIB),
    max_picture_pixels=env.integer("FLASH_MAX_PIXELS", 64_000_000, low=1),
    max_video_seconds=env.integer("FLASH_MAX_VIDEO_SECONDS", 2 * 3600, low=1),
    max_video_pixels=env.integer("FLASH_MAX_VIDEO_PIXELS", 3840 * 2160, low=1),
    max_video_frames=env.integer("FLASH_MAX_VIDEO_FRAMES", 20_000, low=1),
    max_pixels_per_request=env.integer("FLASH_MAX_REQUEST_PIXELS", 256_000_000, low=1),
    max_characters_per_request=env.integer("FLASH_MAX_REQUEST_CHARACTERS", 2_000_000, low=1),
    max_rows=env.integer("FLASH_MAX_ROWS", 1_000_000, low=2),
    max_classes=env.integer("FLASH_MAX_CLASSES", 1_000, low=2),
    epochs=(1, env.integer("FLASH_MAX_EPOCHS", 200, low=1)),
    batch_size_image=(1, env.integer("FLASH_MAX_BATCH_IMAGE", 512, low=1)),
    batch_size_text=(1, env.integer("FLASH_MAX_BATCH_TEXT", 4096, low=1)),
)
# What reading one upload may cost: memory beyond twice the size of the file, and time.
FLASH_READ_MEMORY = env.size("FLASH_READ_MEMORY", 2 * GIB)
FLASH_READ_SECONDS = env.integer("FLASH_READ_SECONDS", 900, low=10)
# A job is killed after this long; a dataset that no job uses is forgotten after that long.
FLASH_JOB_DEADLINE = timedelta(seconds=env.integer("FLASH_JOB_DEADLINE_SECONDS", 6 * 3600, low=10))
FLASH_DATASET_RETENTION = timedelta(seconds=env.integer("FLASH_DATASET_RETENTION_SECONDS", 2 * 3600, low=60))
# Predictions of whole files: how many may wait, how long one may take, for how long its results are kept at most.
FLASH_BATCHES_WAITING = env.integer("FLASH_BATCHES_WAITING", 20)
FLASH_BATCH_DEADLINE = timedelta(seconds=env.integer("FLASH_BATCH_DEADLINE_SECONDS", 6 * 3600, low=10))
FLASH_BATCH_RETENTION = timedelta(seconds=env.integer("FLASH_BATCH_RETENTION_SECONDS", 24 * 3600, low=60))
# Half of the cores, and politely: the site goes on answering.
FLASH_BATCH_THREADS = env.integer("FLASH_BATCH_THREADS", max(1, (os.cpu_count() or 1) // 2), low=1)
FLASH_BATCH_NICE = env.integer("FLASH_BATCH_NICE", 10)
# A worker renews its lease every third of this; after it ran out another one may take the job.
FLASH_LEASE = timedelta(seconds=env.integer("FLASH_LEASE_SECONDS", 30, low=3))
FLASH_MAX_ATTEMPTS = env.integer("FLASH_MAX_ATTEMPTS", 3, low=1)
# So long a worker tries to reach a storage that is away, before the try is over.
FLASH_STORAGE_PATIENCE = timedelta(seconds=env.integer("FLASH_STORAGE_PATIENCE_SECONDS", 300))
FLASH_TRAINER_NICE = env.integer("FLASH_TRAINER_NICE", 15)
FLASH_TRAINER_THREADS = env.integer("FLASH_TRAINER_THREADS", 0)
# How long after a job a trainer that has loaded its libraries waits for the next one.
FLASH_SPARE_TRAINER = timedelta(seconds=env.integer("FLASH_SPARE_TRAINER_SECONDS", 600))
# Jobs that probably train for no longer than this have a lane of their own beside that of all; 0: they have none.
FLASH_SHORT_JOB_SECONDS = env.integer("FLASH_SHORT_JOB_SECONDS", 120)
FLASH_DEVICE = env.string("FLASH_DEVICE", "auto")
# Where training runs: on this machine, or on EC2 instances that are started and stopped (docs/operators.md).
FLASH_COMPUTE = env.choice("FLASH_COMPUTE", "local", ["local", "ec2"])
FLASH_SERVER_NAME = env.string("FLASH_SERVER_NAME")
# Where a worker on EC2 leaves signs of life for its machine's watchdog, and where it asks who it is.
FLASH_SIGNS_DIR = env.path("FLASH_SIGNS_DIR", FLASH_VAR_DIR / "signs")
FLASH_IMDS = env.string("FLASH_IMDS", "http://169.254.169.254")
FLASH_AWS_REGION = env.string("AWS_REGION")
FLASH_AWS_ENDPOINT = env.string("AWS_ENDPOINT_URL")
FLASH_EC2_TAG = env.string("FLASH_EC2_TAG", "flash")
# With a launch template machines are made and terminated; without, tagged ones are started and stopped.
FLASH_EC2_LAUNCH_TEMPLATE = env.string("FLASH_EC2_LAUNCH_TEMPLATE")
FLASH_EC2_POOL = env.integer("FLASH_EC2_POOL", 1, low=1)
FLASH_EC2_SPOT = env.boolean("FLASH_EC2_SPOT", False)
FLASH_EC2_TYPES = env.strings("FLASH_EC2_TYPES", [])
FLASH_EC2_SUBNETS = env.strings("FLASH_EC2_SUBNETS", [])
FLASH_EC2_PRICES = env.prices("FLASH_EC2_PRICES", {})
# Where CloudWatch counts the passes of the control plane, for an alarm on their absence. Empty: nowhere.
FLASH_PULSE_NAMESPACE = env.string("FLASH_PULSE_NAMESPACE")
# What an hour of this machine costs, for quotes, caps and receipts; and in which money all prices are.
FLASH_LOCAL_PRICE = env.number("FLASH_LOCAL_PRICE", 0.0)
FLASH_CURRENCY = env.string("FLASH_CURRENCY", "USD")
# How long a job of the lane "next start" waits for others before a machine is started for it alone.
FLASH_SHARED_START_WAIT = timedelta(seconds=env.integer("FLASH_SHARED_START_WAIT_SECONDS", 6 * 3600))
FLASH_IDLE_GRACE = timedelta(seconds=env.integer("FLASH_IDLE_GRACE_SECONDS", 60, low=10))
FLASH_BOOT_GRACE = timedelta(seconds=env.integer("FLASH_BOOT_GRACE_SECONDS", 300, low=60))
FLASH_UPTIME_CAP = timedelta(seconds=env.integer("FLASH_UPTIME_CAP_SECONDS", 24 * 3600, low=600))
# Who may read /metrics: whoever sends this token; without one, this machine alone.
FLASH_METRICS_TOKEN = env.string("FLASH_METRICS_TOKEN")
FLASH_PREDICT_RATE = env.string("FLASH_PREDICT_RATE", "600/min")
FLASH_SUBMIT_RATE = env.string("FLASH_SUBMIT_RATE", "120/min")

# Whoever submits a job may have a webhook told of its end; private addresses are refused unless this is set.
FLASH_WEBHOOKS_PRIVATE = env.boolean("FLASH_WEBHOOKS_PRIVATE", False)

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

# --- Files -----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = FLASH_VAR_DIR / "static"
MEDIA_ROOT = FLASH_VAR_DIR / "media"
# No MEDIA_URL: uploads and models leave only through views that check the token.
_S3_BUCKET = env.string("FLASH_S3_BUCKET")


def _s3_client() -> dict[str, Any]:
    """For S3 alone: other installations do not load boto3 at all."""
    if not _S3_BUCKET:
        return {}
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    return {
        # One PUT for a file: its SHA-256 is then that of the whole, and a broken one leaves no parts behind.
        "transfer_config": TransferConfig(multipart_threshold=4 * GIB, use_threads=False),
        # A bucket that does not answer is given up after a minute or two; the work is tried again as a whole.
        "client_config": Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 4, "mode": "standard"},
        ),
    }


_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": _S3_BUCKET,
        "location": env.string("FLASH_S3_PREFIX"),
        "region_name": env.string("AWS_REGION") or None,
        "endpoint_url": env.string("AWS_ENDPOINT_URL") or None,
        "signature_version": "s3v4",
        "default_acl": None,
        "file_overwrite": False,
        "querystring_expire": 600,
        "max_memory_size": 8 * MIB,
        **_s3_client(),
        # The bucket compares each transfer with a SHA-256 made here, and refuses what was damaged on the way.
        "object_parameters": {"ChecksumAlgorithm": "SHA256"},
    },
}
_LOCAL = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
# Browsers send large files to the bucket by themselves; pages must then be allowed to reach it (and it them: CORS).
FLASH_DIRECT_UPLOADS = bool(_S3_BUCKET) and env.boolean("FLASH_DIRECT_UPLOADS", True)
FLASH_BUCKET_ORIGIN = FLASH_AWS_ENDPOINT or f"https://{_S3_BUCKET}.s3.{FLASH_AWS_REGION}.amazonaws.com"
# Models are fetched from the bucket as well, over addresses that are good for two minutes.
FLASH_PRESIGNED_DOWNLOADS = bool(_S3_BUCKET) and env.boolean("FLASH_PRESIGNED_DOWNLOADS", True)
# An upload in pieces is forgotten when nothing has come for so long.
FLASH_UPLOAD_RETENTION = timedelta(seconds=env.integer("FLASH_UPLOAD_RETENTION_SECONDS", 24 * 3600, low=60))
# How many of them there may be of one address or API key, and together.
FLASH_UPLOADS_PER_CALLER = env.integer("FLASH_UPLOADS_PER_CALLER", 20, low=1)
FLASH_UPLOADS_AT_ONCE = env.integer("FLASH_UPLOADS_AT_ONCE", 200, low=1)
# How often a checkpoint is copied into storage, for another server to continue from; 0: never. On local files the
# run folder is on the same disk already.
FLASH_CHECKPOINT_SECONDS = env.integer("FLASH_CHECKPOINT_SECONDS", 60 if _S3_BUCKET else 0)
STORAGES = {
    "default": _S3 if _S3_BUCKET else _LOCAL,
    "staticfiles": {"BACKEND": "flashsite.static_modules.ModuleStorage"},
}
# On the same file system as the media: a stored upload is a rename, not a copy.
FILE_UPLOAD_TEMP_DIR = str(FLASH_VAR_DIR / "tmp")
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 * MIB
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "modelstore.ground.temporary.UploadHandler",
]
# No upload takes the last of the disk: the database, checkpoints and models need it.
FLASH_DISK_RESERVE = env.size("FLASH_DISK_RESERVE", 256 * MIB)
FILE_UPLOAD_PERMISSIONS = 0o640
# JSON bodies carry base64 pictures; files are not counted here and have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.size("FLASH_MAX_JSON", 64 * MIB)
DATA_UPLOAD_MAX_NUMBER_FILES = FLASH_LIMITS.max_pictures_per_request
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

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
