"""MLflow: `python -m benchmarks.peers.mlflow_app FOLDER` saves the model that `mlflow models serve` then serves."""

import base64
import sys
from typing import Any

import mlflow.pyfunc  # type: ignore[import-not-found]


class Pictures(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Pictures in base64."""

    def load_context(self, context: Any) -> None:
        from benchmarks.peers.bare import Classifier

        self.classifier = Classifier()

    def predict(self, context: Any, model_input: list[str], params: Any = None) -> list[dict[str, Any]]:
        return [self.classifier(base64.b64decode(picture)) for picture in model_input]


if __name__ == "__main__":
    from benchmarks.peers.mlflow_app import Pictures as Importable

    mlflow.pyfunc.save_model(sys.argv[1], python_model=Importable(), pip_requirements=[])
