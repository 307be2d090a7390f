"""An HTTP/1.1 client whose requests can be cancelled at any time."""
