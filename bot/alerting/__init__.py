"""Warnings by the clock: fetch forecasts of subscribed cells, evaluate the rules, hand alerts over to the outbox."""
