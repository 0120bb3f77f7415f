"""Which passwords are taken, and how they are kept (S9)."""

import pytest
from argon2 import PasswordHasher

from portal.domain.errors import Invalid
from portal.domain.staff import passwords
from portal.domain.staff.rules import PASSWORD_MAX, check_password

HUGO = {"email": "hugo.zhang@msp.example", "name": "Hugo Zhang"}


@pytest.mark.parametrize(
    "password",
    [
        "correct horse bottle",
        "xk9#mQ2vLp0z",
        "Tr0ub4dor&3xyz",
        "schöne große Bäume",
        "пароль мой длинный",
        "violet lamp 2026 trout",
    ],
)
def test_a_password_of_ones_own_words_is_taken(password):
    check_password(password, **HUGO)


@pytest.mark.parametrize("password", ["", "short", "elevenchars"])
def test_a_password_below_twelve_characters_is_refused(password):
    with pytest.raises(Invalid) as refusal:
        check_password(password, **HUGO)

    assert "at least 12" in refusal.value.faults["password"]


def test_a_password_that_would_keep_the_portal_busy_is_refused():
    with pytest.raises(Invalid):
        check_password("correct horse bottle " * 20, **HUGO)
    assert len("correct horse bottle " * 20) > PASSWORD_MAX


@pytest.mark.parametrize(
    "password",
    [
        "Password1234!",
        "password8264",
        "passwordpassword",
        "P@ssw0rd12345",
        "qwertyuiop123",
        "1q2w3e4r5t6y",
        "qazwsxedcrfv",
        "Welcome2024!!",
        "Summer-2026-!!",
        "123456789012",
        "987654321098",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "xkcdxkcdxkcd",
        "monkeydragon99",
        "iloveyou-tom-7",
        "football football",
        "admin.admin.admin",
        "zxcvbnm,./zxcvbnm",
    ],
)
def test_a_common_password_is_refused_however_it_is_dressed_up(password):
    with pytest.raises(Invalid) as refusal:
        check_password(password, **HUGO)

    assert "guesser" in refusal.value.faults["password"]


@pytest.mark.parametrize(
    "password", ["hugo.zhang-2024", "Zhang Hugo msp!!", "hugohugozhang1", "hugo.zhang@msp.example"]
)
def test_a_password_built_on_the_person_is_refused(password):
    with pytest.raises(Invalid) as refusal:
        check_password(password, **HUGO)

    assert "name" in refusal.value.faults["password"]


def test_passwords_are_kept_as_argon2id():
    stored = passwords.hashed("correct horse bottle")

    assert stored.startswith("$argon2id$")
    assert PasswordHasher(**passwords.COST).hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.is_right("correct horse bottle", stored)
    assert not passwords.is_right("correct horse bottles", stored)
    assert not passwords.is_right("nobody has this password", None)
