"""Requests a second, side by side: this project, a stock project, and a bare view on the same server."""
