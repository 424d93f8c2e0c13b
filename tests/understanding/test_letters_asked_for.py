"""Which letters a farmer asks for, in her own words."""

from __future__ import annotations

import pytest

from bot.domain.turns import Intent
from bot.mind import Mind

LATIN = (
    ("hi", "रोमन"), ("hi", "अंग्रेजी अक्षर में"), ("hi", "angrezi akshar"), ("mr", "इंग्रजी अक्षरात लिहा"),
    ("mr", "ingraji akshare"), ("te", "ఇంగ్లీష్ అక్షరాలు"), ("te", "english aksharalu"), ("ta", "ஆங்கில எழுத்து"),
    ("ta", "english ezhuthu"), ("kn", "ಇಂಗ್ಲಿಷ್ ಅಕ್ಷರ"), ("kn", "english akshara"), ("bn", "ইংরেজি হরফে লিখুন"),
    ("gu", "અંગ્રેજી અક્ષર"), ("gu", "રોમન"), ("pa", "ਅੰਗਰੇਜ਼ੀ ਅੱਖਰ"), ("ml", "ഇംഗ്ലീഷ് അക്ഷരത്തിൽ"), ("ml", "മംഗ്ലീഷ്"),
    ("or", "ଇଂରାଜୀ ଅକ୍ଷର"), ("or", "ingraji akshara"), ("sw", "herufi za kilatini"), ("en", "ABC"),
    (None, "latin letters"),
)  # fmt: skip
NATIVE = (
    ("hi", "अआ"), ("hi", "देवनागरी"), ("hi", "hindi akshar"), ("mr", "अआ"), ("te", "తెలుగు అక్షరాలు"),
    ("ta", "தமிழ் எழுத்து"),
    ("kn", "ಕನ್ನಡ ಅಕ್ಷರ"), ("kn", "ಅಆ"), ("bn", "বাংলা হরফ"), ("gu", "ગુજરાતી અક્ષર"), ("pa", "ਗੁਰਮੁਖੀ ਅੱਖਰ"),
    ("ml", "മലയാളം ലിപി"), ("or", "ଓଡ଼ିଆ ଅକ୍ଷର"), ("or", "odia akshara"), ("en", "native script"),
)  # fmt: skip


@pytest.mark.parametrize(("language", "text"), LATIN)
def test_latin_letters(mind: Mind, language: str | None, text: str) -> None:
    understanding = mind.understander.understand(text, prior=language)
    assert (understanding.intent, understanding.argument) == (Intent.SET_SCRIPT, "latin")


@pytest.mark.parametrize(("language", "text"), NATIVE)
def test_own_letters(mind: Mind, language: str, text: str) -> None:
    understanding = mind.understander.understand(text, prior=language)
    assert (understanding.intent, understanding.argument) == (Intent.SET_SCRIPT, "native")


def test_only_the_word_script_changes_to_the_other(mind: Mind) -> None:
    understanding = mind.understander.understand("lipi", prior="hi-Latn")
    assert (understanding.intent, understanding.argument) == (Intent.SET_SCRIPT, "")
