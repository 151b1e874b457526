"""Batches of what is to be logged, as large as MLflow's limits allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlflow.utils.validation import (
    MAX_BATCH_LOG_REQUEST_SIZE,
    MAX_DATASET_DIGEST_SIZE,
    MAX_DATASET_NAME_SIZE,
    MAX_DATASET_PROFILE_SIZE,
    MAX_DATASET_SCHEMA_SIZE,
    MAX_DATASET_SOURCE_SIZE,
    MAX_DATASETS_PER_BATCH,
    MAX_ENTITIES_PER_BATCH,
    MAX_METRICS_PER_BATCH,
    MAX_PARAMS_TAGS_PER_BATCH,
)

from mlflow_oci_aidp.client import json_fields
from mlflow_oci_aidp.errors import invalid_parameter
from mlflow_oci_aidp.tracking.entities import Json

#: The most of each kind that one request carries.
_MOST: Mapping[str, int] = {
    "params": MAX_PARAMS_TAGS_PER_BATCH,
    "tags": MAX_PARAMS_TAGS_PER_BATCH,
    "metrics": MAX_METRICS_PER_BATCH,
}

#: Bytes of a request that its entries may have; the others are for the run's id and the names of
#: fields.
_LONGEST_REQUEST = MAX_BATCH_LOG_REQUEST_SIZE - 1000

#: The most bytes of a character in JSON's ASCII, and of all else of a metric, parameter or tag: the
#: names of its fields, and numbers.
_LONGEST_CHARACTER = len(r"\ud83d\ude00")
_LONGEST_FIELDS = 150

#: The longest texts of a dataset, in characters.
_LONGEST_TEXTS: Mapping[str, int] = {
    "name": MAX_DATASET_NAME_SIZE,
    "digest": MAX_DATASET_DIGEST_SIZE,
    "source": MAX_DATASET_SOURCE_SIZE,
    "schema": MAX_DATASET_SCHEMA_SIZE,
    "profile": MAX_DATASET_PROFILE_SIZE,
}


def split_batch(
    metrics: Sequence[Json], params: Sequence[Json], tags: Sequence[Json]
) -> Iterator[dict[str, Any]]:
    """Split what is to be logged into batches.

    Args:
        metrics: The metrics, as requests carry them.
        params: The parameters, likewise.
        tags: The tags, likewise.

    Yields:
        The fields of one ``LogBatch``; a field without items is left out.
    """
    rest = {"params": params, "tags": tags, "metrics": metrics}
    if _surely_fit(rest):
        yield {name: items for name, items in rest.items() if items}
        return
    sent = dict.fromkeys(rest, 0)
    while any(sent[name] < len(items) for name, items in rest.items()):
        batch: dict[str, Any] = {}
        count, size = MAX_ENTITIES_PER_BATCH, _LONGEST_REQUEST
        for name, most in _MOST.items():
            next_items = rest[name][sent[name] : sent[name] + min(most, count)]
            some, size = _fitting(next_items, size, at_least=0 if batch else 1)
            if some:
                batch[name] = some
                sent[name] += len(some)
                count -= len(some)
        yield batch


def _surely_fit(items: Mapping[str, Sequence[Json]]) -> bool:
    """Return whether one request carries all items, without making JSON of each to measure it."""
    if any(len(items[name]) > most for name, most in _MOST.items()):
        return False
    everything = [item for some in items.values() for item in some]
    if not 0 < len(everything) <= MAX_ENTITIES_PER_BATCH:
        return False
    texts = sum(len(text) for item in everything for text in item.values() if type(text) is str)
    return texts * _LONGEST_CHARACTER + len(everything) * _LONGEST_FIELDS <= _LONGEST_REQUEST


def tags_as_json(tags: Mapping[str, str]) -> list[Json]:
    """Return tags as requests carry them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def split_tags(tags: Sequence[Json]) -> list[Sequence[Json]]:
    """Split tags, or keys of tags, into parts that one request may carry."""
    return _parts(tags, MAX_PARAMS_TAGS_PER_BATCH)


def split_dataset_inputs(dataset_inputs: Sequence[Json]) -> list[Sequence[Json]]:
    """Split datasets that a run took in into parts that one request may carry.

    A dataset that is longer than MLflow's limit for a batch is alone in its part.

    Raises:
        MlflowException: ``INVALID_PARAMETER_VALUE`` for a dataset with a text that is longer than
            MLflow allows.
    """
    for dataset_input in dataset_inputs:
        _check_dataset(dataset_input["dataset"])
    return _parts(dataset_inputs, MAX_DATASETS_PER_BATCH)


def size_of(item: Json) -> int:
    """Return the length of an item in a request, in bytes, with the comma behind it."""
    try:
        return len(json_fields.dump(item)) + 1
    except json_fields.ERRORS:
        return 0  # The client says what cannot be sent.


def _parts(items: Sequence[Json], most: int) -> list[Sequence[Json]]:
    parts: list[Sequence[Json]] = []
    begin = 0
    while begin < len(items):
        part, _ = _fitting(items[begin : begin + most], _LONGEST_REQUEST, at_least=1)
        parts.append(part)
        begin += len(part)
    return parts


def _fitting(items: Sequence[Json], size: int, at_least: int) -> tuple[Sequence[Json], int]:
    """Return the first items that fit into so many bytes together, and the bytes that are left."""
    for number, item in enumerate(items):
        left = size - size_of(item)
        if left < 0 and number >= at_least:
            return items[:number], size
        size = left
    return items, size


def _check_dataset(dataset: Json) -> None:
    for name, longest in _LONGEST_TEXTS.items():
        text = dataset.get(name)
        if isinstance(text, str) and len(text) > longest:
            raise invalid_parameter(
                f"The {name} of the dataset {str(dataset.get('name'))[:100]!r} is {len(text)} "
                "characters long.",
                f"MLflow allows {longest}: log the dataset with a shorter {name}.",
            )
