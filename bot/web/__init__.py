"""HTTP: webhooks, web chat, console, health."""
