"""Django system checks: settings that would hurt."""
