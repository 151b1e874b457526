"""What the tests of Object Storage share."""

from __future__ import annotations

from urllib.parse import quote

import oci

PLACE = ("emulator", "aidp-emulator")
LOCATION = "oci://aidp-emulator@emulator/exp/run"


def client_of(emulator):
    """Oracle's own client."""
    return oci.object_storage.ObjectStorageClient(
        oci.config.from_file(emulator.config_file),
        service_endpoint=emulator.endpoint,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


def objects(emulator):
    """The names of all objects."""
    answer = client_of(emulator).list_objects(*PLACE)
    return [summary.name for summary in answer.data.objects]


def uploads(emulator):
    """Uploads in parts that are neither committed nor aborted."""
    return client_of(emulator).list_multipart_uploads(*PLACE).data


def written(folder, files):
    """A folder with these files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def uri_at(endpoint, emulator):
    """A URI of an endpoint that a test scripts, with the credentials of the emulator."""
    place = quote(endpoint, safe="")
    return (
        f"aidp://{emulator.ai_data_platform_id}/{emulator.workspace_key}?endpoint={place}"
        f"&object_storage_endpoint={place}&config_file={quote(emulator.config_file, safe='')}"
    )
