"""Outside services over httpx, read into domain values."""
