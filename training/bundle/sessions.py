"""Sessions of onnxruntime, as trainings, predictions and checks open them."""

from pathlib import Path

import onnxruntime


def open_session(
    model: Path | bytes, threads: int = 1, *, keeps_buffers: bool = True
) -> onnxruntime.InferenceSession:
    """An onnxruntime session on the CPU that uses `threads` cores while it runs and none in between.

    One that `keeps_buffers` is a little faster from its second run on, and keeps as much memory as its largest batch
    needed.
    """
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = keeps_buffers
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads would otherwise spin and take the cores from whoever else needs them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights apart from the buffers, whose pool only grows: a session that goes gives them back.
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
