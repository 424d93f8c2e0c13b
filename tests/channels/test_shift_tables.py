"""National tables, compared place by place with the tables as the standard prints them."""

from __future__ import annotations

import pytest

from bot.channels.alphabets import DEFAULT_TABLE, GSM7, national
from bot.channels.segments import Segments, encode, measure, split
from bot.channels.shift_tables import NATIONAL_LANGUAGES, SCRIPTS, locking_table, single_shift_table
from bot.domain.errors import DataError

# 3GPP TS 23.038 A.3 and A.2, 128 places each; a blank is an empty place (0x20 is the space), ¤ at 0x1B the escape.
LOCKING = {
    4: (
        "ঁংঃঅআইঈউঊঋ\nঌ \r এঐ  ওঔকখগঘঙচ\x1bছজঝঞ"
        " !টঠডঢণত)(থদ,ধ.ন0123456789:; পফ?বভমযর ল   শষসহ়ঽািীুূৃৄ  েৈ  োৌ্ৎabcdefghijklmnopqrstuvwxyzৗ\u09dc\u09ddৰৱ"
    ),
    6: (
        "ँंःअआइईउऊऋ\nऌऍ\rऎएऐऑऒओऔकखगघङच\x1bछजझञ"
        " !टठडढणत)(थद,ध.न0123456789:;ऩपफ?बभमयरऱलळऴवशषसह़ऽािीुूृॄॅॆेैॉॊोौ्ॐabcdefghijklmnopqrstuvwxyzॲॻॼॾॿ"
    ),
    11: (
        " ஂஃஅஆஇஈஉஊ \n  \rஎஏஐ ஒஓஔக   ஙச\x1b ஜ ஞ"
        " !ட   ணத)(  , .ந0123456789:;னப ?  மயரறலளழவஶஷஸஹ  ாிீுூ   ெேை ொோௌ்ௐabcdefghijklmnopqrstuvwxyzௗ௰௱௲௹"
    ),
    12: (
        "ఁంఃఅఆఇఈఉఊఋ\nఌ \rఎఏఐ ఒఓఔకఖగఘఙచ\x1bఛజఝఞ"
        " !టఠడఢణత)(థద,ధ.న0123456789:; పఫ?బభమయరఱలళ వశషసహ ఽాిీుూృౄ ెేై ొోౌ్ౕabcdefghijklmnopqrstuvwxyzౖౠౡౢౣ"
    ),
}
SINGLE = {
    6: (
        "@£$¥¿\"¤%&'\f*+ -/"
        "<=>¡^¡_#*।॥ ०१२३४५६७८९\u0951\u0952{}\u0953\u0954\u0958\u0959\u095a\\\u095b\u095c\u095d\u095e\u095fॠॡॢॣ॰ॱ [~] "
        "|ABCDEFGHIJKLMNOPQRSTUVWXYZ          €"
    ),
    8: ("@£$¥¿\"¤%&'\f*+ -/<=>¡^¡_#*।॥ ൦൧൨൩൪൫൬൭൮൯൰൱{}൲൳൴൵ൺ\\ൻർൽൾൿ       [~] |ABCDEFGHIJKLMNOPQRSTUVWXYZ          €"),
    10: (
        "@£$¥¿\"¤%&'\f*+ -/"
        "<=>¡^¡_#*।॥ ੦੧੨੩੪੫੬੭੮੯\u0a59\u0a5a{}\u0a5bੜ\u0a5eੵ \\            [~] |ABCDEFGHIJKLMNOPQRSTUVWXYZ          €"
    ),
}


@pytest.mark.parametrize("identifier", LOCKING)
def test_locking_tables(identifier: int) -> None:
    printed = LOCKING[identifier]
    assert len(printed) == 128
    table = locking_table(identifier)
    assert {char: place for char, place in table.items() if char != " "} == {
        char: place for place, char in enumerate(printed) if char not in " \x1b"
    }
    assert table[" "] == 0x20


@pytest.mark.parametrize("identifier", SINGLE)
def test_single_shift_tables(identifier: int) -> None:
    printed = SINGLE[identifier]
    table = single_shift_table(identifier)
    assert all(printed[place] == char for char, place in table.items())
    assert set(table) == set(printed) - {" "}


@pytest.mark.parametrize("identifier", SCRIPTS)
def test_no_place_is_used_twice(identifier: int) -> None:
    for table in (locking_table(identifier), single_shift_table(identifier)):
        assert len(set(table.values())) == len(table)
        assert max(table.values()) <= 0x7F
        assert 0x1B not in table.values()


def test_the_default_alphabet_has_128_places() -> None:
    assert len(DEFAULT_TABLE) == 128
    assert DEFAULT_TABLE[0x1B] == "\x1b"
    assert GSM7.encode("@€a") == b"\x00\x1b\x65\x61"


def test_headers_leave_155_152_149_and_146_septets() -> None:
    assert (national(0, 6).single, national(0, 6).part) == (155, 149)
    assert (national(6, 6).single, national(6, 6).part) == (152, 146)


def test_hindi_costs_half_with_its_tables() -> None:
    advice = "धान में तना छेदक के सूखे पौधे उखाड़ कर जला दें। खेत में पानी कम करें और अगले सात दिन तक यूरिया न डालें, फिर हमें बताएं।"
    assert measure(advice).count == 2
    with_tables = measure(advice, [6])
    assert with_tables.count == 1
    assert with_tables.encoding.startswith("gsm7-6")
    assert "".join(split(advice * 3, [6])) == advice * 3


@pytest.mark.parametrize(("language", "text"), [("te", "వరి పొలంలో"), ("ta", "நெல் வயல்"), ("pa", "ਝੋਨੇ ਦਾ"), ("or", "ଧାନ")])
def test_each_script_is_written_with_its_own_table(language: str, text: str) -> None:
    identifier = NATIONAL_LANGUAGES[language]
    alphabet, parts = encode(text * 12, [identifier])
    assert alphabet.locking == identifier
    assert sum(map(len, parts)) == len(text * 12)


def test_spanish_accents_fit_one_sms() -> None:
    text = "Riegue el maíz por la mañana. " * 5
    assert measure(text).encoding == "ucs2"
    assert measure(text, [2]) == Segments("gsm7-0-2", 30 * 5 + 5, 1)  # "í" takes two septets


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(DataError, match="table 99"):
        measure("ध" * 80, [99])
