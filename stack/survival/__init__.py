"""`just survive`: whether a task bears that its process dies, wherever it is."""
