"""Measures Cerellama beside nginx and the usual Python proxies: `make bench`."""
