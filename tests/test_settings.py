"""A portal with a bad setting does not start, and says everything that is wrong."""

from pathlib import Path

import pytest

from portal.settings import BadSettings, Settings

WHOLE = {
    "PORTAL_ENV": "production",
    "DATABASE_URL": "postgresql://portal:hush-hush@db.example.com/portal",
    "REDIS_URL": "redis://:hush-hush@cache.example.com:6379/0",
    "SECRET_KEY": "k" * 32,
    "BASE_URL": "https://portal.example.com/",
    "TRUSTED_HOSTS": "portal.example.com, www.example.com",
}


def faults_of(environ: dict[str, str]) -> list[str]:
    """The names of the variables that are complained about, in order."""
    with pytest.raises(BadSettings) as refusal:
        Settings.from_env(environ)
    return [fault.partition(":")[0] for fault in refusal.value.faults]


def test_nothing_set_is_a_portal_for_development_on_its_own_servers(tmp_path):
    settings = Settings.from_env({"PORTAL_VAR": str(tmp_path)})

    assert settings.embedded
    assert not settings.production
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.reports == tmp_path / "reports"


def test_production_is_read_as_written():
    settings = Settings.from_env(WHOLE)

    assert settings.production
    assert not settings.embedded
    assert settings.database_url == "postgresql+psycopg://portal:hush-hush@db.example.com/portal"
    assert settings.base_url == "https://portal.example.com"
    assert settings.trusted_hosts == ("portal.example.com", "www.example.com")


def test_production_names_everything_that_is_missing():
    assert faults_of({"PORTAL_ENV": "production"}) == [
        "BASE_URL",
        "TRUSTED_HOSTS",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
    ]


def test_production_refuses_a_movable_clock():
    assert faults_of(WHOLE | {"PORTAL_TEST_CLOCK": "1"}) == ["PORTAL_TEST_CLOCK"]


def test_a_base_url_that_the_portal_would_not_answer_is_refused():
    assert faults_of(WHOLE | {"BASE_URL": "https://elsewhere.example.com"}) == ["TRUSTED_HOSTS"]


BAD = {
    "PORTAL_ENV": "staging",
    "PORT": "65536",
    "BASE_URL": "portal.example.com",
    "TRUSTED_HOSTS": "https://portal.example.com",
    "TRUSTED_PROXIES": "all",
    "DATABASE_URL": "mysql://db.example.com/portal",
    "REDIS_URL": "cache.example.com:6379",
    "SMTP_URL": "smtp://",
    "MAIL_FROM": "portal",
    "COMPANY_CURRENCY": "XYZ",
    "COMPANY_TIMEZONE": "Europe/Nowhere",
    "COMPANY_LOCALE": "klingon",
    "REPORTS_URL": "s3://bucket/reports",
    "PORTAL_TEST_CLOCK": "yes",
    "SECRET_KEY": "too short",
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_value_is_refused(name, tmp_path):
    assert faults_of({"PORTAL_VAR": str(tmp_path), name: BAD[name]}) == [name]


def test_all_bad_values_are_named_together(tmp_path):
    assert sorted(faults_of({"PORTAL_VAR": str(tmp_path)} | BAD)) == sorted(BAD)


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY"])
def test_a_secret_is_neither_repeated_in_a_fault_nor_shown_with_the_settings(name, tmp_path):
    with pytest.raises(BadSettings) as refusal:
        Settings.from_env({"PORTAL_VAR": str(tmp_path), name: "hush-hush"})

    assert "hush-hush" not in str(refusal.value)
    assert "hush-hush" not in repr(Settings.from_env(WHOLE | {"SMTP_URL": "smtp://me:hush-hush@host"}))


def test_a_secret_may_stand_in_a_file(tmp_path):
    key = tmp_path / "key"
    key.write_text("f" * 40 + "\n")

    settings = Settings.from_env({"PORTAL_VAR": str(tmp_path), "SECRET_KEY_FILE": str(key)})

    assert settings.secret_key == "f" * 40


def test_a_secret_in_two_places_or_in_a_missing_file_is_refused(tmp_path):
    key = tmp_path / "key"
    key.write_text("f" * 40)
    twice = {"PORTAL_VAR": str(tmp_path), "SECRET_KEY": "k" * 40, "SECRET_KEY_FILE": str(key)}
    missing = {"PORTAL_VAR": str(tmp_path), "SECRET_KEY_FILE": str(tmp_path / "none")}

    assert faults_of(twice) == ["SECRET_KEY"]
    assert faults_of(missing) == ["SECRET_KEY_FILE"]


def test_the_key_of_a_development_portal_is_made_once_and_is_for_its_owner_only(tmp_path):
    first = Settings.from_env({"PORTAL_VAR": str(tmp_path)})
    second = Settings.from_env({"PORTAL_VAR": str(tmp_path)})
    other = Settings.from_env({"PORTAL_VAR": str(tmp_path / "other")})

    assert first.secret_key == second.secret_key != other.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "secret_key"]


def test_a_refused_start_leaves_no_key_behind(tmp_path):
    faults_of({"PORTAL_VAR": str(tmp_path), "PORT": "none"})

    assert list(Path(tmp_path).iterdir()) == []
