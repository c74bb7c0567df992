"""Whether this worker was asked to stop; it knows neither Django nor dramatiq."""

import threading

# Set when this worker is asked to stop: the job in hand leaves a checkpoint and goes back to the queue.
STOPPING = threading.Event()
