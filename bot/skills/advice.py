"""Advice from cards: find, decide, word; ask one short question back when that decides the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering.compose import Composer
from bot.answering.decide import Decision, Move, decide
from bot.answering.select import Selector, case_of
from bot.domain.cards import Hit, Step
from bot.domain.messages import QuickReply
from bot.domain.turns import CardScore, Outcome, Pending, Reply, Result, Turn
from bot.locales import Locales
from bot.retrieval import CardIndex
from bot.skills.wording import (
    card_text,
    first_steps,
    fitting_steps,
    label,
    remaining_parts,
    remembered,
    whole_card,
)

MOST_CHOICES = 6
MOST_ASKED = 2
"""After two questions back about the same thing a person is offered instead of a third."""
COMMON_CROPS = ("rice", "wheat", "maize", "cotton", "tomato", "chilli")


class Advice:
    """The skill behind `ask_advice`."""

    def __init__(
        self,
        locales: Locales,
        index: CardIndex,
        selector: Selector | None = None,
        composer: Composer | None = None,
        *,
        fixed_sms: bool = False,
    ) -> None:
        self.locales = locales
        self.index = index
        self.selector = selector
        self.composer = composer
        self.fixed_sms = fixed_sms

    def __call__(self, turn: Turn) -> Result:
        """Answers, asks back or abstains; never raises for want of a card or a translation."""
        understanding = turn.understanding
        hits = self.index.search(understanding, region=turn.region, today=turn.now.date())
        spoken = [hit for hit in hits if card_text(hit.card, turn.language)]
        decision = self._decided(turn, spoken)
        result = self._act(turn, decision)
        scores = (decision.hit, *(hit for hit in spoken if hit is not decision.hit)) if decision.hit else ()
        cards = tuple(CardScore(hit.card.id, hit.crop, hit.topic, hit.score) for hit in scores if hit)
        return replace(result, reply=replace(result.reply, cards=cards))

    def _decided(self, turn: Turn, hits: Sequence[Hit]) -> Decision:
        """The rules' decision; where they answer, a model may narrow it."""
        decision = decide(turn.understanding, hits)
        if decision.move is not Move.ANSWER or decision.hit is None:
            return decision
        if self.selector is None or (turn.short and self.fixed_sms):
            return decision
        card = decision.hit.card
        case = case_of(
            turn.understanding,
            decision.hit,
            hits,
            fitting_steps(card, card.texts[turn.language], turn),
            reads=self.selector.reads,
            may_ask=turn.session.asked < MOST_ASKED,
        )
        return (self.selector.select(case) if case else None) or decision

    def _act(self, turn: Turn, decision: Decision) -> Result:
        result = self._moved(turn, decision)
        engine = decision.engine if result.reply.engine == "cards" else result.reply.engine
        return replace(result, reply=replace(result.reply, engine=engine))

    def _moved(self, turn: Turn, decision: Decision) -> Result:
        if decision.move is Move.ANSWER and decision.hit:
            return self._answer(turn, decision.hit, decision.steps)
        if decision.move in (Move.ASK_CROP, Move.ASK_PROBLEM) and turn.session.asked < MOST_ASKED:
            return self._ask_back(turn, decision)
        if decision.move is Move.UNCLEAR:
            return self._say(turn, "unclear", Outcome.ASKED_BACK)
        return self._say(turn, "no_card", Outcome.ABSTAINED)

    def _answer(self, turn: Turn, hit: Hit, chosen: tuple[str, ...]) -> Result:
        text = hit.card.texts[turn.language]
        fitting = fitting_steps(hit.card, text, turn)
        steps = first_steps(tuple(step for step in fitting if not chosen or step.id in chosen))
        left_out = tuple(step for step in fitting if step not in steps) if chosen else ()
        told = self._told(turn, hit, steps)
        # The SMS of the card sums up all its steps: it is not for a choice of them, and comes with MORE then.
        short = " ".join(text.steps[step.id] for step in steps) if left_out else text.sms
        more = remaining_parts(self.locales, text, left_out or steps, turn.language)
        more = (text.sms, *more) if left_out else more
        reply = Reply(
            text=whole_card(self.locales, text, steps, turn.language, told),
            short=short,
            outcome=Outcome.ANSWERED,
            quick_replies=self._buttons(turn, "button.source", "button.person"),
            steps=tuple(step.id for step in steps),
            engine=self.composer.engine.name if told and self.composer else "cards",
            more=more,
        )
        session = remembered(turn, card_id=hit.card.id, more=more if turn.short else ())
        return Result(reply, turn.contact, session)

    def _told(self, turn: Turn, hit: Hit, steps: tuple[Step, ...]) -> str:
        """The steps in the model's own sentences where that is allowed and they passed the guard; else empty."""
        if self.composer is None or turn.short:
            return ""
        text, progress = hit.card.texts[turn.language], turn.progress

        def show(told: str) -> None:
            if progress:
                progress(whole_card(self.locales, text, steps, turn.language, f"{told} …"))

        composed = self.composer.compose(hit.card, steps, turn.understanding, turn.language, progress and show)
        return composed or ""

    def _ask_back(self, turn: Turn, decision: Decision) -> Result:
        asks_crop = decision.move is Move.ASK_CROP
        codes = self._crop_choices(turn, decision) if asks_crop else self._topic_choices(turn)
        labels = [label(self.locales, code, turn.language) for code in codes]
        crop = next(iter(turn.understanding.entities.crops), "")
        text = (
            self.locales.text("ask.crop", turn.language)
            if asks_crop
            else self.locales.text(
                "ask.problem", turn.language, crop=label(self.locales, f"crop:{crop}", turn.language)
            )
        )
        session = remembered(
            turn,
            pending=Pending.CROP if asks_crop else Pending.PROBLEM,
            choices=tuple(codes),
            asked=turn.session.asked + 1,
        )
        reply = Reply(text, Outcome.ASKED_BACK, quick_replies=tuple(QuickReply(label, label) for label in labels))
        return Result(reply, turn.contact, session)

    def _crop_choices(self, turn: Turn, decision: Decision) -> list[str]:
        crops = dict.fromkeys([*turn.contact.farm.crops, *decision.crops, *COMMON_CROPS])
        return [f"crop:{crop}" for crop in crops][:MOST_CHOICES]

    def _topic_choices(self, turn: Turn) -> list[str]:
        topics = self.index.topics_of(turn.understanding.entities.crops[0])
        return [f"topic:{topic}" for topic in dict.fromkeys([*topics, "pest", "disease", "nutrition"])][:MOST_CHOICES]

    def _say(self, turn: Turn, key: str, outcome: Outcome) -> Result:
        reply = Reply(
            self.locales.text(key, turn.language), outcome, quick_replies=self._buttons(turn, "button.person")
        )
        return Result(reply, turn.contact, remembered(turn))

    def _buttons(self, turn: Turn, *keys: str) -> tuple[QuickReply, ...]:
        texts = [self.locales.text(key, turn.language) for key in keys]
        return tuple(QuickReply(text, text) for text in texts)
