"""Ten minutes of everything at once, and 2,000 streams held: see `make soak`."""
