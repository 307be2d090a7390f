"""`flask doctor`: what keeps this server from working, and what to do about it."""
