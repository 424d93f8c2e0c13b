"""Commands, emergencies and follow-ups: found when meant, also misspelt and among other words, and not otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.turns import Intent
from bot.locales import Locales
from bot.locales.names import COMMANDS
from bot.mind import Mind
from bot.understanding.phrases import Phrase, Phrases, command_tokens, parse_phrases, slot
from bot.understanding.romanise import romanise

LOCALES = Locales.load(Path(__file__).resolve().parents[2] / "locales")


def intent(mind: Mind, text: str, prior: str | None = None) -> Intent:
    return mind.understander.understand(text, prior=prior).intent


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "Stop!!",
        "stpo",
        "stopp",
        "please stop",
        "please stop sending messages",
        "stop sending me sms please",
        "dont send me any more messages",
        "don't text me",
        "i do not want your messages",
        "remove my number",
        "unsubscribe all",
        "band karo",
        "bandh karo",
        "bnd kro",
        "sms band karo ji",
        "sms mat bhejo",
        "mujhe message mat bhejo",
        "message nahi chahiye",
        "मैसेज मत भेजो",
        "बंद करो",
        "कृपया संदेश बंद करें",
        "aapandi",
        "sms pampakandi",
        "మెసేజ్‌లు ఆపండి",
        "ఆపు",
        "acha kutuma",
        "usinitumie sms tena",
        "acheni kunitumia ujumbe",
        "sitaki ujumbe",
    ],
)
def test_stop_is_heard(mind: Mind, text: str) -> None:
    assert intent(mind, text) is Intent.STOP


@pytest.mark.parametrize(
    "text",
    [
        "how to stop fruit drop",
        "how to stop fruit drop in mango",
        "phal girna kaise roke",
        "how do i stop insects",
        "stop in cotton",
        "flower dropping stop kaise kare",
        "should i stop irrigation before harvest of wheat",
        "बैंगन में फल गिरना कैसे रोकें",
        "kida band kaise kare",
        "pootha raladam ela aapali",
        "jinsi ya kuzuia maua kuanguka",
        "can i stop urea now",
        "step",
        "top",
        "shop",
        "crop",
        "my phone stopped",
    ],
)
def test_questions_are_no_stop(mind: Mind, text: str) -> None:
    assert intent(mind, text) is not Intent.STOP


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my son drank pesticide", "pesticide-poisoning"),
        ("my wife has swallowed some weedicide by mistake", "pesticide-poisoning"),
        ("after spraying he is vomiting and dizzy", "pesticide-poisoning"),
        ("pesticide went into my eyes", "pesticide-poisoning"),
        ("keetnashak pi liya hai mere bhai ne", "pesticide-poisoning"),
        ("dawa chhidkav ke baad chakkar aa raha hai", "pesticide-poisoning"),
        ("बच्चे ने कीटनाशक पी लिया", "pesticide-poisoning"),
        ("ma abbayi purugu mandu tagadu", "pesticide-poisoning"),
        ("mtoto amekunywa sumu", "pesticide-poisoning"),
        ("snake bit my wife", "snake-bite"),
        ("i was bitten by a snake in the field", "snake-bite"),
        ("saanp ne kaat liya", "snake-bite"),
        ("मेरे पिता को सांप ने काटा", "snake-bite"),
        ("paamu katesindi", "snake-bite"),
        ("ameumwa na nyoka", "snake-bite"),
        ("my cow has collapsed", "animal-collapse"),
        ("buffalo fell down and cannot stand up", "animal-collapse"),
        ("meri gay gir gayi uth nahi rahi", "animal-collapse"),
        ("भैंस गिर गई है उठ नहीं रही", "animal-collapse"),
        ("ng'ombe wangu ameanguka hawezi kusimama", "animal-collapse"),
        ("i want to kill myself", "suicide"),
        ("i do not want to live anymore", "suicide"),
        ("karz se pareshan hu main marna chahta hu", "suicide"),
        ("मैं आत्महत्या कर लूंगा", "suicide"),
        ("naaku chavali anipistundi", "suicide"),
        ("nataka kujiua", "suicide"),
        ("i will drink pesticide and die", "suicide"),
    ],
)
def test_emergencies_are_found(mind: Mind, text: str, kind: str) -> None:
    understanding = mind.understander.understand(text)
    assert understanding.intent is Intent.REPORT_EMERGENCY
    assert understanding.argument == kind


@pytest.mark.parametrize(
    "text",
    [
        "my cow died last year insurance?",
        "which pesticide for cotton",
        "how much pesticide to spray on brinjal",
        "kaun si dawa dale dhan me kida kha raha hai",
        "kida patti kha gaya",
        "snake gourd is not fruiting",
        "snake gourd fruit fly",
        "cow is not giving milk",
        "gay doodh nahi de rahi",
        "gehu gir gaya hai",
        "dhan ki fasal gir gayi",
        "kharpatwar marna chahte hai",
        "kide marne ki dawa",
        "poison bait for rats",
        "leaves are dying after spraying",
        "bakri palan ki jankari",
        "ng'ombe hatoi maziwa",
        "dawa ya wadudu kwenye kabichi",
    ],
)
def test_farm_questions_are_no_emergency(mind: Mind, text: str) -> None:
    assert intent(mind, text) is not Intent.REPORT_EMERGENCY


@pytest.mark.parametrize(
    ("text", "expected", "argument"),
    [
        ("hindi", Intent.SET_LANGUAGE, "hi"),
        ("हिंदी", Intent.SET_LANGUAGE, "hi"),
        ("telgu", Intent.SET_LANGUAGE, "te"),
        ("hindi me batao", Intent.SET_LANGUAGE, "hi"),
        ("english please", Intent.SET_LANGUAGE, "en"),
        ("Kiswahili", Intent.SET_LANGUAGE, "sw"),
        ("language", Intent.SET_LANGUAGE, ""),
        ("/language hi", Intent.SET_LANGUAGE, "hi"),
        ("/language or", Intent.SET_LANGUAGE, "or"),
        ("भाषा te", Intent.SET_LANGUAGE, "te"),
        ("/start", Intent.START, ""),
        ("/stop", Intent.STOP, ""),
        ("/help", Intent.GET_HELP, ""),
        ("/weather", Intent.GET_WEATHER, ""),
        ("/alerts", Intent.SUBSCRIBE, ""),
        ("/person", Intent.TALK_TO_PERSON, ""),
        ("/script", Intent.SET_SCRIPT, ""),
        ("ABC", Intent.SET_SCRIPT, "latin"),
        ("अआ", Intent.SET_SCRIPT, "native"),
        ("script", Intent.SET_SCRIPT, ""),
        ("i live in Guntur", Intent.SET_PLACE, "guntur"),
        ("mera gaon Rampur", Intent.SET_PLACE, "rampur"),
        ("मैं सीकर से हूं", Intent.SET_PLACE, "सीकर"),
        ("naishi Nakuru", Intent.SET_PLACE, "nakuru"),
        ("more", Intent.GET_MORE, ""),
        ("aur batao", Intent.GET_MORE, ""),
        ("zaidi", Intent.GET_MORE, ""),
        ("why?", Intent.GET_SOURCE, ""),
        ("help", Intent.GET_HELP, ""),
        ("HELP ME", Intent.GET_HELP, ""),
        ("मदद", Intent.GET_HELP, ""),
        ("start", Intent.START, ""),
        ("शुरू करो", Intent.START, ""),
        ("forget me", Intent.FORGET, ""),
        ("please delete all my data", Intent.FORGET, ""),
        ("talk to an officer", Intent.TALK_TO_PERSON, ""),
        ("i want to speak with a real person please", Intent.TALK_TO_PERSON, ""),
        ("adhikari se baat karni hai", Intent.TALK_TO_PERSON, ""),
        ("namaste", Intent.GREET, ""),
        ("ram ram ji", Intent.GREET, ""),
        ("habari", Intent.GREET, ""),
        ("thank you sir", Intent.THANK, ""),
        ("dhanyavad", Intent.THANK, ""),
        ("alerts on", Intent.SUBSCRIBE, ""),
        ("stop alerts", Intent.UNSUBSCRIBE, ""),
        ("yes", Intent.UNCLEAR, "agree"),
        ("हां जी", Intent.UNCLEAR, "agree"),
        ("hapana", Intent.UNCLEAR, "refuse"),
        ("mausam", Intent.GET_WEATHER, ""),
        ("bhav", Intent.GET_PRICE, ""),
    ],
)
def test_commands(mind: Mind, text: str, expected: Intent, argument: str) -> None:
    understanding = mind.understander.understand(text)
    assert (understanding.intent, understanding.argument) == (expected, argument)


@pytest.mark.parametrize(
    "text",
    [
        "help me with tomato blight",
        "namaste mere dhan me kida hai",
        "more insects in my cotton",
        "thank you, and what about my wheat rust",
        "why are my wheat leaves yellow",
        "hindi me dhan ki kheti ki jankari do",
        "start of flowering in mango what to spray",
    ],
)
def test_a_question_with_a_command_word_stays_a_question(mind: Mind, text: str) -> None:
    assert intent(mind, text) is Intent.ASK_ADVICE


def test_every_language_has_its_commands_understood(mind: Mind, locales: Locales) -> None:
    """The command words that a file lists mean what it says, for a contact of that language."""
    for language, said in locales.utterances.items():
        for name, command in said.commands.items():
            for text in command.say:
                found = mind.understander.understand(text, prior=language)
                got = found.argument if found.intent is Intent.UNCLEAR else found.intent
                assert got == name, f"{said.path}: {name} {text!r} is understood as {got}"


def test_all_commands_lead_somewhere() -> None:
    assert set(COMMANDS) - {"agree", "refuse"} <= {str(member) for member in Intent}


def test_phrases_match_in_order_with_small_gaps() -> None:
    (phrase,) = parse_phrases("drank|ate the_poison", "x")
    found = Phrases([phrase])
    assert list(found.find(command_tokens("he drank all of the poison"))) == ["x"]
    assert list(found.find(command_tokens("he drank one two three the poison"))) == []
    assert list(found.find(command_tokens("drank the old poison"))) == []
    assert list(found.find(command_tokens("the poison he drank"))) == []
    assert isinstance(phrase, Phrase)


def test_a_slot_takes_what_stands_between() -> None:
    assert slot(["i", "live", "in", "new", "delhi"], ("i", "live", "in", "*")) == "new delhi"
    assert slot(["main", "sikar", "se", "hun"], ("main", "*", "se", "hun")) == "sikar"
    assert slot(["i", "live", "in"], ("i", "live", "in", "*")) is None
    assert slot(["i", "live", "in", "a", "b", "c", "d", "e"], ("i", "live", "in", "*")) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my cow ate poison", "animal-collapse"),
        ("meri gaay ne zahar kha liya", "animal-collapse"),
        ("మా గేదె పురుగుల మందు తాగింది", "animal-collapse"),
        ("ng'ombe amekula sumu", "animal-collapse"),
        ("mi vaca tomó veneno", "animal-collapse"),
        ("মোৰ গরু বিষ খেয়েছে", "animal-collapse"),
        ("my son drank the cow's poison", "pesticide-poisoning"),
        ("bachche ne gaay ki dava ka zahar pi liya", "pesticide-poisoning"),
        ("my wife drank pesticide", "pesticide-poisoning"),
    ],
)
def test_poison_in_an_animal_is_an_animals_emergency(mind: Mind, text: str, kind: str) -> None:
    understood = mind.understander.understand(text)
    assert (understood.intent, understood.argument) == (Intent.REPORT_EMERGENCY, kind)


WARN_ME = [
    "havamanacha ishara pathva",
    "warn me of bad weather",
    "weather alerts",
    "i want weather warnings",
    "send me weather alerts",
    "मौसम की चेतावनी भेजो",
    "खराब मौसम की चेतावनी दें",
    "चेतावनी चालू",
    "मौसम का अलर्ट चाहिए",
    "mausam ki chetavani bhejo",
    "mausam ka alert chahiye",
    "हवामानाचा इशारा पाठवा",
    "खराब हवामानाचा इशारा द्या",
    "हवामान अलर्ट हवा",
    "వాతావరణ హెచ్చరికలు కావాలి",
    "వాతావరణ హెచ్చరికలు పంపండి",
    "హెచ్చరికలు పంపండి",
    "vatavarana hecharikalu pampandi",
    "வானிலை எச்சரிக்கை வேண்டும்",
    "மோசமான வானிலையை எச்சரி",
    "எச்சரிக்கை அனுப்புங்கள்",
    "vanilai echarikkai venum",
    "ಹವಾಮಾನ ಎಚ್ಚರಿಕೆ ಕಳಿಸಿ",
    "ಹವಾಮಾನ ಎಚ್ಚರಿಕೆ ಬೇಕು",
    "ಕೆಟ್ಟ ಹವಾಮಾನ ಎಚ್ಚರಿಸಿ",
    "havamana echcharike kalisi",
    "আবহাওয়ার সতর্কতা চাই",
    "খারাপ আবহাওয়ার সতর্কতা চাই",
    "সতর্কতা চালু",
    "abohawar alert chai",
    "હવામાનની ચેતવણી જોઈએ",
    "ખરાબ હવામાનની ચેતવણી આપો",
    "ચેતવણી ચાલુ",
    "havaman ni chetavni moklo",
    "ਮੌਸਮ ਦੀ ਚੇਤਾਵਨੀ ਭੇਜੋ",
    "ਖ਼ਰਾਬ ਮੌਸਮ ਦੀ ਚੇਤਾਵਨੀ ਦਿਓ",
    "ਅਲਰਟ ਚਾਲੂ",
    "mausam di chetavani bhejo",
    "കാലാവസ്ഥാ മുന്നറിയിപ്പ് വേണം",
    "മോശം കാലാവസ്ഥ അറിയിക്കൂ",
    "മുന്നറിയിപ്പ് അയക്കൂ",
    "kalavastha munnariyippu venam",
    "ପାଣିପାଗ ସତର୍କ ସୂଚନା ଦିଅନ୍ତୁ",
    "ଖରାପ ପାଣିପାଗ ଜଣାନ୍ତୁ",
    "ଆଲର୍ଟ ଚାଲୁ",
    "ପାଣିପାଗ ଆଲର୍ଟ ଦରକାର",
    "panipaga satarka suchana dia",
    "panipaga alert darkar",
    "nitumie tahadhari",
    "nataka tahadhari za hali ya hewa",
    "nionye hali mbaya ya hewa",
    "nitumie tahadhari za mvua",
    "quiero avisos del clima",
    "avíseme del mal tiempo",
    "mande alertas",
    "avisos del tiempo",
]
WARN_ME_NOT = [
    "no alerts",
    "stop the weather warnings",
    "dont send weather alerts",
    "चेतावनी बंद",
    "मौसम की चेतावनी मत भेजो",
    "chetavani band karo",
    "mausam alert band",
    "इशारा बंद",
    "अलर्ट बंद",
    "हवामानाचे इशारे नको",
    "ishara band kara",
    "alert nako",
    "హెచ్చరికలు వద్దు",
    "వాతావరణ హెచ్చరికలు ఆపండి",
    "hecharikalu vaddu",
    "எச்சரிக்கை வேண்டாம்",
    "வானிலை எச்சரிக்கை வேண்டாம்",
    "echarikkai vendam",
    "ಎಚ್ಚರಿಕೆ ಬೇಡ",
    "ಹವಾಮಾನ ಎಚ್ಚರಿಕೆ ಬೇಡ",
    "echarike nillisi",
    "alert beda",
    "সতর্কতা বন্ধ",
    "আবহাওয়ার সতর্কতা চাই না",
    "alert bondho",
    "ચેતવણી બંધ",
    "હવામાનની ચેતવણી બંધ કરો",
    "chetavni bandh karo",
    "ਚੇਤਾਵਨੀ ਬੰਦ",
    "ਮੌਸਮ ਦੀ ਚੇਤਾਵਨੀ ਬੰਦ ਕਰੋ",
    "chetavani band karo",
    "മുന്നറിയിപ്പ് വേണ്ട",
    "കാലാവസ്ഥാ മുന്നറിയിപ്പ് വേണ്ട",
    "munnariyippu venda",
    "ସତର୍କ ସୂଚନା ବନ୍ଦ",
    "ଆଲର୍ଟ ବନ୍ଦ",
    "ଆଲର୍ଟ ଦରକାର ନାହିଁ",
    "alert banda kara",
    "satarka suchana banda",
    "acha tahadhari",
    "sitaki tahadhari",
    "sin alertas",
    "no quiero más avisos",
    "quite las alertas",
]


@pytest.mark.parametrize("text", WARN_ME)
def test_warnings_are_asked_for(mind: Mind, text: str) -> None:
    assert intent(mind, text) is Intent.SUBSCRIBE


@pytest.mark.parametrize("text", WARN_ME_NOT)
def test_warnings_are_declined(mind: Mind, text: str) -> None:
    assert intent(mind, text) is Intent.UNSUBSCRIBE


@pytest.mark.parametrize("tag", LOCALES.spoken)
def test_what_buttons_and_answers_say_is_understood(mind: Mind, tag: str) -> None:
    """The button's label, and the words that end the warnings, in both kinds of letters."""
    label = LOCALES.text("button.alerts", tag)
    ending = LOCALES.text("alerts.subscribed", tag, place="").rpartition("NO ALERTS" if tag == "en" else ":")
    words = "NO ALERTS" if tag == "en" else ending[2].strip(" .।")
    for write in (str, lambda text: romanise(text, tag)):
        assert intent(mind, write(label)) is Intent.SUBSCRIBE
        assert intent(mind, write(words)) is Intent.UNSUBSCRIBE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kal barish hogi kya", Intent.GET_WEATHER),
        ("weather of Hisar", Intent.GET_WEATHER),
        ("will there be a storm tomorrow", Intent.GET_WEATHER),
        ("mausam batao", Intent.GET_WEATHER),
        ("నాకు వాతావరణం చెప్పండి", Intent.GET_WEATHER),
        ("dhan me kida laga hai dawa bhejo", Intent.ASK_ADVICE),
        ("warning signs of blast in rice", Intent.ASK_ADVICE),
    ],
)
def test_questions_on_the_weather_subscribe_to_nothing(mind: Mind, text: str, expected: Intent) -> None:
    assert intent(mind, text) is expected


@pytest.mark.parametrize("text", ["band karo msg", "band kar do message", "bas band kro sms bhai", "बंद करो ये मैसेज"])
def test_stop_is_heard_whatever_the_order_of_words(mind: Mind, text: str) -> None:
    assert intent(mind, text) is Intent.STOP
