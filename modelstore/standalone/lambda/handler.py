"""AWS Lambda behind a function URL, an API Gateway (REST or HTTP) or a load balancer: proxy events in and out."""

import base64
import json
from typing import Any

from service import Service

# Once per instance, while Lambda lends a whole processor for the start.
service = Service()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A proxy event, version 1.0 or 2.0, to its answer."""
    method = event.get("httpMethod") or event.get("requestContext", {}).get("http", {}).get("method", "POST")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = event.get("body") or ""
    content = (
        base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogateescape")
    )
    status, answer = service.answer(method, headers, content)
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(answer, ensure_ascii=False),
        "isBase64Encoded": False,
    }
