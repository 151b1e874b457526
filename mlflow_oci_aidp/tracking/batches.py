"""Batches of metrics, parameters and tags, as large as MLflow's limits allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlflow.utils.validation import (
    MAX_ENTITIES_PER_BATCH,
    MAX_METRICS_PER_BATCH,
    MAX_PARAMS_TAGS_PER_BATCH,
)

from mlflow_oci_aidp.tracking.entities import Json


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
    while metrics or params or tags:
        some_params, params = _split(params, MAX_PARAMS_TAGS_PER_BATCH)
        some_tags, tags = _split(tags, MAX_PARAMS_TAGS_PER_BATCH)
        room = MAX_ENTITIES_PER_BATCH - len(some_params) - len(some_tags)
        some_metrics, metrics = _split(metrics, min(MAX_METRICS_PER_BATCH, room))
        batch = {"metrics": some_metrics, "params": some_params, "tags": some_tags}
        yield {name: items for name, items in batch.items() if items}


def split_tags(tags: Sequence[Json]) -> list[Sequence[Json]]:
    """Split tags, or keys of tags, into parts that one request may carry."""
    size = MAX_PARAMS_TAGS_PER_BATCH
    return [tags[start : start + size] for start in range(0, len(tags), size)]


def _split(items: Sequence[Json], size: int) -> tuple[Sequence[Json], Sequence[Json]]:
    return items[:size], items[size:]
