-- Versions of consumers, and releases of modules as providers serve them, that run in environments. `party` is 'consumer'
-- or 'module', `stay` 'deployed' or 'released'. It replaces `deployments`, which had consumers only.
CREATE TABLE running (
    party TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    environment TEXT NOT NULL,
    stay TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (party, name, environment, version)
);
INSERT INTO running SELECT 'consumer', consumer, version, environment, stay, at FROM deployments;
DROP TABLE deployments;

-- The time at which a consumer went away for good; empty while it is there.
ALTER TABLE consumers ADD COLUMN retired_at TEXT NOT NULL DEFAULT '';
