"""The places of artifacts: AI Data Platform volumes and OCI Object Storage."""
