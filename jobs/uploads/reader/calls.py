"""The calls that a reader knows, of the modules that `Kind.uploads` and `Kind.batches` name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jobs.uploads.reader.order import Described, Order
from jobs.uploads.samples.packing import pack
from jobs.uploads.samples.parquet import write_parquet
from jobs.uploads.samples.parts import samples_of

# Of the module and the order; answers JSON.
Call = Callable[[Any, Order], Any]


def _inspect(module: Any, order: Order) -> Any:
    path, name, options = _file(order.arguments)
    return Described.of(module.inspect(path, name, order.limits, options)).to_json()


def _unpack(module: Any, order: Order) -> Any:
    path, name, options = _file(order.arguments)
    seen = {"seen": order.arguments["seen"]} if order.arguments.get("seen") else {}
    module.unpack(path, name, Path(order.arguments["data"]), order.limits, options, **seen)


def _samples(module: Any, order: Order) -> Any:
    path, name, options = _file(order.arguments)
    label, start, count = (order.arguments[key] for key in ("label", "start", "count"))
    return module.samples(path, name, order.limits, options, label, start, count)


def _merge(module: Any, order: Order) -> Any:
    parts, folder = order.arguments["parts"], Path(order.arguments["folder"])
    return str(module.merge([Path(part) for part in parts], folder))


def _pack(module: Any, order: Order) -> Any:
    data, folder = Path(order.arguments["data"]), Path(order.arguments["folder"])
    columns = module.stored_columns(data)
    return {"count": pack(module.stored_samples(data), columns, folder), "columns": columns}


def _write_samples(module: Any, order: Order) -> Any:
    told = order.arguments
    module.write_samples(samples_of(told["parts"]), told["columns"], Path(told["data"]))


def _parquet(module: Any, order: Order) -> Any:
    told = order.arguments
    return write_parquet(samples_of(told["parts"]), module.CONTENT, Path(told["target"]), many=told["many"])


def _preview(module: Any, order: Order) -> Any:
    return [module.preview(sample.content) for sample in samples_of(order.arguments["parts"])]


def _look(module: Any, order: Order) -> Any:
    path, name, options = _file(order.arguments)
    return module.look(path, name, order.limits, options)


def _file(arguments: Mapping[str, Any]) -> tuple[Path, str, Mapping[str, Any]]:
    return Path(arguments["path"]), arguments["name"], arguments["options"]


CALLS: Mapping[str, Call] = {
    "inspect": _inspect,
    "samples": _samples,
    "unpack": _unpack,
    "merge": _merge,
    "look": _look,
    "pack": _pack,
    "write_samples": _write_samples,
    "parquet": _parquet,
    "preview": _preview,
}
