"""Training of the small models in locales/models: languages and topics. Deterministic: one thread, fixed seeds."""
