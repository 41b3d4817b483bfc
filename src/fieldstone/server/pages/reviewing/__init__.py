"""The pages of who decided what: the inbox, a proposal with its forms and revisions, and the audit."""
