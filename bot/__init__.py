"""Khetdoot: a farmer asks by SMS or Telegram, an authored answer goes back in her language and script."""
