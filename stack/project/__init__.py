"""The project as a whole: its name, and the template that it comes from."""
