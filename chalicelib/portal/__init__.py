"""The portal: Settings > Billing as pages, for the person who pays.

It owns the tables `portal_sessions`: links that open once, and the sessions that they open; and `invitations`: what a
workspace mails to its clients' contacts. It promises: a link works once and for minutes, an invitation once and for a
week, and only while it is its client's newest; a session shows one account, does only what its role may, and expires;
every form belongs to the session that it was made for; and a form of Add Balance pays once, however often it is sent.

It has no rules of its own about money: every page calls the verbs that the API's routes call. `pages` holds a module
for each page, `session` and `chart` are pure, `table` is the door, and `render` makes HTML. jinja2 and babel are loaded
by the first page, never by another function. See docs/portal.md.
"""
