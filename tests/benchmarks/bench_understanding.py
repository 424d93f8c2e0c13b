"""Crop, topic and intent on real questions that nobody trained on.

`make bench-understanding`; `python -m tests.benchmarks.bench_understanding --misses` prints what goes wrong.

A row counts as naming its crop when a run of one to three of its words is like (rapidfuzz ratio >= 85; words under
five letters exactly) one of the label's official names, those in brackets included, or one of the local names below.
It is right when that crop, its group or a member of it is among at most two predicted ones.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median

from rapidfuzz import fuzz

from bot.domain.turns import Intent, Understanding
from bot.knowledge import Knowledge, Taxonomy
from bot.locales import Locales
from bot.understanding.understand import Understander
from tests.benchmarks.bench_retrieval import retrieval_table

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
RESULTS = Path(__file__).parent / "results"
ALIKE = 85
Row = dict[str, str]

CROPS = {
    "Paddy (Dhan)": "rice", "Wheat": "wheat", "Cotton (Kapas)": "cotton", "Chillies": "chilli", "Brinjal": "brinjal",
    "Onion": "onion", "Tomato": "tomato", "Bovine(Cow,Buffalo)": "cattle", "Mango": "mango",
    "Sugarcane (Noble Cane)": "sugarcane", "Soybean (bhat)": "soybean", "Bhindi(Okra/Ladysfinger)": "okra",
    "Bengal Gram (Gram/Chick Pea/Kabuli/Chana)": "chickpea", "Potato": "potato",
    "Groundnut (pea nut/mung phalli)": "groundnut", "Coconut": "coconut",
    "Green Gram (Moong Bean/ Moong)": "green-gram", "Black Gram (urd bean)": "black-gram", "Maize (Makka)": "maize",
    "Banana": "banana", "Bitter Gourd": "bitter-gourd", "Mustard": "mustard", "Cucumber": "cucumber",
    "Pigeon pea (red gram/arhar/tur)": "pigeon-pea", "Garlic": "garlic", "Watermelon": "watermelon", "Apple": "apple",
    "Papaya": "papaya", "Fresh Water": "fish", "Cold Water": "fish", "Cauliflower": "cauliflower", "Guar": "guar",
    "Cabbage": "cabbage", "Pomegranate": "pomegranate", "Coriander": "coriander", "POULTRY FARM": "poultry",
    "Turmeric": "turmeric", "Citrus": "citrus", "Bottle Gourd": "bottle-gourd", "Ginger": "ginger",
    "Indian rapeseed and mustard (yellow sarson)": "mustard", "Sesame (Gingelly/Til)/Sesamum": "sesame",
    "Goat": "goat", "Lemon": "citrus", "Cowpea (Vegetable)": "cowpea", "Pea (Vegetable)": "pea", "Cumin": "cumin",
    "Pumpkin": "pumpkin", "Marigold": "marigold", "Pig": "pig",
    "Pearl Millet (Bajra/Bulrush Millet/Spiked Millet)": "pearl-millet", "Castor (Rehri, Rendi, Arandi)": "castor",
    "Guava": "guava", "Rose": "rose", "Sorghum (Jowar/Great Millet)": "sorghum", "Pointed Gourd": "pointed-gourd",
    "Beans": "beans", "French Bean": "beans", "Jack Fruit": "jackfruit", "Ridge Gourd": "ridge-gourd",
    "Mushroom": "mushroom", "Ash Gourd (Petha)": "cucurbits", "Sunflower (suryamukhi)": "sunflower", "Mentha": "mint",
    "Jasmine": "jasmine", "Grape": "grape", "Orange": "citrus", "Duck": "poultry", "Radish": "radish",
    "Acid Lime": "citrus", "Lentil (Masur)": "lentil", "Drum Stick": "drumstick", "Beekeeping": "bees",
    "Mosambi": "citrus", "Arecanut": "arecanut", "Tea": "tea", "Litchi": "litchi",
    "FingerMillet (Ragi/Mandika)": "finger-millet", "Carrot": "carrot", "Capsicum": "capsicum",
    "Bell Pepper": "capsicum", "Barseem": "berseem", "Fenugreek": "fenugreek", "Methi (Fenugreek)": "fenugreek",
    "Betel Vine": "betel-vine", "Cardamom": "cardamom", "Large Cardamom": "cardamom", "Sapota": "sapota",
    "Strawberry": "strawberry", "Sponge Gourd": "sponge-gourd", "Jute": "jute", "Brown Sarson": "mustard",
    "Peas (field peas/ garden peas/matar)": "pea", "Garden Pea": "pea", "Cashew": "cashew", "Cluster Bean": "guar",
    "Spinach (Palak)": "spinach", "fodder sorghum": "fodder", "Dolichos Bean": "beans", "Aonla": "aonla",
    "African Sarson": "mustard", "Barley (Jau)": "barley", "Aloe Vera": "aloe-vera", "Tapioca (Cassava)": "cassava",
    "Fennel": "fennel", "Ber": "ber", "Indian Squash (Tinda/Round Melon)": "round-gourd", "Tobacco": "tobacco",
    "Ribbed Gourd (Kali Tori)": "ridge-gourd", "Oil palm": "oil-palm", "Raya (Indian Mustard)": "mustard",
    "Poplar": "poplar", "Mint": "mint", "OPIUM POPY": "opium-poppy", "Musk Melon": "muskmelon",
    "Sweet Potato": "sweet-potato", "Coffee": "coffee", "Pineapple": "pineapple", "Spine Gourd": "cucurbits",
    "Snake Gourd": "cucurbits", "Amarphophallus (Surankand/Elephant Foot Yam)": "elephant-foot-yam", "Sheep": "goat",
    "Baby Corn": "maize", "Napier Grass": "fodder", "Eculeptous": "eucalyptus", "Chrysanthemum": "chrysanthemum",
    "Rubber": "rubber", "Isabgol": "isabgol", "Mulberry": "mulberry", "Broccoli": "cauliflower",
}  # fmt: skip
"""Official crop names to ours; those that our taxonomy lacks are missing here."""

LOCAL = {
    "rice": "dhaan jhona basmati rice", "wheat": "gehu gehun gahu genhu", "cotton": "narma", "chilli": "mirch mirchi",
    "brinjal": "baigan baingan began", "onion": "pyaj pyaz", "tomato": "tamatar tamater", "mango": "aam",
    "cattle": "gay gaay bhains pashu",
    "sugarcane": "ganna ganne", "soybean": "soyabean soya", "okra": "bhendi", "potato": "aalu alu aloo",
    "groundnut": "peanut moongfali", "coconut": "nariyal", "maize": "makke", "banana": "kela kele",
    "bitter-gourd": "karela", "mustard": "sarso sarson", "cucumber": "kheera khira", "garlic": "lahsun",
    "watermelon": "tarbuj", "apple": "seb", "papaya": "papita", "fish": "fish fishery", "cauliflower": "gobhi",
    "guar": "gwar", "cabbage": "pattagobhi", "pomegranate": "anar", "coriander": "dhaniya", "turmeric": "haldi",
    "citrus": "nimbu lemon orange", "bottle-gourd": "lauki", "ginger": "adrak", "goat": "bakri goat", "cowpea": "lobia",
    "pea": "matar peas", "cumin": "jeera jira", "pumpkin": "kaddu", "marigold": "genda", "guava": "amrud",
    "pointed-gourd": "parwal parval", "lentil": "masoor", "radish": "mooli muli", "grape": "angoor",
}  # fmt: skip

TOPICS = {
    "Plant Protection": {"pest", "disease", "weed", "nutrition"}, "Disease Management": {"disease", "pest"},
    "Weather": {"weather"}, "Fertilizer Use and Availability": {"nutrition", "soil"},
    "Nutrient Management": {"nutrition"}, "Market Information": {"market"}, "Government Schemes": {"scheme"},
    "Varieties": {"variety"}, "Seeds": {"variety", "sowing"}, "Weed Management": {"weed"}, "Soil Testing": {"soil"},
    "Water Management": {"water"}, "Seeds and Planting Material": {"variety", "sowing"}, "Crop Insurance": {"scheme"},
    "Credit": {"scheme"}, "Dairy Production": {"livestock"}, "Cultural Practices": {"sowing", "nutrition", "harvest"},
    "Sowing Time and Weather": {"sowing", "weather"}, "Field Preparation": {"sowing", "soil"},
}  # fmt: skip

HAND_JUDGED = """## A sample of romanised Hindi, judged by hand

150 rows of kcc_roman_hindi_dev.csv (`random.Random(20261121).sample(range(1502), 150)`), each read and judged by
one reader, the AI assistant that wrote this bench and no native speaker, on 21 November 2026: what crop or problem
would a reader name, and what was found?

| | rows |
|---|---|
| a reader can name neither crop nor problem (prices, weather, a scheme without its name, inputs) | 15 |
| a reader can name one or both | 135 |
| of these crop or problem named right | 133 (0.985) |
| of these something wrong beside it (a crop too many, a problem that is another) | 4 |
| of the 15, something named that is not there | 2 |

The six wrong ones were mended afterwards (words for rain, leafhopper, a wheat weed, a shoot's tip, "the voice does not
come"), so the sample no longer tells anything about those words."""

RETRIEVAL = """## Retrieval

The card that is right, first (hit@1) or among three (hit@3). *Card questions*: one question of each card in each
language, drawn by lot and left out of all indexes; right is its card alone. Our names of crops and problems were
written with these questions in view (`khetdoot check` wants each to find its card), so that row flatters ours.
*Call-centre questions*: rows of kcc_labelled_dev.csv whose columns tell crop and topic; right is any card of that crop
on that topic (a card without a crop where a theme is asked for). The labels are noisy. Ours may answer with no card,
which counts as a miss."""

TOPICS_DRAWN = """## Topics by query type

Green frames are the topics that fit. "Disease Management" is the call centre's query type for sick animals, which are
`livestock` to us; "Weather" and "Cultural Practices" hold many rows that are about something else."""

WEATHER_WORDS = re.compile(
    r"weather|weaher|wether|wheather|wather|whether (report|info|forecast)|forecast|forcast|rain ?fall|mausam|mosam|"
    r"mousam|mausham|mausem|maosm|barish|\brain\b",
    re.IGNORECASE,
)
NAMES_IN_HINDI = re.compile(
    r"keet|keed|kida|kide|kira|kit\b|sundi|illi|insect|rog|jhulsa|deemak|dimak|mahu|pil[aei]|peel|sukh|sookh|gal|sad|"
    r"khar|khad|urea|phal|fal|phool|fool|patti|mausam",
    re.IGNORECASE,
)


def read(name: str) -> list[Row]:
    """Rows of one data file."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(text: str) -> list[str]:
    """Lower-case Latin words."""
    return re.findall(r"[a-z]+", text.lower())


def official_names(label: str) -> Iterator[str]:
    """The names in a label, those in brackets included."""
    for part in re.split(r"[(),/]", label):
        if name := " ".join(words(part)):
            yield name


def names_crop(text: str, label: str, crop: str) -> bool:
    """Whether the text names its label's crop, by the rule above."""
    names = {*official_names(label), *LOCAL.get(crop, "").split()} - {"vegetable", "fresh water", "cold water", "farm"}
    tokens = words(text)
    runs = {" ".join(tokens[start : start + size]) for size in (1, 2, 3) for start in range(len(tokens))}
    return any(
        run == name or (min(len(run), len(name)) >= 5 and fuzz.ratio(run, name) >= ALIKE)
        for run in runs
        for name in names
    )


def right_crop(understood: Understanding, crop: str, taxonomy: Taxonomy) -> bool:
    """The crop, or a group or member of it, is among the one or two predicted."""
    found = understood.entities.crops
    family = {crop, taxonomy.crops.get(crop, "")}
    return 0 < len(found) <= 2 and any(one in family or taxonomy.crops.get(one) == crop for one in found)


def share(right: int, total: int) -> str:
    """`0.945 (1230 of 1302)`."""
    return f"{right / max(total, 1):.3f} ({right} of {total})"


def measure_crops(understand: Callable[[str], Understanding], taxonomy: Taxonomy, misses: bool) -> Iterator[str]:
    """Crop named in the text, on the labelled questions."""
    rows = [row for row in read("kcc_labelled_dev.csv") if row["crop"] in CROPS]
    named = [row for row in rows if names_crop(row["query_text"], row["crop"], CROPS[row["crop"]])]
    results = [(row, understand(row["query_text"])) for row in named]
    good = [right_crop(understood, CROPS[row["crop"]], taxonomy) for row, understood in results]
    yield f"labelled rows with a crop of ours: {len(rows)}; naming it: {len(named)}"
    yield f"crop right: {share(sum(good), len(good))}"
    unknown = [row for row in read("kcc_labelled_dev.csv") if row["crop"] not in CROPS and row["crop"] != "Others"]
    spoken = [row for row in unknown if names_crop(row["query_text"], row["crop"], "")]
    silent = [row for row in spoken if not understand(row["query_text"]).entities.crops]
    yield f"crop that our taxonomy lacks, named, and no other crop read into it: {share(len(silent), len(spoken))}"
    if misses:
        for (row, understood), ok in zip(results, good, strict=True):
            if not ok:
                print("  CROP", CROPS[row["crop"]], "|", row["query_text"][:110], "|", understood.entities.crops)
        for row in spoken:
            if row not in silent:
                print(
                    "  LACK",
                    row["crop"],
                    "|",
                    row["query_text"][:90],
                    "|",
                    understand(row["query_text"]).entities.crops,
                )


def measure_uganda(understand: Callable[[str], Understanding], misses: bool) -> Iterator[str]:
    """Crop of the Ugandan questions that name it."""
    rows = [row for row in read("agroqa_dev.csv") if row["Crop"].rstrip("s") in row["Question"].lower()]
    results = [(row, understand(row["Question"]).entities.crops) for row in rows]
    wrong = [(row, crops) for row, crops in results if row["Crop"] not in crops]
    yield f"Uganda: crop right where it is named: {share(len(rows) - len(wrong), len(rows))}"
    for row, crops in wrong if misses else ():
        print("  UGANDA", row["Crop"], "|", row["Question"][:110], "|", crops)


def measure_topics(understand: Callable[[str], Understanding], misses: bool) -> Iterator[str]:
    """Topic of the labelled questions against the query type, which is noisy."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in read("kcc_labelled_dev.csv"):
        if wanted := TOPICS.get(row["query_type"]):
            understood = understand(row["query_text"])
            total[row["query_type"]] += 1
            ok = understood.topic in wanted
            right[row["query_type"]] += ok
            if misses and not ok:
                print("  TOPIC", row["query_type"][:16], "|", row["query_text"][:100], "|", understood.topics)
    yield f"topic agrees with the query type: {share(right.total(), total.total())}"
    for name, count in total.most_common():
        yield f"  - {name}: {share(right[name], count)}"


def measure_hindi(understand: Callable[[str], Understanding], misses: bool) -> Iterator[str]:
    """Romanised Hindi: crop or problem found, where words of either kind stand in the text; language."""
    rows = read("kcc_roman_hindi_dev.csv")
    results = [(row, understand(row["query_text"])) for row in rows]
    found = [(row, u) for row, u in results if u.entities.crops or u.entities.problems]
    language = sum(u.language.tag in ("hi-Latn", "ur-Latn") for _, u in results)
    yield f"romanised Hindi: crop or problem named: {share(len(found), len(rows))}"
    clear = sum(u.intent is not Intent.UNCLEAR for _, u in results)
    yield f"romanised Hindi: any meaning found: {share(clear, len(rows))}"
    yield f"romanised Hindi: read as Hindi or Urdu: {share(language, len(rows))}"
    if misses:
        for row, u in results:
            if (row, u) not in found:
                print(
                    "  HINDI", row["crop"][:14], "|", row["query_text"][:110], "|", u.language.tag, u.intent, u.topics
                )


def measure_weather(understand: Callable[[str], Understanding], misses: bool) -> Iterator[str]:
    """Bare weather questions, and how often something else is taken for one."""
    rows = read("kcc_dev.csv")
    weather = [row for row in rows if WEATHER_WORDS.search(row["query_text"]) and row["query_type"] in ("Weather", "1")]
    results = [(row, understand(row["query_text"])) for row in weather]
    right = [u.intent is Intent.GET_WEATHER for _, u in results]
    yield f"weather questions understood: {share(sum(right), len(right))}"
    others = [row for row in rows if not WEATHER_WORDS.search(row["query_text"])]
    wrong = [row for row in others if understand(row["query_text"]).intent is Intent.GET_WEATHER]
    yield f"others taken for weather: {share(len(wrong), len(others))}"
    if misses:
        for (row, u), ok in zip(results, right, strict=True):
            if not ok:
                print("  WEATHER", row["query_text"][:110], "|", u.intent, u.topics)
        for row in wrong:
            print("  NOT WEATHER", row["query_type"], "|", row["query_text"][:110])


def measure_commands(understand: Callable[[str], Understanding], misses: bool) -> Iterator[str]:
    """Farm questions taken for commands or emergencies."""
    counts: Counter[str] = Counter()
    files = ("kcc_dev.csv", "kcc_recent_dev.csv", "kcc_labelled_dev.csv", "kcc_roman_hindi_dev.csv")
    questions = {row["query_text"] for name in files for row in read(name)}
    questions |= {row["Question"] for row in read("agroqa_dev.csv")}
    for text in sorted(questions):
        understood = understand(text)
        counts[understood.intent] += 1
        if misses and understood.intent not in (Intent.ASK_ADVICE, Intent.GET_WEATHER, Intent.GET_PRICE):
            print("  COMMAND", understood.intent, understood.argument, "|", text[:110])
    yield f"intents of all questions: {dict(counts.most_common())}"


def measure_speed(understand: Callable[[str], Understanding], texts: Iterable[str]) -> Iterator[str]:
    """Milliseconds a text."""
    took = []
    for text in texts:
        begun = time.perf_counter()
        understand(text)
        took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    yield f"ms a text: median {median(took):.2f}, 95 % {took[int(len(took) * 0.95)]:.2f}, most {took[-1]:.1f}"


def draw_topics(understand: Callable[[str], Understanding], path: Path) -> None:
    """A PNG: what topics the questions of each query type were given, in percent; frames are the topics that fit."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import Rectangle

    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read("kcc_labelled_dev.csv"):
        if row["query_type"] in TOPICS:
            counts[row["query_type"]][understand(row["query_text"]).topic or "none"] += 1
    kinds = sorted(counts, key=lambda kind: -counts[kind].total())
    topics = [topic for topic, _ in sum(counts.values(), Counter()).most_common()]
    figure, axes = plt.subplots(figsize=(11, 9))
    cells = [[counts[kind][topic] / counts[kind].total() for topic in topics] for kind in kinds]
    axes.imshow(cells, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(topics)), topics, rotation=90)
    axes.set_yticks(range(len(kinds)), [f"{kind} ({counts[kind].total()})" for kind in kinds])
    axes.set_xlabel("topic found")
    axes.set_ylabel("query type as labelled (questions)")
    axes.set_title("Khetdoot on kcc_labelled_dev.csv, share of each row in percent")
    for y, (kind, values) in enumerate(zip(kinds, cells, strict=True)):
        for x, (topic, value) in enumerate(zip(topics, values, strict=True)):
            if value >= 0.005:
                colour = "white" if value > 0.5 else "black"
                axes.text(x, y, f"{value * 100:.0f}", ha="center", va="center", fontsize=8, color=colour)
            if topic in TOPICS[kind]:
                axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor="seagreen", linewidth=2))
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Prints the figures and writes them, with the table of retrieval, to results/understanding.md."""
    if not DATA.is_dir():
        sys.exit(f"no data: {DATA}")
    misses = "--misses" in sys.argv
    locales, knowledge = Locales.load(ROOT / "locales"), Knowledge.load(ROOT / "knowledge")
    understander = Understander.build(locales, knowledge.taxonomy, ROOT / "locales" / "models")
    understand = understander.understand
    lines = [
        "# Understanding",
        "",
        "Made by bench_understanding.py on questions of the Kisan Call Centre and of Uganda.",
        "",
    ]
    for measured in (
        measure_crops(understand, knowledge.taxonomy, misses),
        measure_uganda(understand, misses),
        measure_topics(understand, misses),
        measure_hindi(understand, misses),
        measure_weather(understand, misses),
        measure_commands(understand, misses),
        measure_speed(understand, [row["query_text"] for row in read("kcc_dev.csv")[:3000]]),
    ):
        for line in measured:
            print(line, flush=True)
            lines.append(line if line.startswith(" ") else f"- {line}")
    lines += ["", HAND_JUDGED, "", RETRIEVAL, "", *retrieval_table(locales, knowledge, understander, DATA)]
    lines += ["", TOPICS_DRAWN, "", "![Topics](topics.png)"]
    (RESULTS / "understanding.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    draw_topics(understand, RESULTS / "topics.png")
    print("\n".join(lines[lines.index(RETRIEVAL) :]))


if __name__ == "__main__":
    main()
