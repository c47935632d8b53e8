"""Settings are checked all at once, say what is wrong, and never show a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assistant.errors import PromptError, SettingsError, UserInputError
from assistant.settings import ENV_PREFIX, Settings

SECRET = "sk-do-not-show-4711"


def test_defaults_need_nothing_set(empty_cache: Path) -> None:
    settings = Settings.load()
    assert settings.store == Path("vectorstore")
    assert settings.cache == empty_cache
    assert settings.api_key is None
    assert not settings.offline


def test_arguments_go_before_the_environment_and_that_before_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASSISTANT_EVIDENCE", "12")
    monkeypatch.setenv("ASSISTANT_CAUTION", "0.75")
    monkeypatch.setenv("ASSISTANT_OFFLINE", "1")
    monkeypatch.setenv("ASSISTANT_STORE", "")
    settings = Settings.load(evidence=3, caution=None)
    assert (settings.evidence, settings.caution, settings.offline) == (3, 0.75, True)
    assert settings.store == Path("vectorstore")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"caution": 1.01}, "setting 'caution': input should be less than or equal to 1"),
        ({"caution": -0.1}, "setting 'caution'"),
        ({"caution": float("nan")}, "setting 'caution'"),
        ({"caution": "bold"}, "setting 'caution': input should be a valid number"),
        ({"evidence": 0}, "setting 'evidence'"),
        ({"evidence": 65}, "setting 'evidence'"),
        ({"evidence": 2.5}, "setting 'evidence'"),
        ({"threads": -1}, "setting 'threads'"),
        ({"max_tokens": 10**9}, "setting 'max_tokens'"),
        ({"context_tokens": 8}, "setting 'context_tokens'"),
        ({"request_timeout": 0}, "setting 'request_timeout'"),
        ({"request_timeout": float("inf")}, "setting 'request_timeout'"),
        ({"seed": -1}, "setting 'seed'"),
        ({"model": ""}, "setting 'model'"),
        ({"offline": "perhaps"}, "setting 'offline': input should be a valid boolean"),
        ({"store": 7}, "setting 'store'"),
        ({"endpoint": "localhost:11434"}, "http:// or https:// URL"),
        ({"endpoint": "ftp://localhost/v1"}, "http:// or https:// URL"),
        ({"endpoint": "http://"}, "http:// or https:// URL"),
        ({"endpoint": "http://localhost:99999/v1"}, "setting 'endpoint'"),
        ({"endpoint": "http://me:word@localhost/v1"}, "without user name"),
        ({"endpoint": "http://localhost/v1?key=word"}, "without user name or query; see api_key"),
        ({"chroma_url": "http://word@localhost:8000"}, "without user name"),
        ({"chroma_url": "file:///etc/passwd"}, "http:// or https:// URL"),
        (
            {"chroma_url": "http://chroma.example:8000", "offline": True},
            "setting 'offline': the Chroma server of chroma_url is not on this machine",
        ),
        ({"modell": "x"}, "unknown setting 'modell'"),
    ],
    ids=str,
)
def test_a_bad_value_is_refused_naming_its_setting(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load(**values)
    assert message in str(raised.value)
    assert isinstance(raised.value, UserInputError)


def test_every_mistake_is_told_at_once_with_what_is_known() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load(caution=7, evidence="many", temprature=1)
    for words in ("'caution'", "'evidence'", "unknown setting 'temprature'", "known settings: api"):
        assert words in str(raised.value)


def test_a_misspelt_variable_is_no_silent_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_MODLE", "x")
    with pytest.raises(SettingsError, match="ASSISTANT_MODLE"):
        Settings.load()


def test_an_environment_value_of_the_wrong_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_THREADS", "two")
    with pytest.raises(SettingsError, match="setting 'threads': input should be a valid integer"):
        Settings.load()


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{ENV_PREFIX}API_KEY", SECRET)
    settings = Settings.load()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
    for wrong_place in ("endpoint", "caution", "evidence", "offline"):
        with pytest.raises(SettingsError) as raised:
            Settings.load(**{wrong_place: SECRET})
        assert SECRET not in str(raised.value)


def test_settings_do_not_change() -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError):
        settings.caution = 0.1


def test_the_fingerprint_changes_with_what_shapes_an_answer_and_with_nothing_else() -> None:
    base = Settings.load().fingerprint()
    assert len(base) == 12
    assert Settings.load().fingerprint() == base
    for shaping in (
        {"model": "other"},
        {"embedder": "other"},
        {"caution": 0.4},
        {"evidence": 5},
        {"max_tokens": 100},
        {"context_tokens": 2048},
        {"seed": 8},
        {"endpoint": "http://localhost:1"},
    ):
        assert Settings.load(**shaping).fingerprint() != base, shaping
    for other in (
        {"store": "elsewhere"},
        {"cache": "elsewhere"},
        {"threads": 1},
        {"offline": True},
        {"api_key": SECRET},
        {"chroma_url": "http://localhost:8000"},
    ):
        assert Settings.load(**other).fingerprint() == base, other


def test_the_fingerprint_is_of_the_templates_texts_and_not_of_their_folder(tmp_path: Path) -> None:
    def fingerprint(folder: str, text: str) -> str:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "brief.md").write_text(text)
        return Settings.load(prompts=tmp_path / folder).fingerprint()

    one = fingerprint("one", "$passages $question Be brief.")
    assert one != Settings.load().fingerprint()
    assert one != fingerprint("edited", "$passages $question Be very brief.")
    assert one == fingerprint("elsewhere", "$passages $question Be brief.")
    (tmp_path / "empty").mkdir()
    assert Settings.load(prompts=tmp_path / "empty").fingerprint() == Settings.load().fingerprint()
    with pytest.raises(PromptError, match="no prompts folder"):
        Settings.load(prompts=tmp_path / "nowhere").fingerprint()


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_says_what_it_is(name: str) -> None:
    assert Settings.model_fields[name].description
