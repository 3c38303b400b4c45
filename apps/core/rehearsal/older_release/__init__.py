"""Scripts that `just rehearse` copies beside the code of an older release, and runs there.

They know nothing of this project but what a release of any age has: Django, its API's schema, and pytest.
"""
