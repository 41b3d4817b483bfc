"""Objects in S3, or in whatever speaks its protocol."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from obstore import put
from obstore.exceptions import BaseError
from obstore.store import S3Store

from fieldstone_runtime.relay.events import Batch, Event, UnavailableError


class S3Sink:
    """Writes each batch as one object, a line of JSON for each event.

    The object is named after the batch, and the same events are the same batch whoever delivers them: a batch that
    is delivered again overwrites itself, so that each event is in one object, once.

    Args:
        bucket: the bucket, which must be there.
        prefix: what the objects' names begin with, without a slash at the end.
        settings: the store's own: "endpoint", "region", "access_key_id", "secret_access_key" and so on; what is
            left out comes from the environment (AWS_...).
    """

    def __init__(self, bucket: str, prefix: str = "", settings: Mapping[str, str] | None = None) -> None:
        self._where = f"s3://{bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        given: dict[str, Any] = dict(settings or {})
        self._store = S3Store(
            bucket,
            client_options={"allow_http": given.get("endpoint", "").startswith("http:"), "timeout": "20s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            **given,
        )

    def deliver(self, batch: Batch) -> Mapping[int, str]:
        """Write the batch's object; S3 refuses no single event. See `Sink`."""
        content = "".join(map(_line, batch.events)).encode()
        try:
            put(self._store, f"{self._prefix}{batch.name}.jsonl", content)
        except (BaseError, OSError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UnavailableError(f"{self._where}: {reason}") from error
        return {}

    def close(self) -> None:
        """Nothing is held open."""


def _line(event: Event) -> str:
    fields = {
        "idempotency_key": event.idempotency_key,
        "aggregate_key": event.aggregate_key,
        "payload_kind": event.payload_kind,
        "payload_dto": b64encode(event.payload_dto).decode(),
        "created_ts": event.created_ts,
        "change": event.change,
        "record_key": event.record_key,
    }
    return json.dumps(fields, separators=(",", ":")) + "\n"
