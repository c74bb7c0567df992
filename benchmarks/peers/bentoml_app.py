"""BentoML: `bentoml serve benchmarks.peers.bentoml_app:Pictures`, two workers."""

from pathlib import Path
from typing import Annotated, Any

import bentoml  # type: ignore[import-not-found]
from bentoml.validators import ContentType  # type: ignore[import-not-found]

from benchmarks.peers.bare import Classifier


@bentoml.service(workers=2, metrics={"enabled": False})  # type: ignore[untyped-decorator]
class Pictures:
    """One picture a request, in the form field `image`."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    @bentoml.api  # type: ignore[untyped-decorator]
    def predict(self, image: Annotated[Path, ContentType("image/jpeg")]) -> dict[str, Any]:
        return self.classifier(image.read_bytes())
