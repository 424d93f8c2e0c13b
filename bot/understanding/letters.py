"""How each Indic language is written in Latin letters on a keypad: tables that `romanise` follows.

All Indic blocks of Unicode share one layout, so a table is keyed by the Devanagari letter and holds for every script.
Capitals are letters whose sound hangs on their neighbours; `clusters` settle them, what is left is lower-cased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

BLOCKS = {
    0x0900: "hi", 0x0980: "bn", 0x0A00: "pa", 0x0A80: "gu", 0x0B00: "or", 0x0B80: "ta", 0x0C00: "te",
    0x0C80: "kn", 0x0D00: "ml",
}  # fmt: skip
"""First code point of each block and the language whose habits hold where the text is in another language."""

CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "Y",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "ऩ": "n", "प": "p", "फ": "f", "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ऱ": "r", "ल": "l", "ळ": "l",
    "ऴ": "zh", "व": "v", "श": "sh", "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip
VOWELS = {
    "अ": "a", "आ": "a", "इ": "i", "ई": "i", "उ": "u", "ऊ": "u", "ऋ": "ri", "ऌ": "lu", "ऍ": "e", "ऎ": "e", "ए": "e",
    "ऐ": "ai", "ऑ": "o", "ऒ": "o", "ओ": "o", "औ": "au", "ॠ": "ri", "ॲ": "e",
}  # fmt: skip
SIGNS = {
    "ा": "आ", "ि": "इ", "ी": "ई", "ु": "उ", "ू": "ऊ", "ृ": "ऋ", "ॄ": "ॠ", "ॅ": "ऍ", "ॆ": "ऎ", "े": "ए", "ै": "ऐ",
    "ॉ": "ऑ", "ॊ": "ऒ", "ो": "ओ", "ौ": "औ", "ॗ": "औ",
}  # fmt: skip
"""Vowel signs and the letters that sound the same."""
NUKTA = {
    "क": "k",
    "ख": "kh",
    "ग": "g",
    "ज": "z",
    "ड": "d",
    "ढ": "dh",
    "फ": "f",
    "य": "y",
    "स": "sh",
    "ल": "l",
    "ब": "r",
}


class Schwa(Enum):
    """What becomes of the vowel that a bare consonant carries."""

    KEPT = "kept"
    DROPPED = "dropped at the end and between open syllables"
    DROPPED_AFTER_ONE = "the same, kept after any cluster"


@dataclass(frozen=True, slots=True)
class Letters:
    """One language's habits. `clusters` are rewritten in the Latin result, in order; `words` overrule everything."""

    schwa: Schwa = Schwa.KEPT
    inherent: str = "a"
    consonants: Mapping[str, str] = field(default_factory=lambda: CONSONANTS)
    nukta: Mapping[str, str] = field(default_factory=lambda: NUKTA)
    vowels: Mapping[str, str] = field(default_factory=lambda: VOWELS)
    initial: Mapping[str, str] = field(default_factory=lambda: {"आ": "aa"})
    """Vowels that are written otherwise at the beginning of a word."""
    anusvara: str = "n"
    anusvara_last: str = "n"
    anusvara_smooth: str = "n"
    """Before y r l v sh s h."""
    candrabindu_last: str | None = None
    """None: as the anusvara."""
    long_closed: bool = False
    """i and u become ee and oo in a one-syllable word that ends in a consonant (beej, doodh)."""
    long_first: bool = False
    """aa for a long a in the first syllable."""
    long_anywhere: bool = False
    """ee and oo for every long i and u but those at the end of a word."""
    final_virama: str = ""
    clusters: tuple[tuple[str, str], ...] = ()
    open_before: str = ""
    """Regex of the syllables before which a second schwa in a row is dropped too; empty: before all."""
    words: Mapping[str, str] = field(default_factory=dict)


NASALS = ((r"jY", "gy"), (r"Y", "n"))

HINDI = Letters(
    schwa=Schwa.DROPPED,
    long_closed=True,
    clusters=(
        *NASALS, (r"chchh", "chh"), (r"chch", "cch"), (r"\bsv", "sw"), (r"(?<=[aio])e(n?)\b", r"ye\1"),
        (r"ia\b", "iya"),
    ),
    words={
        "में": "me", "मे": "me", "नहीं": "nahi", "यह": "yeh", "वह": "woh", "हैं": "hain", "और": "aur", "न": "na",
        "व": "va", "वाला": "wala", "वाली": "wali", "वाले": "wale", "वालों": "walon", "फल": "phal", "फूल": "phool",
        "फलों": "phalon", "फूलों": "phoolon", "फली": "phali", "फलियाँ": "phaliyan", "फलियां": "phaliyan",
        "फिर": "phir", "वातावरण": "vatavaran", "गाय": "gaay", "राय": "raay", "चाय": "chay", "उपाय": "upay",
        "ज्यादा": "zyada", "ज़्यादा": "zyada", "जमीन": "zameen", "ज़मीन": "zameen", "बाजार": "bazar",
        "रोज": "roz", "तरफ": "taraf", "मूंगफली": "moongfali", "मूँगफली": "moongfali", "मधुमक्खी": "madhumakkhi",
        "कीड़े": "keede", "कीड़ा": "keeda", "कीड़ों": "keedon", "पौधे": "paudhe", "तेज": "tez", "पास": "paas",
        "साल": "saal", "काम": "kaam", "नाम": "naam", "दाम": "daam", "दाल": "daal", "साफ": "saaf", "खाद": "khaad",
        "बाद": "baad", "बार": "baar", "चार": "char", "भाव": "bhav", "बारिश": "barish", "अधिकारी": "adhikari",
        "अवधि": "avadhi", "आपका": "aapka", "आपके": "aapke", "आपकी": "aapki", "सूखा": "sookha", "पूरा": "poora",
        "पूरी": "poori", "दूसरी": "doosri", "दूसरा": "doosra", "दूसरे": "doosre", "दूर": "door", "धूप": "dhoop",
        "सही": "sahi", "छह": "chhah", "जगह": "jagah", "सुबह": "subah", "तरह": "tarah", "वजह": "vajah",
    },
)  # fmt: skip
MARATHI = replace(
    HINDI,
    long_closed=False,
    anusvara_last="",
    consonants=CONSONANTS | {"झ": "z"},
    vowels=VOWELS | {"ऋ": "ru"},
    clusters=((r"jY", "dny"), *NASALS, (r"chchh", "chh"), (r"chch", "cch"), (r"\bsv", "sw")),
    words={
        "व": "va", "न": "na", "शेतकरी": "shetkari", "शेतकऱ्यांनी": "shetkaryanni", "शेतकऱ्यांना": "shetkaryanna",
        "काय": "kay", "का": "ka", "मी": "mi", "ही": "hi", "झाड": "zad", "नसल्यास": "naslyas", "असल्यास": "aslyas",
        "करपा": "karpa", "वातावरण": "vatavaran", "जमीन": "jamin", "सोयाबीन": "soyabean", "भुईमूग": "bhuimug",
        "जाणकार": "jankar", "अधिकाऱ्यांना": "adhikaryanna", "अधिकाऱ्यांचा": "adhikaryancha", "पाणी": "pani",
        "आणि": "ani", "बोंडअळी": "bondali", "आमच्या": "aamchya", "तुमच्या": "tumchya", "आपल्या": "aaplya",
        "उगवण": "ugvan",
    },
)  # fmt: skip
NEPALI = replace(
    HINDI,
    schwa=Schwa.DROPPED_AFTER_ONE,
    long_closed=False,
    initial={},
    anusvara_last="n",
    candrabindu_last="",
    consonants=CONSONANTS | {"व": "w", "फ": "ph", "श": "s", "ष": "s"},
    clusters=(*NASALS, (r"chchh", "chh"), (r"\bw", "b")),
    words={
        "आज": "aaja", "पहेंलो": "pahelo", "पहेँलो": "pahelo", "गहुँको": "gahuko", "गहुँमा": "gahuma",
        "धन्यवाद": "dhanyabad", "प्राविधिक": "prabidhik", "छ": "chha", "छन्": "chhan", "किन": "kina",
        "तर": "tara", "र": "ra", "म": "ma", "न": "na", "यो": "yo",
        "भएको": "bhayeko", "भए": "bhaye", "गएको": "gayeko", "लागेको": "lageko", "वर्षा": "barsa", "हुन": "huna",
        "गर": "gara", "पर": "para", "एक": "ek", "बाट": "bata", "अब": "aba", "जब": "jaba", "कुन": "kun",
        "मेरो": "mero",
        "हो": "ho", "होइन": "hoina", "छैन": "chhaina", "खेत": "khet", "धेरै": "dherai", "तिर": "tira", "पनि": "pani",
        "पानी": "paani", "गहुँ": "gahu", "मकै": "makai", "धान": "dhan", "बिरुवा": "biruwa", "भन": "bhana",
    },
)  # fmt: skip
GUJARATI = replace(
    HINDI,
    long_closed=False,
    anusvara_last="",
    clusters=((r"jY", "gn"), *NASALS, (r"chchh", "chh"), (r"chch", "cch"), (r"\bsv", "sw")),
    words={
        "ન": "na", "વ": "va", "અને": "ane", "છે": "chhe", "ગાય": "gay", "મગફળી": "magfali", "મગફળીમાં": "magfalima",
        "મગફળીના": "magfalina", "આપણે": "aapne", "પાણી": "pani", "જમીન": "jamin", "વાવણી": "vavni", "જો": "jo",
        "વાતાવરણ": "vatavaran", "શેરડી": "sherdi", "ખેડૂત": "khedut", "હોય": "hoy", "થાય": "thay", "ન હોય": "na hoy",
        "ડુંગળી": "dungli", "કૃષિ": "krushi", "પિયત": "piyat", "બટાકા": "bataka", "બટાટા": "batata",
    },
    vowels=VOWELS | {"ऋ": "ru"},
)  # fmt: skip
PUNJABI = replace(
    HINDI,
    nukta=NUKTA | {"ड": "r"},
    clusters=(
        *NASALS, (r"cchh", "chh"), (r"([a-z])\1(h?)\b", r"\1\2"), (r"\bsv", "sw"), (r"(?<=[aio])e\b", "ye"),
    ),
    words={
        "ਵਿੱਚ": "vich", "ਵਿਚ": "vich", "ਨੂੰ": "nu", "ਨਾ": "na", "ਤੇ": "te", "ਹੈ": "hai", "ਹਨ": "han", "ਕਿਉਂ": "kyon",
        "ਅਤੇ": "ate", "ਨਹੀਂ": "nahi", "ਇਹ": "eh", "ਉਹ": "oh", "ਫਲ": "phal", "ਫੁੱਲ": "phull", "ਫਿਰ": "phir",
        "ਕੀੜੇ": "keere", "ਕੀੜਾ": "keera", "ਵਾਲਾ": "wala", "ਵਾਲੇ": "wale", "ਵਾਲੀ": "wali", "ਖਾਦ": "khaad",
        "ਕਰੋ": "karo", "ਪਾਣੀ": "pani", "ਝੋਨੇ": "jhone", "ਜ਼ਮੀਨ": "zameen", "ਦਵਾਈ": "dawai", "ਪਿੱਲੇ": "pile",
        "ਮਿਰਚ": "mirch", "ਮਿਰਚਾਂ": "mirchan", "ਸਪਰੇਅ": "spray", "ਗਾਂ": "gaan", "ਪੰਜਾਬ": "punjab", "ਪਿਆਜ਼": "pyaz",
        "ਕਿਵੇਂ": "kiven", "ਮੈਂ": "main", "ਪਹਿਲਾਂ": "pehlan", "ਪਹਿਲਾ": "pehla", "ਬਾਅਦ": "baad", "ਰਹਿੰਦ": "rehnd",
        "ਸਾਲ": "saal", "ਬਚਾਅ": "bachaa", "ਉੱਤੇ": "utte", "ਸੁੰਡੀ": "sundi", "ਜੇ": "je", "ਖੇਤ": "khet",
    },
)  # fmt: skip
BENGALI = Letters(
    schwa=Schwa.DROPPED_AFTER_ONE,
    inherent="o",
    initial={},
    consonants=CONSONANTS | {"ङ": "ng", "छ": "ch", "य": "J", "ब": "B", "व": "w", "ष": "S", "ट": "T"},
    nukta=NUKTA | {"ड": "r", "ढ": "rh", "य": "y"},
    vowels=VOWELS | {"अ": "o", "ऐ": "oi", "औ": "ou"},
    anusvara="ng",
    anusvara_last="ng",
    anusvara_smooth="ng",
    candrabindu_last="",
    clusters=(
        (r"\bkS", "kh"), (r"kS", "kkh"), (r"\bjY", "g"), (r"jY", "gg"), (r"Y", "n"), (r"nJ", "nn"),
        (r"(?<=[^aeiou\W])J", "y"), (r"(?<=[^aeioumrlwyngB\W])B", "w"), (r"(?<=[sn])To\b", "t"),
        (r"chch", "cch"), (r"S", "sh"), (r"(?<=[aeiou])oya", "wa"), (r"ngk", "nk"),
    ),
    open_before=r"(t|ch|[bB])[ei]",
    words={
        "আবহাওয়া": "abohawa", "পেঁয়াজ": "peyaj", "আম": "aam", "কত": "koto", "যত": "joto", "এত": "eto",
        "তত": "toto", "মত": "moto", "মতো": "moto", "ছিল": "chilo",
        "গেল": "gelo", "হল": "holo", "দিল": "dilo", "ভাল": "bhalo", "করব": "korbo", "দেব": "debo", "যাব": "jabo",
        "পাব": "pabo", "হব": "hobo", "নেব": "nebo", "খাব": "khabo", "থাকব": "thakbo", "ফসলের": "fosoler",
        "ফসলে": "fosole", "জন্য": "jonno", "ধন্যবাদ": "dhonnobad", "বড়": "boro", "ছোট": "choto", "কেন": "keno",
        "যেন": "jeno", "কোন": "kon", "কোনও": "kono", "একটা": "ekta", "এক": "ek", "ও": "o", "না": "na",
        "শস্য": "shosyo",
        "হয়": "hoy", "নয়": "noy", "সময়": "somoy", "দেয়": "dey", "যায়": "jay", "করে": "kore",
        "ব্যবহার": "byabohar",
        "কৃষি": "krishi", "জল": "jol", "ডাল": "dal", "গরমে": "gorome", "কারণ": "karon", "কম": "kom", "ঘন": "ghono",
        "যখন": "jokhon", "তখন": "tokhon", "এখন": "ekhon", "বিশ্ব": "bishwo", "আগে": "age", "রস": "ros",
        "পাতার": "patar",
        "ক্ষেত": "khet", "ক্ষেতে": "khete", "নতুন": "notun", "তরল": "torol", "শক্ত": "shokto",
        "দ্রুত": "druto", "সরকার": "sorkar", "সরকারি": "sorkari",
        "দরকার": "dorkar", "দরকারি": "dorkari", "বরবটি": "borboti", "করলে": "korle", "ধরলে": "dhorle",
        "পড়লে": "porle",
    },
)  # fmt: skip
ASSAMESE = replace(
    BENGALI,
    consonants=dict(BENGALI.consonants) | {"च": "s", "छ": "s", "श": "x", "ष": "S", "स": "x", "ट": "t"},
    clusters=((r"\bkS", "kh"), (r"kS", "khy"), (r"xx", "x"), (r"S", "x"), *BENGALI.clusters),
    words={"আৰু": "aru", "নহয়": "nohoi", "হয়": "hoi", "মোৰ": "mur", "ধান": "dhan", "কৰক": "korok"},
)
ODIA = Letters(
    initial={},
    consonants=CONSONANTS | {"फ": "ph", "य": "j", "व": "w"},
    vowels=VOWELS | {"ऋ": "ru"},
    nukta=NUKTA | {"य": "y"},
    anusvara_last="m",
    anusvara_smooth="m",
    candrabindu_last="n",
    clusters=(*NASALS, (r"chchh", "chh"), (r"\bksh", "kh")),
    words={"ମୁଁ": "mu", "କଣ": "kana", "ଯଦି": "jadi", "ଗାଁ": "gaan"},
)
"""Odia keeps its final vowel in speech and on keypads (dhana, poka): no schwa is dropped."""
DRAVIDIAN = Letters(
    long_anywhere=True,
    vowels=VOWELS | {"ऋ": "ru", "ॠ": "ru"},
    consonants=CONSONANTS | {"छ": "ch", "फ": "ph"},
    anusvara_last="m",
    anusvara_smooth="m",
)
TELUGU = replace(
    DRAVIDIAN,
    clusters=((r"jY", "gn"), (r"Y", "n"), (r"chch", "ch")),
    words={"రైతు": "raitu", "శనగ": "sanaga", "శనగలో": "sanagalo", "పూత": "poota"},
)
KANNADA = replace(
    DRAVIDIAN,
    vowels=VOWELS,
    clusters=((r"jY", "jn"), (r"Y", "n"), (r"chch", "ch")),
    words={"ಅಥವಾ": "athava"},
)
TAMIL = replace(
    DRAVIDIAN,
    long_first=True,
    consonants=CONSONANTS | {"क": "K", "ङ": "G", "च": "C", "ञ": "Y", "ट": "T", "त": "Q", "प": "P", "ऱ": "R"},
    clusters=(
        (r"HP", "f"),
        (r"GK", "ng"),
        (r"YC", "nj"),
        (r"nT", "nd"),
        (r"nQ", "nth"),
        (r"mP", "mb"),
        (r"nR", "ndr"),
        (r"RR", "tr"),
        (r"KK", "kk"),
        (r"CC", "ch"),
        (r"TT", "tt"),
        (r"QQ", "th"),
        (r"PP", "pp"),
        (r"TC", "tch"),
        (r"RC", "rch"),
        (r"(?<=[aeiouyrlh])K(?=[aeiou])", "g"),
        (r"(?<=[aeiou])T(?=[aeiou])", "d"),
        (r"(?<=[aeiou])P(?=[aeiou])", "b"),
        (r"C", "s"),
        (r"Q", "th"),
        (r"Y", "nj"),
        (r"G", "ng"),
        (r"(?<=[ao])y\b", "i"),
    ),
    words={"ஸ்ரீ": "sri", "சோளம்": "cholam", "சோளத்தில்": "cholathil", "நெல்": "nel", "தமிழ்": "tamil", "அல்லது": "allathu"},
)
MALAYALAM = replace(
    DRAVIDIAN,
    vowels=VOWELS,
    consonants=CONSONANTS | {"ङ": "G", "ञ": "Y", "ट": "T", "त": "Q", "छ": "ch", "ऱ": "R", "च": "C"},
    final_virama="u",
    clusters=(
        (r"GG", "ng"),
        (r"GK", "nk"),
        (r"G", "n"),
        (r"jY", "jn"),
        (r"YY", "nj"),
        (r"YC", "nch"),
        (r"Y", "nj"),
        (r"nT", "nd"),
        (r"TT", "tt"),
        (r"(?<=[aeiou])T(?=[aeiou])", "d"),
        (r"nR", "nt"),
        (r"RR", "tt"),
        (r"QQ", "th"),
        (r"Qth", "th"),
        (r"Q", "th"),
        (r"CC", "ch"),
        (r"C", "ch"),
    ),
    words={"മലയാളം": "malayalam", "അടയ്ക്ക": "adakka", "റബ്ബർ": "rubber", "ഓഫീസർ": "officer"},
)

LETTERS: Mapping[str, Letters] = {
    "hi": HINDI, "mr": MARATHI, "ne": NEPALI, "gu": GUJARATI, "pa": PUNJABI, "bn": BENGALI, "as": ASSAMESE,
    "or": ODIA, "te": TELUGU, "kn": KANNADA, "ta": TAMIL, "ml": MALAYALAM,
}  # fmt: skip
