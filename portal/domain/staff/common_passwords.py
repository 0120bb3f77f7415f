"""What most passwords are made of, longest first where it matters: words, walks over the keyboard, runs.

A list of whole passwords of 12 and more characters would be these, glued together in thousands of ways
(`password1234`, `qwertyuiop123`, `Welcome2024!`). So the pieces are kept, and `rules.check_password` takes
them out of what was entered.
"""

WORDS = frozenset(
    """
    password passwort passwd passw0rd passphrase secret geheim motdepasse contrasena senha parola admin
    administrator root superuser sysadmin user username guest login logon signin access welcome
    willkommen bienvenue hello goodbye letmein openup opensesame changeme change default temporary temp
    test testing tester demo example sample master manager service support helpdesk office company
    portal server system computer internet network windows linux microsoft google facebook apple android
    samsung iloveyou iloveu loveyou lovely love baby babygirl princess angel sweetheart honey sunshine
    monkey dragon tiger lion panther eagle falcon shadow phoenix wolf bear horse kitty puppy football
    baseball basketball soccer hockey liverpool arsenal chelsea barcelona realmadrid juventus superman
    batman spiderman ironman starwars pokemon matrix hunter killer ninja warrior trustno michael jordan
    jennifer jessica ashley daniel charlie andrew thomas george robert matthew nicole michelle summer
    winter spring autumn january february march april june july august september october november
    december monday tuesday wednesday thursday friday saturday sunday london paris berlin madrid newyork
    america england germany france india china canada australia freedom forever whatever nothing
    something everything corvette mustang mercedes ferrari porsche yamaha cheese chocolate cookie banana
    orange pepper ginger flower butterfly rainbow diamond purple silver golden jesus christ heaven
    blessed money dollar
    """.split()  # noqa: SIM905
)

RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopü",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()",
    "147258369",
    "159357",
    "112233445566778899",
    "11223344",
    "aabbccddeeff",
)
"""Walks over the keyboard, alphabet and digits; each also counts backwards, from four characters on."""
