"""README and friends say what the program does: settings, commands and folders are compared with it."""

from __future__ import annotations

import re
from pathlib import Path

from bot.__main__ import app
from bot.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def settings_table() -> str:
    """The Markdown table of all settings."""
    lines = ["| setting | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = {"locales_dir": "beside the program", "knowledge_dir": "beside the program"}.get(name)
        if shown is None:
            secret = getattr(default, "get_secret_value", None)
            shown = str(secret() if secret else default)
            shown = "" if default == () else shown
        lines.append(f"| `{PREFIX}{name.upper()}` | {f'`{shown}`' if shown else ''} | {field.description} |")
    return "\n".join(lines)


def test_readme_has_every_setting() -> None:
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)
    assert found
    assert found.group(1).strip() == settings_table(), f"put this into README.md:\n{settings_table()}"


def test_readme_names_every_command() -> None:
    names = [
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    ]
    names += [group.name or "" for group in app.registered_groups]
    assert [name for name in names if f"`khetdoot {name}" not in README] == []


def test_readme_names_every_folder() -> None:
    folders = ["bot", "knowledge", "locales", "deploy", "tests"]
    assert [folder for folder in folders if f"`{folder}/`" not in README] == []


def test_env_example_names_only_settings() -> None:
    example = (ROOT / "deploy" / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(rf"^#?\s*{PREFIX}([A-Z_]+)=", example, re.MULTILINE))
    assert named <= {name.upper() for name in Settings.model_fields}
    assert {"TELEGRAM_TOKEN", "DATABASE_URL", "REDIS_URL", "OFFICER_CHAT_IDS"} <= named


def test_no_registry_hosts_in_constraints() -> None:
    text = (ROOT / "deploy" / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+", line) for line in text.split())


def test_changelog_and_version_agree() -> None:
    version = re.search(r'^version = "(.+?)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"## {version.group(1)}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
