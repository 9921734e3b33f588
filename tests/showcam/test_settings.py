from pathlib import Path
from typing import Any

import pytest

from showcam.app.cli import run
from showcam.app.process.settings_sources import SettingsError, load
from showcam.app.settings import GONE, Settings


def test_the_environment_beats_the_file_and_the_file_beats_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "showcam.toml"
    file.write_text('port = 9001\nmedia_port = 9002\nrequire_audio = ["google", "alexa"]\n')
    settings = load(environ={"SHOWCAM_PORT": "9009"}, file=file)
    assert (settings.port, settings.media_port, settings.simulator_port) == (9009, 9002, 8082)
    assert settings.require_audio == ("google", "alexa")


def test_the_variables_of_the_tests_are_no_settings(tmp_path: Path) -> None:
    environ = {"SHOWCAM_SCHEMAS": "/schemas", "SHOWCAM_TEST_SKIPS": "refused", "SHOWCAM_DATA": str(tmp_path)}
    assert load(environ=environ).data == tmp_path


def test_a_list_in_the_environment_is_parted_by_commas() -> None:
    settings = load(environ={"SHOWCAM_TRUSTED_PROXIES": "10.0.0.1, 192.168.0.0/16"})
    assert settings.trusted_proxies == ("10.0.0.1", "192.168.0.0/16")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Settings().stun),
        ('stun = "stun.example:3478"', ("stun.example:3478",)),  # as it was before it was a list
        ('stun = ["a.example:3478", "b.example:19302"]', ("a.example:3478", "b.example:19302")),
        ("stun = []", ()),
        ('stun = ""', ()),
    ],
)
def test_stun_servers_are_named_changed_and_switched_off(tmp_path: Path, text: str, wanted: tuple[str, ...]) -> None:
    file = tmp_path / "showcam.toml"
    file.write_text(text)
    assert load(environ={}, file=file).stun == wanted
    assert load(environ={"SHOWCAM_STUN": ""}, file=file).stun == ()
    assert load(demo=True, environ={}, file=tmp_path / "showcam.toml").stun == (wanted if text else ())


def test_the_command_line_beats_everything() -> None:
    assert load(environ={"SHOWCAM_PORT": "9009"}, overrides={"port": 9010, "data": None}).port == 9010


@pytest.mark.parametrize(
    ("environ", "explain"),
    [
        ({}, "picture"),
        ({"SHOWCAM_MEDIA_URLS": "https://a.example"}, "picture"),
        ({"SHOWCAM_PICTURES": "plane"}, "picture"),
        ({"SHOWCAM_PICTURES": "vendor"}, "no"),
        ({"SHOWCAM_PICTURES": "vendor", "SHOWCAM_EXPLAIN": "no"}, "no"),
        ({"SHOWCAM_EXPLAIN": "no"}, "no"),
    ],
)
def test_reasons_are_shown_as_pictures_where_a_media_process_draws_them(environ: dict[str, str], explain: str) -> None:
    assert load(environ=environ).explain == explain


def test_pictures_can_be_left_to_the_vendor_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "showcam.toml"
    file.write_text('pictures = "vendor"\n')
    assert load(environ={}, file=file).explain == "no"
    file.write_text('pictures = "vendor"\nexplain = "picture"\n')
    with pytest.raises(SettingsError, match=r"explain from .*showcam.toml"):
        load(environ={}, file=file)


def test_a_setting_that_is_gone_is_ignored_with_a_warning_that_names_where_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "showcam.toml"
    file.write_text("port = 9001\nthreads = 4\n")
    assert load(environ={"SHOWCAM_WEB_CORES": "all"}, file=file).port == 9001
    assert sorted(record.getMessage() for record in caplog.records) == [
        f"the setting threads from {file} is gone, and is ignored: delete it there",
        "the setting web_cores from the environment (SHOWCAM_WEB_CORES) is gone, and is ignored: delete it there",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_only_a_variable_moves_the_ports_of_the_simulator(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "showcam.toml"
    file.write_text("simulator_port = 9600\n")
    assert load(environ={}, file=file).simulator_port == 8082
    assert [record.getMessage() for record in caplog.records] == [
        f"the setting simulator_port from {file} is gone, and is ignored: delete it there"
    ]
    assert load(environ={"SHOWCAM_SIMULATOR_PORT": "9600"}, file=tmp_path / "showcam.toml").simulator_port == 9600


def test_no_setting_is_both_there_and_gone() -> None:
    assert Settings.__struct_fields__
    assert not GONE & set(Settings.__struct_fields__)


def test_the_demo_has_its_own_folder_and_an_owners_limits_but_for_sign_ins() -> None:
    demo, real = load(demo=True, environ={}), Settings()
    assert demo.data == Path(__file__).parents[2] / "var" / "demo"
    for name in ("opens_per_minute", "live_per_account", "idle_s", "transcodes", "poll_s"):
        assert getattr(demo, name) == getattr(real, name)
    for name in ("sign_ins_per_user", "sign_ins_per_address"):
        assert getattr(demo, name) == 10 * getattr(real, name)


@pytest.mark.parametrize(
    ("settings", "alone"),
    [
        (Settings(), True),
        (Settings(sign_up="anyone"), False),
        (Settings(store="dynamodb"), False),
        (Settings(media_urls=("https://a.example",)), False),
        (Settings(web_internal_url="https://web.example"), False),
        (Settings(pictures="vendor"), False),
    ],
)
def test_the_limits_of_households_hold_where_there_are_several(settings: Settings, alone: bool) -> None:
    assert settings.is_one_house is alone


@pytest.mark.parametrize(
    ("console", "at_home", "on_aws"),
    [("lan", True, False), ("public", True, True), ("off", False, False), ("172.30.32.2 X-Ingress-Path", True, False)],
)
def test_owners_have_pages_on_aws_only_if_they_are_public(console: str, at_home: bool, on_aws: bool) -> None:
    assert Settings(console=console).has_console is at_home
    assert Settings(console=console, store="dynamodb", keys_secret="keys").has_console is on_aws


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), ["media", "worker", "web", "cloudflared"]),
        (Settings(media_urls=("https://a.example",)), ["worker", "web", "cloudflared"]),
        (Settings(pictures="vendor"), ["worker", "web", "cloudflared"]),
    ],
)
def test_a_media_process_is_started_where_it_runs_on_this_machine(settings: Settings, names: list[str]) -> None:
    assert [process.name for process in run.processes(settings)] == names


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"SHOWCAM_PORT": "eighty"}, "port from the environment (SHOWCAM_PORT) is 'eighty'; a whole number is wanted"),
        ({"SHOWCAM_PORT": "0"}, "port from the environment (SHOWCAM_PORT) is 0: a port is between"),
        ({"SHOWCAM_MEDIA_PORT": "8080"}, "must differ"),
        ({"SHOWCAM_SIMULATOR_PORT": "65532"}, "SHOWCAM_SIMULATOR_PORT) is 65532: a port is between 1 and 65531"),
        ({"SHOWCAM_SIGN_UP": "all"}, "one of owner, invited, anyone is wanted"),
        ({"SHOWCAM_REQUIRE_AUDIO": "google,siri"}, "one of alexa, google each"),
        ({"SHOWCAM_PUBLIC_URL": "http://cam.example"}, "assistants only come to https"),
        ({"SHOWCAM_PUBLIC_URL": "https://cam.example/x"}, "only scheme and host"),
        ({"SHOWCAM_PUBLIC_URL": "https://[x"}, "that is no address"),
        ({"SHOWCAM_PUBLIC_URL": "https://x.example:abc"}, "that is no address"),
        ({"SHOWCAM_EZVIZ_AT": "http://evil/x"}, "a host name is wanted"),
        ({"SHOWCAM_ICE_ADDRESSES": "xyz"}, "'xyz' is no address"),
        ({"SHOWCAM_CAST_DEVICES": "192.168.1.20"}, "'192.168.1.20' is not NAME=ADDRESS"),
        ({"SHOWCAM_CAST_DEVICES": "Attic=tv.local"}, "with an IP address of the house"),
        ({"SHOWCAM_CAST_DEVICES": "Attic=203.0.113.5"}, "with an IP address of the house"),
        ({"SHOWCAM_CAST_DEVICES": "Attic=127.0.0.1"}, "with an IP address of the house"),
        ({"SHOWCAM_CAST_DEVICES": "Attic=192.168.1.20:70000"}, "is not NAME=ADDRESS"),
        ({"SHOWCAM_CAST_DEVICES": " =192.168.1.20"}, "is not NAME=ADDRESS"),
        ({"SHOWCAM_CAST_RECEIVER_APP_ID": "0123ABC"}, "eight letters A to F and digits"),
        ({"SHOWCAM_CAST_RECEIVER_APP_ID": "0123abcd"}, "eight letters A to F and digits"),
        ({"SHOWCAM_REQUEST_S": "0"}, "between 0.5 and 60 seconds"),
        ({"SHOWCAM_EZVIZ_AT": "a.example,b.example,c.example,d.example"}, "up to 3 hosts are wanted"),
        ({"SHOWCAM_ASSISTANTS_AT": "http://evil/x"}, "a host name is wanted"),
        ({"SHOWCAM_TRUSTED_PROXIES": "caddy"}, "'caddy' is neither an address nor a network"),
        ({"SHOWCAM_METRICS_TOKEN": "short"}, "metrics_token from the environment (SHOWCAM_METRICS_TOKEN) is a secret"),
        ({"SHOWCAM_METRICS_TOKEN": "a token of thirty-two characters"}, "32 or more letters, digits"),
        ({"SHOWCAM_STUN": "stun:stun.example:3478"}, "host:port is wanted"),
        ({"SHOWCAM_STUN": "a.example:3478,b.example"}, "host:port is wanted"),
        ({"SHOWCAM_STUN": "a.example:1,a.example:2,a.example:3,a.example:4,a.example:5"}, "up to 4 of them"),
        *(
            ({"SHOWCAM_WEBRTC_PORTS": text}, "such as 50000-50050")
            for text in ("50000", "50050-50000", "80-90", "50000-65536", "50000 - 50050", "0-0", "x-y")
        ),
        ({"SHOWCAM_TURN": "relay.example"}, "turn:host:port"),
        ({"SHOWCAM_TURN": "turn:relay.example:3478"}, "turn_secret is wanted too"),
        ({"SHOWCAM_MEDIA_URLS": "https://a.example,http://b.example"}, "assistants only come to https"),
        ({"SHOWCAM_MEDIA_URLS": "https://a.example,https://a.example"}, "each once"),
        ({"SHOWCAM_MEDIA_URLS": "https://a.example", "SHOWCAM_PICTURES": "vendor"}, "there is no media process"),
        ({"SHOWCAM_EXPLAIN": "picture", "SHOWCAM_PICTURES": "vendor"}, "drawn by a media process"),
        ({"SHOWCAM_GRANT_SECRET": "a", "SHOWCAM_GRANT_ROOTS": "{}"}, "set one of them"),
        ({"SHOWCAM_WEB_INTERNAL_URL": "web:8080"}, "assistants only come to https"),
        ({"SHOWCAM_CONSOLE": "everybody"}, "one of lan, public, off is wanted"),
        ({"SHOWCAM_CONSOLE": "public"}, "it needs a public_url by https, and trusted_proxies"),
        (
            {"SHOWCAM_CONSOLE": "public", "SHOWCAM_PUBLIC_URL": "https://cam.example"},
            "it needs a public_url by https, and trusted_proxies",
        ),
        ({"SHOWCAM_CONSOLE_HOSTS": "nas.local,nas.local:8080"}, "names are wanted, without a port"),
        ({"SHOWCAM_CONSOLE_HOSTS": "*.local"}, "names are wanted, without a port"),
        ({"SHOWCAM_PROT": "1"}, "prot from the environment (SHOWCAM_PROT) is no setting"),
        ({"SHOWCAM_DEMO": "true"}, "say showcam run --demo"),
        ({"SHOWCAM_CONFIG": "/nowhere/showcam.toml"}, "/nowhere/showcam.toml: there is no such file"),
    ],
    ids=lambda value: "=".join(next(iter(value.items()))) if isinstance(value, dict) else "",
)
def test_a_wrong_value_is_named_with_its_origin(environ: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ=environ)
    assert expected in str(caught.value)


@pytest.mark.parametrize(("name", "port"), [("port", 9494), ("media_port", 9490), ("media_port", 9493)])
def test_a_port_of_the_simulators_is_taken_in_the_demo_alone(name: str, port: int) -> None:
    environ = {"SHOWCAM_SIMULATOR_PORT": "9490", f"SHOWCAM_{name.upper()}": str(port)}
    assert getattr(load(environ=environ), name) == port
    with pytest.raises(SettingsError, match="simulator_port and the four ports after it are the simulator's"):
        load(demo=True, environ=environ)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("port = ", "not TOML"), ("port = 'x'", "port from"), ("[ezviz]\nregion = 'eu'", "no setting")],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "my.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(environ={}, file=file)
    assert "my.toml" in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "environ",
    [
        {"SHOWCAM_BIND": "192.0.2.1"},
        {"SHOWCAM_PUBLIC_URL": "https://cam.example"},
        {"SHOWCAM_MEDIA_URLS": "https://cam.example"},
        {"SHOWCAM_PICTURES": "vendor"},
        {"SHOWCAM_CONSOLE": "public"},
    ],
)
def test_the_demo_serves_this_machine_alone(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        load(demo=True, environ=environ)


@pytest.mark.parametrize(
    ("given", "deciphers"),
    [
        ({}, True),
        ({"bind": "0.0.0.0"}, True),  # noqa: S104 - its processes meet on loopback
        ({"bind": "192.168.1.5"}, False),  # its processes meet at that address
        ({"media_urls": ("https://one.example", "https://two.example")}, True),
        ({"media_urls": ("https://one.example", "http://two.example")}, False),
        ({"web_internal_url": "http://web.example"}, False),
        ({"web_internal_url": "https://web.example"}, True),
        ({"pictures": "vendor"}, False),
    ],
)
def test_pictures_are_deciphered_only_where_a_key_goes_by_loopback_or_https(
    given: dict[str, Any], deciphers: bool
) -> None:
    assert Settings(**given).deciphers is deciphers
