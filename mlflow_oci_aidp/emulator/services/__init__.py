"""Behaviour of the emulated platform: the registry, workspaces, volumes and Object Storage."""
