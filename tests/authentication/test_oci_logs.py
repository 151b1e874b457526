"""What OCI's signers log once a program has configured its logging."""

from __future__ import annotations

import logging
import logging.config

import pytest


@pytest.fixture
def collected():
    """Configures this process's logging as a program would, and takes it back; the messages."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    messages = []

    class Collector(logging.Handler):
        def emit(self, record):
            if record.name.partition(".")[0] == "oci":
                messages.append(f"{record.name}: {record.getMessage()}")

    def configure(**loggers):
        config = {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"collector": {"()": Collector}},
            "root": {"level": "DEBUG", "handlers": ["collector"]},
            "loggers": loggers,
        }
        logging.config.dictConfig(config)
        return messages

    yield configure
    root.handlers[:], root.level = handlers, level
    logging.getLogger("oci").setLevel(logging.NOTSET)


@pytest.mark.parametrize("loggers", [{}, {"oci": {"level": "DEBUG"}}], ids=["root", "oci"])
def test_a_federation_client_logs_nothing_of_a_token(here, instance, collected, loggers):
    with instance():
        client = here.client(auth="instance_principal")
        here.call(client)
        messages = collected(**loggers)
        here.aidp.faults.add("status", status=401)
        here.call(client)
    assert [message for message in messages if message.startswith("oci.auth")] == []
