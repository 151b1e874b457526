"""Where artifacts lie: AI Data Platform volumes and OCI Object Storage."""
