"""From a text to language, entities, topic and intent; no I/O after loading."""
