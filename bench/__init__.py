"""A benchmark of Cerellama, nginx and common Python proxies: `make bench`."""
