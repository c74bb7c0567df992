"""Settings of the tests: the real ones, on folders of their own and without what costs time or reaches outside."""

import atexit
import os
import shutil
import sys
import tempfile

# Nothing of the caller's own Flash may be touched: neither its folder nor its database, queue or bucket.
_KEPT = ("FLASH_CI", "FLASH_TEST_POSTGRES", "FLASH_TEST_DATABASE_URL", "FLASH_TEST_AMQP_URL")
_OTHERS = ("DATABASE_URL", "REDIS_URL", "AMQP_URL", "AWS_ENDPOINT_URL", "AWS_PROFILE")
for _name in [name for name in os.environ if name.startswith("FLASH_") and name not in _KEPT] + list(_OTHERS):
    os.environ.pop(_name, None)

# Two workers share the cores: threads that wait should sleep, as they do in a trainer. Before numpy and torch.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Short, because a unix socket's path has 104 bytes at most; in the environment, because tests start processes.
os.environ["FLASH_VAR_DIR"] = tempfile.mkdtemp(prefix="flash-test-")
atexit.register(shutil.rmtree, os.environ["FLASH_VAR_DIR"], ignore_errors=True)

if os.environ.get("FLASH_TEST_POSTGRES"):
    from tests import postgres

    os.environ["DATABASE_URL"] = os.environ.get("FLASH_TEST_DATABASE_URL") or postgres.start()

from flashsite.settings import *  # noqa: E402, F403
from flashsite.settings import DATABASES, DRAMATIQ_BROKER, FLASH_VAR_DIR, REST_FRAMEWORK, STORAGES  # noqa: E402

if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # In a file, as in real life: Django's default, shared memory, locks whole tables between threads.
    DATABASES["default"]["TEST"] = {"NAME": str(FLASH_VAR_DIR / "test.sqlite3")}

# No broker outside this process: what a test enqueues stays in memory (`broker`), unless it asks for `redis_broker`.
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "OPTIONS": {},
    "MIDDLEWARE": [
        name for name in DRAMATIQ_BROKER["MIDDLEWARE"] if not name.endswith("DbConnectionsMiddleware")
    ],
}
# Pages render without collectstatic.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A suite is faster than any person; the tests of throttling set their own rates.
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "100000/min"),
}

# Programs that the tests start run with the real settings.
os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings")
assert "django.conf" in sys.modules
# What a test changes in a row shows at once.
FLASH_MODEL_ROW_SECONDS = 0
