"""What this project adds to the template: write here, and updates of the template merge by themselves."""
