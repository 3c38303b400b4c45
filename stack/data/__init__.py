"""The data of the checkout's own servers, put aside and brought back whole."""
