"""The validation of requests.

`fields` builds checks of JSON values, `tables` lists the keys of a request with them,
`rules` checks what depends on several keys or on the model, and `schemas` checks JSON
schemas.
"""
