// oidc-provider with its store in memory, one client and one lasting refresh token; prints the form of a refresh.
import Provider from "oidc-provider";

const port = Number(process.env.BENCH_PORT);
const client = { client_id: "bench", client_secret: "bench-secret-of-the-client" };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      ...client,
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://assistant.example/callback"],
      token_endpoint_auth_method: "client_secret_post",
    },
  ],
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: false,
});

const grant = new provider.Grant({ accountId: "kari", clientId: client.client_id });
grant.addOIDCScope("offline_access"); // without "openid" no id token has to be signed
const refresh = new provider.RefreshToken({
  accountId: "kari",
  client: await provider.Client.find(client.client_id),
  grantId: await grant.save(),
  gty: "authorization_code",
  scope: "offline_access",
});
const token = await refresh.save();
provider.listen(port, "127.0.0.1", () => {
  const form = { grant_type: "refresh_token", refresh_token: token, ...client };
  console.log(new URLSearchParams(form).toString());
});
