"""Data that outlives a request: databases, keys, retry tokens and the lock of the data folder."""
