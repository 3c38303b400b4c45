"""Several hosts, as network namespaces of one machine: what happens when one is cut off, replaced, or is not enough."""
