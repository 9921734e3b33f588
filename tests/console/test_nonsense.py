"""Every field of every form of the console with nonsense: an answer in place, no fault, and the page goes on."""

import pytest

from tests.doubles.home_world import HomeWorld

NONSENSE = {
    "nothing": "",
    "long": "x" * 20_000,
    "nul": "a\x00b",
    "markup": "<script>alert(1)</script>",
    "gaps": "{0} {camera} %s",
    "lines": "a\r\nSet-Cookie: b=c",
    "sign": "🎥" * 50,
    "right to left": "\u202eabc",
    "half a pair": "\ud83d",
    "path": "../../keys/seal",
    "number": "-1e309",
}
FIELDS = {
    "/home": (
        [
            "step",
            "entry",
            "user",
            "password",
            "code",
            "camera",
            "picture_code",
            "encryption_code",
            "home_code",
            "deciphered",
            "open_way",
        ]
    ),
    "/home/assistants": [
        "step",
        "links",
        "link",
        "cameras",
        "later",
        "client",
        "assistant",
        "redirects",
        "pin",
        "again",
        "user",
        "household",
        "name",
    ],
    "/home/try": ["text"],
    "/home/health": ["step"],
    "/home/google": ["step", "project"],
    "/home/alexa": ["step", "client-id", "client-secret", "language", "arn"],
    "/home/alexa/hand": ["step", "redirect", "skill-id", "events-id", "events-secret", "language"],
    "/home/reachable": ["step", "name"],
    "/home/setup": ["step", "user", "password", "own_user", "own_password", "code"],
    "settings": ["setting", "value", "consent"],
    "preferences": ["voice_may", "room", "keep_warm", "while_encrypted"],
    "password": ["old", "new", "again", "consent"],
    "delete": ["name"],
    "restart": ["x"],
    "history": ["history"],
}
STEPS = {
    "/home": [
        "code",
        "again",
        "open-way",
        "picture-code",
        "forget-code",
        "encryption-off",
        "encryption-code",
        "wake",
        "sound-on",
    ],
    "/home/assistants": (
        [
            "acknowledge",
            "end",
            "choose",
            "add-client",
            "renew-secret",
            "remove-client",
            "set-pin",
            "open-window",
            "invite",
            "take-back",
            "delete",
        ]
    ),
    "/home/health": ["examine", "backup"],
    "/home/alexa": ["begin", "stack", "template", "function"],
    "/home/alexa/hand": ["hand-client", "hand-keep", "hand-stack", "hand-template"],
    "/home/reachable": ["address", "caddy", "apply", "expose", "unexpose"],
    "/home/setup": ["sign-in", "own", "code"],
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_no_field_of_any_form_makes_a_fault(world: HomeWorld, kind: str) -> None:
    browser, bad = world.signed_in(), NONSENSE[kind].encode("utf-8", "surrogatepass")
    faults = []
    for page, fields in FIELDS.items():
        path = page if page.startswith("/") else f"/home/cameras/{world.home.id('Garden')}/{page}"
        for step in STEPS.get(page, ["", "x"]):
            form = {name.encode(): bad for name in fields} | ({b"step": step.encode()} if step else {})
            body = b"&".join(name + b"=" + _escaped(value) for name, value in form.items())
            token = f"csrf_token={browser.token}&".encode()
            kinds = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = browser.ask("POST", path, data=token + body, headers=kinds)
            if answer.status_code >= 500:
                faults.append((path, step, answer.status_code))
    assert faults == []
    assert browser.get().step == ""
    assert "Garden" in browser.text


def _escaped(value: bytes) -> bytes:
    return "".join(f"%{byte:02X}" for byte in value).encode()


@pytest.mark.parametrize("kind", [kind for kind in NONSENSE if kind != "nothing"])
def test_no_address_below_the_console_makes_a_fault(world: HomeWorld, kind: str) -> None:
    browser, bad = world.signed_in(), NONSENSE[kind].encode("utf-8", "surrogatepass")[:2000]
    name = _escaped(bad).decode()
    paths = [
        f"/home/{name}",
        f"/home/cameras/{name}",
        f"/home/cameras/{name}/still.jpg",
        f"/home/cameras/{name}/delete",
        f"/help/{name}",
        f"/h/{name}",
    ]
    answers = [browser.ask("GET", path).status_code for path in paths]
    assert answers == [404] * len(paths)
    assert browser.ask("GET", f"/home/reachable?name={name}").status_code == 403
