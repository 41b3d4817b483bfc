-- The published uses of the versions of consumers. `publisher` is the name of who published the first version.
CREATE TABLE consumers (
    name TEXT NOT NULL PRIMARY KEY,
    publisher TEXT NOT NULL
);

-- `published` is JSON; a version is published once.
CREATE TABLE consumer_versions (
    consumer TEXT NOT NULL REFERENCES consumers (name),
    version TEXT NOT NULL,
    published TEXT NOT NULL,
    PRIMARY KEY (consumer, version)
);

-- Versions that run in environments. `stay` is 'deployed' or 'released'.
CREATE TABLE deployments (
    consumer TEXT NOT NULL,
    version TEXT NOT NULL,
    environment TEXT NOT NULL,
    stay TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (consumer, environment, version),
    FOREIGN KEY (consumer, version) REFERENCES consumer_versions (consumer, version)
);
