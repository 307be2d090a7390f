"""A soak test: mixed clients and faults for ten minutes, then 2,000 slow streams."""
