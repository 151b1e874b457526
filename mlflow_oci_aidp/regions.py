"""OCI's regions, as the ``oci`` package knows them.

``oci`` is imported by each function: that takes a tenth of a second, and settings that name an
endpoint need no table of regions.
"""

from __future__ import annotations


def region_code(instance_id: str) -> str:
    """Return what an OCID has in the place of its region, ``""`` if there is nothing."""
    return instance_id.split(".")[3]


def realm_of_instance(instance_id: str) -> str:
    """Return the realm that an OCID names."""
    return instance_id.split(".")[2]


def region_of(instance_id: str) -> str:
    """Return the name of the region that an OCID names, ``""`` if it names none that is known."""
    code = region_code(instance_id)
    return full_name(code) if is_known(code) else ""


def is_known(region: str) -> bool:
    """Tell whether a name or a short name is that of a region."""
    from oci import regions

    return bool(regions.is_region(region) or regions.is_region_short_name(region))


def full_name(region: str) -> str:
    """Return the name of a region whose name or short name is given."""
    from oci import regions

    return str(regions.get_region_from_short_name(region))


def all_names() -> list[str]:
    """Return the names of all regions, sorted."""
    from oci import regions

    return sorted(regions.REGIONS)


def is_in_realm(region: str, realm: str) -> bool:
    """Tell whether a region is in a realm; every region may be in a realm that is not known."""
    from oci import regions

    return realm not in regions.REALMS or regions.get_realm_from_region(region) == realm


def default_endpoint(region: str) -> str:
    """Return the service's address in a region.

    Its form is that of aidp-cli 5.1.1 and of Oracle's REST reference.
    """
    from oci import regions

    return f"https://aidp.{region}.oci.{regions.REALMS[regions.get_realm_from_region(region)]}"
