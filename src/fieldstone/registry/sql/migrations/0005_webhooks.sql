-- Webhooks. `position` is the last row of the audit that was looked at. `modules` and `events` are lists of words.
-- `failures` counts failed attempts in a row; no attempt is made before `rests_until`. The server `claimed_by` alone
-- delivers until `claimed_until`.
CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    modules TEXT NOT NULL,
    events TEXT NOT NULL,
    creator TEXT NOT NULL,
    created_at TEXT NOT NULL,
    position BIGINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    rests_until TEXT NOT NULL DEFAULT '',
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until TEXT NOT NULL DEFAULT '',
    disabled_at TEXT NOT NULL DEFAULT ''
);

-- What a webhook sends of one row of the audit. `state` is 'pending', 'delivered' or 'failed'.
CREATE TABLE webhook_deliveries (
    webhook TEXT NOT NULL REFERENCES webhooks (id),
    number BIGINT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempts BIGINT NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    next_attempt_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (webhook, number)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, state, next_attempt_at);
