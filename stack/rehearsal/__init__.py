"""`just rehearse`: the pending migrations on a copy of the rows, with the older release of the code beside them."""
