"""A stand-in for the Cerebras API: a real HTTP server, strict where the real one is.

It answers by itself or does what a script says (see README.md). It shares nothing
with the product that calls it.
"""
