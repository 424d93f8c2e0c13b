"""From a text to its understanding: language, intent, topic, entities, whether it leans on what was said before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.turns import DetectedLanguage, Entities, Intent
from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.mind import Mind
from bot.understanding.entities import EntityMatcher
from bot.understanding.topics import TopicScorer
from bot.understanding.understand import Understander

WORDS = ("dhan", "में", "not", "STOP", "keeda", "1", "?", "वर्षा", "lo", "yellow", "leaf", "bhejo", "mat", "😀", "'fe")


class FakeDetector:
    """Says what it was told."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def detect(self, text: str, prior: str | None = None) -> DetectedLanguage:
        return DetectedLanguage(self.tag, "Latn", 0.9)


@pytest.mark.parametrize(
    "text",
    [
        "TELL ME WEATHER RIPORT HANUMANGARGH",
        "RAINFALL FORECAST IN DHENKANAL DIST",
        "barish kab hogi",
        "kal pani barsega kya",
        "mosam ki jankari digia",
        "WETHER INFORMATION",
        "whether report please",
        "Asking about weather forecast?",
        "will it rain tomorrow",
        "मौसम की जानकारी",
        "కల వర్షం పడుతుందా",
        "mvua itanyesha lini",
        "hali ya hewa kesho",
    ],
)
def test_weather_questions(mind: Mind, text: str) -> None:
    understanding = mind.understander.understand(text)
    assert understanding.intent is Intent.GET_WEATHER
    assert understanding.topic == "weather"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("after rain my cotton leaves are yellow", "nutrition"),
        ("frost damage in potato", "weather"),
        ("barish ke baad dhan me jhulsa", "disease"),
        ("hail storm in wheat what to do", "weather"),
    ],
)
def test_advice_after_bad_weather_is_no_forecast(mind: Mind, text: str, topic: str) -> None:
    understanding = mind.understander.understand(text)
    assert understanding.intent is Intent.ASK_ADVICE
    assert understanding.topic == topic


@pytest.mark.parametrize("text", ["market price of onion", "pyaj ka bhav kya hai", "మిర్చి ధర ఎంత", "bei ya vitunguu leo"])
def test_prices(mind: Mind, text: str) -> None:
    understanding = mind.understander.understand(text)
    assert (understanding.intent, understanding.topic) == (Intent.GET_PRICE, "market")
    assert len(understanding.entities.crops) == 1


def test_a_seed_rate_is_no_price(mind: Mind) -> None:
    understanding = mind.understander.understand("seed rate of wheat")
    assert (understanding.intent, understanding.topic) == (Intent.ASK_ADVICE, "sowing")


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("and for wheat?", True),
        ("kitna dalna hai", True),
        ("how much per acre", True),
        ("aur gehu me?", True),
        ("what about tomato", True),
        ("ఎంత వేయాలి", True),
        ("kiasi gani", True),
        ("my rice has stem borer", False),
        ("how much urea for wheat with yellow rust", False),
    ],
)
def test_follow_ups(mind: Mind, text: str, leans: bool) -> None:
    understanding = mind.understander.understand(text)
    assert understanding.follow_up is leans
    assert understanding.intent is Intent.ASK_ADVICE


@pytest.mark.parametrize("text", ["", "   ", "😀", "...", "1", "asdf", "hmm"])
def test_texts_without_meaning_are_unclear(mind: Mind, text: str) -> None:
    assert mind.understander.understand(text).intent is Intent.UNCLEAR


def test_a_wrongly_detected_language_loses_nothing(locales: Locales, knowledge: Knowledge) -> None:
    matcher = EntityMatcher(locales, knowledge.taxonomy)
    for tag in ("en", "und", "te-Latn", "sw", "ur-Latn", "vi"):
        understander = Understander(locales, knowledge.taxonomy, FakeDetector(tag), matcher, TopicScorer())
        understanding = understander.understand("mere tamatar me jhulsa rog")
        assert understanding.entities.crops == ("tomato",), tag
        assert understanding.entities.problems == ("blight",), tag


def test_words_are_spelt_as_terms_are(mind: Mind) -> None:
    terms = mind.understander.understand("गेहूँ में दीमक").terms
    assert set(terms) <= set(mind.understander.words("गेहूँ में दीमक"))


def test_topic_of_a_problem(mind: Mind) -> None:
    assert mind.understander.topic_of("stem-borer") == "pest"
    assert mind.understander.topic_of("nothing") is None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_it(mind: Mind, text: str) -> None:
    understanding = mind.understander.understand(text)
    assert isinstance(understanding.entities, Entities)
    assert understanding.topic == (understanding.topics[0] if understanding.topics else None)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_no_mixture_of_words_breaks_it(mind: Mind, words: list[str]) -> None:
    assert mind.understander.understand(" ".join(words)).intent in Intent


@pytest.mark.parametrize("text", ["weather", "var. of wheat", "rate of seed", "disease of mango"])
def test_english_words_are_english_however_short(mind: Mind, text: str) -> None:
    assert mind.understander.understand(text).language.tag == "en"


@pytest.mark.parametrize(("text", "prior"), [("weather", "hi-Latn"), ("urea", "te-Latn"), ("bei", "sw")])
def test_a_word_does_not_change_a_contacts_language(mind: Mind, text: str, prior: str) -> None:
    assert mind.understander.understand(text, prior=prior).language.tag == prior
