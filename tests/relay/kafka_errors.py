"""A Kafka cluster that answers with errors when told to: librdkafka's mock cluster, in this process.

confluent-kafka does not offer it, so it is reached through the library that the wheel brings
(https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka_mock.h).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import confluent_kafka

_PRODUCE = 0  # the number of the request in Kafka's protocol
_PRODUCER = 0  # RD_KAFKA_PRODUCER


@dataclass(frozen=True, slots=True)
class MockCluster:
    """A cluster of one broker; `address` is HOST:PORT."""

    library: ctypes.CDLL
    handle: ctypes.c_void_p
    address: str

    def answer_with(self, *codes: int) -> None:
        """Answer the next requests to produce with these error codes."""
        errors = [ctypes.c_int(code) for code in codes]
        self.library.rd_kafka_mock_push_request_errors(
            self.handle, ctypes.c_int16(_PRODUCE), ctypes.c_size_t(len(errors)), *errors
        )


@contextmanager
def mock_cluster() -> Iterator[MockCluster]:
    """Start a cluster, and end it afterwards."""
    (path,) = Path(confluent_kafka.__file__).parent.parent.glob("confluent_kafka.libs/librdkafka-*.so*")
    library = ctypes.CDLL(str(path))
    for name in ("rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    problem = ctypes.create_string_buffer(512)
    client = ctypes.c_void_p(library.rd_kafka_new(_PRODUCER, None, problem, ctypes.c_size_t(512)))
    assert client.value, problem.value
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(client, 1))
    try:
        yield MockCluster(library, cluster, library.rd_kafka_mock_cluster_bootstraps(cluster).decode())
    finally:
        library.rd_kafka_mock_cluster_destroy(cluster)
        library.rd_kafka_destroy(client)
