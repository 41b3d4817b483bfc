-- Proposals, numbered without gaps. `closed` is the final state, empty while there is none; `version` that of the release.
ALTER TABLE proposals RENAME TO refused_pushes;
CREATE TABLE proposals (
    number BIGINT NOT NULL PRIMARY KEY,
    module TEXT NOT NULL REFERENCES modules (name),
    closed TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL
);
CREATE INDEX proposals_of_a_module ON proposals (module);

-- Everybody who pushed a revision of a proposal, or the same content again.
CREATE TABLE proposal_authors (
    proposal BIGINT NOT NULL REFERENCES proposals (number),
    who TEXT NOT NULL,
    credential TEXT NOT NULL,
    PRIMARY KEY (proposal, who, credential)
);

-- The contents of a proposal. `files` and `dependencies` are as in drafts; `judged` is JSON, and empty before a judgement.
CREATE TABLE proposal_revisions (
    proposal BIGINT NOT NULL REFERENCES proposals (number),
    number BIGINT NOT NULL,
    commit_id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    who TEXT NOT NULL,
    credential TEXT NOT NULL,
    files TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    wanted TEXT NOT NULL,
    reason TEXT NOT NULL,
    judged TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (proposal, number)
);

-- What was decided about a proposal, in order; `decision` is JSON.
CREATE TABLE proposal_decisions (
    proposal BIGINT NOT NULL REFERENCES proposals (number),
    number BIGINT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (proposal, number)
);

-- Refused pushes that were kept before become proposals that are not judged yet. A module without a release has none.
DELETE FROM refused_pushes WHERE module NOT IN (SELECT name FROM modules WHERE releases > 0);
INSERT INTO proposals (number, module, created_at)
    SELECT row_number() OVER (ORDER BY created_at, id), module, created_at FROM refused_pushes;
INSERT INTO proposal_authors
    SELECT row_number() OVER (ORDER BY created_at, id), who, '' FROM refused_pushes;
INSERT INTO proposal_revisions
    SELECT row_number() OVER (ORDER BY created_at, id), 1, id, '', who, '', files, dependencies, '', '', '', created_at
    FROM refused_pushes;
DROP TABLE refused_pushes;
