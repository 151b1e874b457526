"""Step "region": requests go to the OCID's region, since a resource lives where its OCID says."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mlflow_oci_aidp.checks.step import Case, StepFailed, StepSkipped, StepWarned
from mlflow_oci_aidp.regions import region_of

#: The service's address in a region. [aidp-cli, aidp-python-client 5.1.1, Oracle's REST reference]
_REGIONAL_HOST = re.compile(r"(?:aidp|datalake)\.([a-z0-9-]+)\.oci\..+")


def check(case: Case) -> str:
    """Compare the region that requests go to with that of the OCID."""
    settings = case.settings
    home = region_of(settings.instance_id)
    regional = _REGIONAL_HOST.fullmatch(urlsplit(settings.endpoint).hostname or "")
    used = regional[1] if regional else settings.region
    if settings.region_note:
        raise StepWarned(settings.region_note)
    if not home:
        raise StepSkipped("the OCID names no region that the oci package knows")
    if not used:
        raise StepSkipped(f"{settings.endpoint} is no region's address")
    if used != home:
        setting = "endpoint" if regional and "endpoint" in settings.sources else "region"
        raise StepFailed(
            f"Requests would go to the region {used} ({setting} from {settings.place(setting)}), "
            f"but the AI Data Platform's OCID says that it is in {home}.",
            f"Leave {setting} out, or correct the OCID.",
        )
    return f"{home}, as the OCID says"
