"""Which language: sentences as farmers write them, the prior, languages that are named only, and unclear ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import DataError
from bot.understanding.language import MODELS, Classifier, LanguageDetector, detect_seeded, words_of
from bot.understanding.normalise import normalise

MODELS_DIR = Path(__file__).parents[2] / "locales/models"
SENTENCES = [
    ("mere dhan me keede lag gaye hain", "hi-Latn"),
    ("paddy me blast ka ilaj", "hi-Latn"),
    ("wheat mein pila ratua kaise roke", "hi-Latn"),
    ("GEHU ME KIDE LAG RAHE HAI", "hi-Latn"),
    ("aaj ka mausam kaisa rahega", "hi-Latn"),
    ("naa vari pantalo purugulu vachayi", "te-Latn"),
    ("cotton lo whitefly vachindi em cheyali", "te-Latn"),
    ("mazya kapsavar bond ali aali aahe kay karu", "mr-Latn"),
    ("en nel payiril poochi irukku enna seiya vendum", "ta-Latn"),
    ("nanna bhattada belege hulu bandide enu madabeku", "kn-Latn"),
    ("amar dhan khete poka legeche ki korbo", "bn-Latn"),
    ("mara kapas ma gulabi iyal aavi chhe su karvu", "gu-Latn"),
    ("mere jhone nu keere lag gaye han ki karan", "pa-Latn"),
    ("ente nellil puzhu vannu enthu cheyyanam", "ml-Latn"),
    ("mo dhana khetare poka lagichhi kana karibi", "or-Latn"),
    ("mero makaima kira lagyo ke garne", "ne-Latn"),
    ("control of dhan disease", "en"),
    ("TELL ME WEATHER RIPORT HANUMANGARGH", "en"),
    ("my maize leaves have holes", "en"),
    ("mahindi yangu yana viwavi nifanye nini", "sw"),
    ("mi maíz tiene gusano cogollero, qué hago", "es"),
    ("mi maiz tiene gusanos que hago", "es"),
    ("मेरे धान में कीड़े लग गए हैं", "hi"),
    ("माझ्या कापसावर बोंडअळी आली आहे", "mr"),
    ("मेरो मकैमा कीरा लाग्यो, के गर्ने?", "ne"),
    ("আমার ধান গাছে পোকা লেগেছে", "bn"),
    ("মোৰ ধানত পোক লাগিছে", "as"),
    ("నా వరి పంటలో పురుగులు వచ్చాయి", "te"),
    ("என் நெல் பயிரில் பூச்சி", "ta"),
    ("ನನ್ನ ಭತ್ತದ ಬೆಳೆಗೆ ಹುಳು", "kn"),
    ("മഴ പെയ്യുമോ", "ml"),
    ("મારા કપાસમાં ઈયળ", "gu"),
    ("ਮੇਰੀ ਕਣਕ ਪੀਲੀ ਹੋ ਗਈ", "pa"),
    ("ମୋ ଧାନରେ ପୋକ ଲାଗିଛି", "or"),
    ("میرے دھان میں کیڑے لگ گئے ہیں", "ur"),
]
FOREIGN = [
    ("Моя пшеница болеет, что делать?", "ru"),
    ("Was kann ich gegen Blattläuse an meinen Tomaten tun?", "de"),
    ("我的水稻有虫子怎么办", "zh"),
    ("ماذا أفعل ضد الحشرات في القمح", "ar"),
    ("ข้าวของฉันเป็นโรค", "th"),
]


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector.load(MODELS_DIR)


@pytest.mark.parametrize(("text", "tag"), SENTENCES)
def test_sentences(detector: LanguageDetector, text: str, tag: str) -> None:
    assert detector.detect(text).tag == tag


@pytest.mark.parametrize(("text", "tag"), FOREIGN)
def test_languages_that_are_only_named(detector: LanguageDetector, text: str, tag: str) -> None:
    assert detector.detect(text).tag == tag


@pytest.mark.parametrize("text", ["", "12345", "??? !!", "🌾🐛", "+91 98765 43210", "https://x.in", "\u200d\u202e"])
def test_nothing_to_go_by(detector: LanguageDetector, text: str) -> None:
    found = detector.detect(text)
    assert (found.tag, found.confidence) == ("und", 0.0)


@pytest.mark.parametrize("text", ["paddy", "cotton", "DAP", "urea", "whitefly"])
def test_a_farm_word_alone_is_unsure(detector: LanguageDetector, text: str) -> None:
    assert detector.detect(text).confidence < 0.6
    assert detector.detect(text, prior="hi").language == "hi"


def test_prior_tips_what_is_close_but_not_what_is_clear(detector: LanguageDetector) -> None:
    assert detector.detect("kapas", prior="gu").tag == "gu-Latn"
    assert detector.detect("kapas", prior="hi-Latn").tag == "hi-Latn"
    assert detector.detect("how can i control stem borer in my rice", prior="hi").tag == "en"
    assert detector.detect("mere dhan me keede lag gaye hain kya kare", prior="te").tag == "hi-Latn"
    assert detector.detect("నా వరి పంట", prior="hi").tag == "te"


@pytest.mark.parametrize("text", ["no", "ok", "yes", "sms", "Hi"])
def test_a_few_letters_change_no_contact_s_language(detector: LanguageDetector, text: str) -> None:
    assert {prior: detector.detect(text, prior).language for prior in ("hi", "te", "sw", "es", "en")} == {
        prior: prior for prior in ("hi", "te", "sw", "es", "en")
    }


def test_prior_raises_confidence(detector: LanguageDetector) -> None:
    text = "tamatar ka bhav"
    assert detector.detect(text, prior="hi").confidence > detector.detect(text).confidence


def test_prior_may_be_anything(detector: LanguageDetector) -> None:
    assert detector.detect("mere dhan me keede lag gaye", prior="xx").tag == "hi-Latn"


def test_missing_model_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"latin-1\.ftz"):
        LanguageDetector.load(tmp_path)


def test_probabilities_sum_to_one() -> None:
    for names in MODELS.values():
        odds = Classifier(*(MODELS_DIR / name for name in names)).probabilities("mere dhan")
        assert sum(odds.values()) == pytest.approx(1, abs=0.01)


def test_langdetect_is_repeatable() -> None:
    assert detect_seeded("Quali rimedi contro gli afidi?") == detect_seeded("Quali rimedi contro gli afidi?")
    assert detect_seeded("Quali rimedi contro gli afidi?")[0] == "it"
    assert detect_seeded("...") == ("und", 0.0)


def test_words_of_leaves_out_what_tells_nothing() -> None:
    assert words_of("Call 1800-180-1551, see https://a.in/b or x@y.in: 10kg DAP!") == "call see or kg dap"


PIECES = ("dhan", "me", "क", "में", "ka", "ি", "ক", "ৰ", "అ", "12", ".", "a!", "पे़", "plz", "ٹ", "я", "é", "\u200d")
MIXED = st.lists(st.sampled_from(PIECES), max_size=12)


@given(st.one_of(st.text(max_size=60), MIXED.map(" ".join)), st.sampled_from([None, "hi", "te", "en"]))
@settings(max_examples=400, deadline=None)
def test_normalising_changes_no_language(detector: LanguageDetector, text: str, prior: str | None) -> None:
    found = detector.detect(text, prior)
    assert detector.detect(normalise(text), prior) == found
    assert 0 <= found.confidence <= 1


def test_long_text(detector: LanguageDetector) -> None:
    assert detector.detect("mere dhan me keede lag gaye hain " * 20_000).tag == "hi-Latn"
