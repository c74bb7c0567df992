"""The documents that the first Flash kept for training and its state, computed: training.json, status.json."""

from typing import Any

from jobs.models import Job, PlatformStatus


def status_document(platform: PlatformStatus, running: Job | None) -> dict[str, Any]:
    """`status`, `token` and `task_type` of the model in training (empty when there is none), `dev_mode`.

    The token of a job that was not found by it is not known, and empty, too.
    """
    return {
        "status": "active" if running else "sleeping",
        "token": running.known_token if running else "",
        "task_type": running.task_type if running else "",
        "dev_mode": platform.dev_mode,
    }


def training_document(job: Job) -> dict[str, Any]:
    """training.json of one job; reads the job's dataset and model when they were not fetched with it."""
    config = job.config
    return {
        "token": job.known_token,
        "task_type": job.task_type,
        "num_classes": _class_count(job),
        "optimizer": config.get("optimizer"),
        "learning_rate": config.get("learning_rate"),
        "batch_size": config.get("batch_size"),
        "epochs": config.get("epochs"),
        "data_split": config.get("data_split"),
        "dataset": job.dataset.name if job.dataset else None,
        "model": job.model_name,
        "reduce_lr_on_plateau": config.get("reduce_lr_on_plateau"),
        "step_lr": config.get("step_lr"),
    }


def _class_count(job: Job) -> int | None:
    """None once the data is gone and no model came of it."""
    if job.dataset is not None:
        return len(job.dataset.classes)
    return len(job.model.classes) if job.model is not None else None
