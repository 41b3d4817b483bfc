-- Contents by the digest of their bytes. The bytes are here, or in the object store that the registry's address names.
CREATE TABLE contents (
    digest TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    bytes BYTEA
);

-- Modules, also those without a release. The row is locked while a release is added.
CREATE TABLE modules (
    name TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    deprecated_at TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    releases BIGINT NOT NULL DEFAULT 0
);

-- Releases: `manifest` is the text of release.toml, `seal` its digest, `commit_id` what buf calls the release.
CREATE TABLE releases (
    module TEXT NOT NULL REFERENCES modules (name),
    version TEXT NOT NULL,
    number BIGINT NOT NULL,
    commit_id TEXT NOT NULL UNIQUE,
    seal TEXT NOT NULL,
    manifest BYTEA NOT NULL,
    PRIMARY KEY (module, version),
    UNIQUE (module, number)
);

-- The contents of a module's releases and drafts: who may read the module may read these.
CREATE TABLE module_contents (
    module TEXT NOT NULL REFERENCES modules (name),
    digest TEXT NOT NULL REFERENCES contents (digest),
    PRIMARY KEY (module, digest)
);

-- Files of client packages, by the path that they are served at. None is ever replaced.
CREATE TABLE packages (
    path TEXT NOT NULL PRIMARY KEY,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    module TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL REFERENCES contents (digest),
    FOREIGN KEY (module, version) REFERENCES releases (module, version)
);
CREATE INDEX packages_of_a_name ON packages (language, name);

-- Drafts: pushed under a label that is no release. `files` and `dependencies` are JSON: path to digest, commit ids.
CREATE TABLE drafts (
    module TEXT NOT NULL REFERENCES modules (name),
    label TEXT NOT NULL,
    commit_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    files TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (module, label)
);

-- Labels that people gave to commits, and labels of drafts that were archived. Empty times: not so.
CREATE TABLE labels (
    module TEXT NOT NULL REFERENCES modules (name),
    label TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    archived_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (module, label)
);

-- The module that a file path (kind 'file'), a full type name ('type') or a name of packages ('package') belongs to.
CREATE TABLE declared (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    module TEXT NOT NULL REFERENCES modules (name),
    PRIMARY KEY (kind, name)
);

-- Tokens, by the SHA-256 of their secret. `scopes` and `modules` are lists of words; times are RFC 3339 in UTC.
CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    modules TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT NOT NULL DEFAULT '',
    used_at TEXT NOT NULL DEFAULT ''
);

-- Policies: the newest one holds; older ones stay.
CREATE TABLE policies (
    number BIGINT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Proposals: refused pushes that their owners may still accept. `files` and `dependencies` as in drafts.
CREATE TABLE proposals (
    id TEXT NOT NULL PRIMARY KEY,
    module TEXT NOT NULL REFERENCES modules (name),
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    files TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Every write, chained: `hash` is the SHA-256 of the hash before and of this row's text.
CREATE TABLE audit (
    number BIGINT NOT NULL PRIMARY KEY,
    entry TEXT NOT NULL,
    hash TEXT NOT NULL
);
