"""knowledge/ as values: taxonomy, restricted ingredients, cards and their texts."""

from bot.knowledge.reader import Helpline, Knowledge, Restricted, SharedStep, Taxonomy
from bot.knowledge.texts import text_hash

__all__ = ["Helpline", "Knowledge", "Restricted", "SharedStep", "Taxonomy", "text_hash"]
