"""How the API reads requests and responds: authentication, JSON, fields, errors, pages, schema."""
