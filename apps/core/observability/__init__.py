"""What requests and tasks write down: log records, security records, query costs, metrics."""
