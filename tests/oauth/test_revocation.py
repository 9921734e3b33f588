"""Revocation, userinfo and metadata."""

import pytest

from tests.doubles.linking_world import World

# revocation


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense"])
@pytest.mark.parametrize("basic", [True, False])
def test_either_token_ends_its_link_and_no_other(world: World, which: str, hint: str | None, basic: bool) -> None:
    tokens, other = world.tokens(), world.tokens()
    form = {"token": tokens[which]} | ({"token_type_hint": hint} if hint else {})
    for _ in range(2):  # repeating it is allowed
        answer = world.request("/oauth/revoke", form, basic=basic)
        assert answer.status_code == 200
        assert not world.works(tokens["access_token"])
        assert world.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert world.works(other["access_token"])
    assert len(world.links()) == 1
    assert len(world.home.pictures.ended) == 1


def test_revoking_another_clients_token_has_no_effect(world: World) -> None:
    tokens = world.tokens("google")
    answer = world.request("/oauth/revoke", {"token": tokens["refresh_token"]}, "alexa")
    assert answer.get_json()["error"] == "invalid_grant"
    assert world.works(tokens["access_token"])
    for text in ("unknown", "scr.abc.def", "é"):
        assert world.request("/oauth/revoke", {"token": text}).status_code == 200
    assert world.request("/oauth/revoke", {}).get_json()["error"] == "invalid_request"
    assert world.works(tokens["access_token"])


# userinfo and metadata


def test_userinfo_answers_with_an_id_alone(world: World) -> None:
    tokens = world.tokens()
    answer = world.http().get("/oauth/userinfo", headers={"Authorization": f"bearer {tokens['access_token']}"})
    assert answer.get_json() == {"sub": world.links()[0].agent_user}


def test_userinfo_wants_an_access_token_in_the_header(world: World) -> None:
    tokens = world.tokens()
    access = tokens["access_token"]
    for header in ("Bearer x", "Bearer ", f"Bearer {tokens['refresh_token']}", f"Bearer {access}x", "Bearer é"):
        answer = world.http().get("/oauth/userinfo", headers={"Authorization": header})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    for query, header in ((f"?access_token={access}", ""), ("", ""), ("", f"Basic {access}")):
        answer = world.http().get("/oauth/userinfo" + query, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_metadata_is_valid_and_names_the_endpoints(world: World) -> None:
    from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

    answer = world.http().get("/.well-known/oauth-authorization-server")
    metadata = answer.get_json()
    AuthorizationServerMetadata(metadata).validate()
    assert metadata["issuer"] == world.issuer
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    for name, status in (("authorization", 400), ("token", 405), ("revocation", 405), ("userinfo", 401)):
        path = metadata[f"{name}_endpoint"].removeprefix(world.issuer)
        assert world.http().get(path).status_code == status, name
