"""The pages of a registry, for people: made on the server, with one script that loads results of a search as you type.

Each page is one function that returns a `Page`: the data, and the template that shows them. The same data are its JSON
twin, at the address with `.json` at its end (the first page: `/index.json`), or at the same address for a client whose
`Accept` prefers JSON. `Pages.shows` makes the routes of both, `Pages.takes` the route of a form.

A visitor is known by a session, which a cookie names, or by a token, as at the other protocols. Sessions count here
alone: no other protocol reads the cookie. A form is taken from a page of this server only, with the word against
forgery that belongs to the session.

Templates escape everything, and an undefined name in one is an error. The policy of the pages lets a browser load
nothing but files of this server, and run no script and no style inside a page.
"""
