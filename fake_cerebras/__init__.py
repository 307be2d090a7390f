"""A stand-in for the Cerebras API: an HTTP server for tests and for `make run`.

It validates requests as strictly as the real API where that is known, and answers with
canned text or as a script says (see README.md). It shares no code with `app/`.
"""
