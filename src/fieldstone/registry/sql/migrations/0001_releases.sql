-- Contents by the digest of their bytes. The bytes are here, or in the object store that the registry's address names.
CREATE TABLE contents (
    digest TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    bytes BYTEA
);

-- Modules with a release. The row is locked while a release is added.
CREATE TABLE modules (
    name TEXT NOT NULL PRIMARY KEY,
    releases BIGINT NOT NULL DEFAULT 0
);

-- Releases: `manifest` is the text of release.toml.
CREATE TABLE releases (
    module TEXT NOT NULL REFERENCES modules (name),
    version TEXT NOT NULL,
    number BIGINT NOT NULL,
    manifest BYTEA NOT NULL,
    PRIMARY KEY (module, version),
    UNIQUE (module, number)
);

-- The contents of a module's releases: who may read a module may read these.
CREATE TABLE module_contents (
    module TEXT NOT NULL REFERENCES modules (name),
    digest TEXT NOT NULL REFERENCES contents (digest),
    PRIMARY KEY (module, digest)
);
