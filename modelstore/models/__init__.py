"""The tables of trained models."""

from modelstore.models.api_key import ApiKey, Scope
from modelstore.models.cleanup_policy import CleanupPolicy
from modelstore.models.model_version import ModelVersion
from modelstore.models.must_pass import MustPassExample
from modelstore.models.prune_state import PruneState
from modelstore.models.retired import RetiredToken, Tombstone
from modelstore.models.shared_part import SharedPart
from modelstore.models.tokened import Tokened, TokenUnknown, find
from modelstore.models.trained_model import TrainedModel

__all__ = [
    "ApiKey",
    "CleanupPolicy",
    "ModelVersion",
    "MustPassExample",
    "PruneState",
    "RetiredToken",
    "Scope",
    "SharedPart",
    "TokenUnknown",
    "Tokened",
    "Tombstone",
    "TrainedModel",
    "find",
]
