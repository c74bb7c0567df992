"""What a child process learns of its parent's environment."""

import re
from collections.abc import Mapping

# Where programs, libraries and devices are, and how they behave. Children read what strangers uploaded, so all else
# stays with the parent; a new secret needs no line anywhere.
PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|XDG_CACHE_HOME|VIRTUAL_ENV|PYTHON\w+"
    r"|HF_HOME|HF_HUB_CACHE|HF_HUB_OFFLINE|LD_LIBRARY_PATH|LD_PRELOAD|GLIBC_TUNABLES|MALLOC_\w+"
    r"|(OMP|GOMP|KMP|MKL|OPENBLAS|ORT|TORCH|PYTORCH|CUDA|NVIDIA|CUBLAS|CUDNN|NCCL|GLOO|HIP|ROCR|HSA)_\w+"
)


def passed_on(parent: Mapping[str, str]) -> dict[str, str]:
    """The variables of `parent` that a child may know."""
    return {name: value for name, value in parent.items() if PASSED_ON.fullmatch(name)}
