"""What it costs, side by side with stock settings: `just bench tasks`."""
