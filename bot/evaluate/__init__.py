"""`khetdoot eval`: what becomes of a file of real questions, and how often the card is the right one."""

from bot.evaluate.report import evaluate_file

__all__ = ["evaluate_file"]
