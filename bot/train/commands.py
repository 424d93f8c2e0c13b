"""`khetdoot train`: makes the small models in locales/models again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.knowledge import Knowledge
from bot.locales import Locales
from bot.settings import read_settings
from bot.train.languages import train_languages
from bot.train.topics import train_topics

app = typer.Typer(help="Makes the small models of locales/models again; the same input gives the same files.")
Out = Annotated[Path | None, typer.Option(help="Folder to write to; default: locales/models")]


@app.command()
def languages(
    corpus: Annotated[
        Path | None, typer.Option(help="Folder of <tag>.txt files; without it our own text serves")
    ] = None,
    out: Out = None,
) -> None:
    """Trains the language classifiers from locales/, knowledge/, generated text and a corpus."""
    settings = read_settings()
    models = out or settings.locales_dir / "models"
    print(train_languages(corpus, settings.locales_dir, settings.knowledge_dir, models))


@app.command()
def topics(out: Out = None) -> None:
    """Trains the topic model from the examples of locales/ and the questions of cards."""
    settings = read_settings()
    locales, knowledge = Locales.load(settings.locales_dir), Knowledge.load(settings.knowledge_dir)
    print(train_topics(locales, knowledge, out or settings.locales_dir / "models"))
