"""Login, status and logout."""
