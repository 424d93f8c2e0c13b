"""Every card in every language it has, in both kinds of letters: what is shown before is what goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.channels.gateway import Common, SmsGateway
from bot.channels.kannel import Kannel
from bot.channels.segments import encode
from bot.channels.sms import PreviewSms
from bot.domain.messages import Address, Outbound
from bot.mind import Mind, shorten
from bot.understanding.romanise import romanise

PHONE = Address("sms", "+919876543210")
COMMON = Common(clock=lambda: datetime(2026, 7, 1, tzinfo=UTC))
LIMIT = {"gsm7": (160, 153), "ucs2": (70, 67)}
BUDGET = 2
WRITTEN: dict[str, Callable[[str, str], str]] = {"own": lambda text, language: text, "latin": romanise}


@pytest.fixture(scope="module")
def kannel() -> SmsGateway:
    return Kannel("http://127.0.0.1:9", "u", "p", COMMON)


def languages(mind: Mind) -> list[str]:
    """Languages that have cards."""
    return sorted({tag for card in mind.knowledge.cards.values() for tag in card.texts} & set(mind.locales.spoken))


@pytest.mark.parametrize("letters", WRITTEN)
def test_segments_sent_equal_the_preview(mind: Mind, kannel: SmsGateway, letters: str) -> None:
    checked = 0
    for language in languages(mind):
        hint = WRITTEN[letters](mind.locales.text("more.hint", language), language)
        for card in mind.knowledge.cards.values():
            if language not in card.texts:
                continue
            written = WRITTEN[letters](card.texts[language].sms, language)
            text, _ = shorten(written, hint, True, budget=BUDGET)
            (shown,) = PreviewSms().fit(Outbound(PHONE, text, language))
            (sent,) = kannel.fit(Outbound(PHONE, text, language, id="row"))
            parts = kannel.parts(sent)
            assert PreviewSms().preview(shown) == tuple(part.text for part in parts), (card.id, language)
            assert len(parts) <= BUDGET, (card.id, language)
            for part in parts:
                alphabet = encode(sent.text)[0]
                whole, each = LIMIT[alphabet.name]
                assert (alphabet.cost(part.text) or 0) <= (each if part.header else whole), (card.id, language)
            checked += 1
    print(f"{checked} card texts in {len(languages(mind))} languages, {letters} letters")
    assert checked >= 100


def test_headlines_stand_in_the_first_part(mind: Mind, kannel: SmsGateway) -> None:
    """What the SMS names first is not cut by the end of the first part."""
    for language in languages(mind):
        for card in mind.knowledge.cards.values():
            if language in card.texts:
                first = kannel.parts(Outbound(PHONE, card.texts[language].sms, language))[0].text
                assert card.texts[language].sms.partition(":")[0][:30] in first, (card.id, language)
