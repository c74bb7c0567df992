"""Settings of Flash itself; `flashsite.settings` takes them over."""

import os
from datetime import timedelta
from pathlib import Path

from flashsite import env
from training.ground.limits import GIB, MIB, Limits

BASE_DIR = Path(__file__).resolve().parent.parent

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
