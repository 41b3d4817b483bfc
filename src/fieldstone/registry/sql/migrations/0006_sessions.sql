-- Sessions of people in a browser, by the SHA-256 of their secret. Either `token` is the id of the token that signed in,
-- or `issuer`, `audience` and `subject` are those of the identity that an issuer confirmed, and `person` its name.
CREATE TABLE sessions (
    secret TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL DEFAULT '',
    issuer TEXT NOT NULL DEFAULT '',
    audience TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    person TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
