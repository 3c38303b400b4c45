"""/livez, /readyz and /healthz, and the heartbeats that they read."""
