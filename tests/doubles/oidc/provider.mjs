// npm oidc-provider as the authorization server of Lakeside's cloud, behind its host. It is asked at loopback, and by the
// headers of the proxy before it. Its own pages for developers ask for a name, and take every password.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const { MODULES, PORT, ISSUER, CALLBACK, API_SECRET } = process.env;
const found = createRequire(join(MODULES, "node_modules", "x.js")).resolve("oidc-provider");
const { Provider } = await import(pathToFileURL(found));

const provider = new Provider(ISSUER, {
  clients: [
    {
      client_id: "showcam",
      token_endpoint_auth_method: "none",
      redirect_uris: [CALLBACK],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
    { client_id: "api", client_secret: API_SECRET, redirect_uris: [], response_types: [], grant_types: [] },
  ],
  scopes: ["openid", "cameras"],
  features: { devInteractions: { enabled: true }, introspection: { enabled: true } },
  routes: { authorization: "/oauth/authorize", token: "/oauth/token", introspection: "/oauth/introspection" },
  cookies: { keys: ["a key of this run"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
provider.proxy = true;
provider.listen(Number(PORT), "127.0.0.1", () => console.log("serving"));
