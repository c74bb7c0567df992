"""What schemathesis cannot guess: tokens that open something. And one thing it must not do: close the platform."""

import os
import zlib
from typing import Any

import schemathesis


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    for name in path_parameters or {}:
        if name == "token" and zlib.crc32(str(path_parameters[name]).encode("utf-8", "replace")) % 2:
            path_parameters[name] = os.environ["FLASH_FUZZ_TOKEN"]
    return path_parameters


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Dev mode, or no queue, would refuse every job from then on, and the rest of the run would try nothing."""
    if case.operation.definition.raw.get("operationId") == "change_status" and isinstance(case.body, dict):
        if case.body.get("dev_mode") is True:
            case.body["dev_mode"] = False
        if isinstance(limit := case.body.get("queue_limit"), int) and limit >= 0:
            case.body["queue_limit"] = max(limit, 10_000)


@schemathesis.serializer("application/offset+octet-stream")
def piece_of_a_file(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
