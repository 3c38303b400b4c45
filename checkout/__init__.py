"""What the application and the native stack both know about this checkout: its paths, its servers, its .env.

It imports neither Django nor anything of the project, so that the stack can be inspected and stopped when the
application's packages are broken.
"""
