"""Tag the runs of code that AI Data Platform runs with the instance and workspace it ran in."""

from __future__ import annotations

import os

import mlflow

from mlflow_oci_aidp.uri import SCHEME

#: The tags, each with the variable that AI Data Platform sets. [oracle-samples/oracle-aidp-samples]
_TAGS = {"aidp.instance_id": "DATALAKE_ID", "aidp.workspace_key": "AIDP_WORKSPACE_KEY"}


def context_tags() -> dict[str, str]:
    """Return the tags of a run that starts now.

    Returns:
        The tags; none unless both variables are set and the tracking URI is an ``aidp://`` URI.
    """
    tags = {tag: os.environ.get(variable, "").strip() for tag, variable in _TAGS.items()}
    is_ours = mlflow.get_tracking_uri().startswith(f"{SCHEME}://")
    return tags if is_ours and all(tags.values()) else {}
