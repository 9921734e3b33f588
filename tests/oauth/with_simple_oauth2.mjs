// An assistant's cloud on simple-oauth2, which keeps of each answer what that answer holds and nothing of those before.
// Reads {server, id, secret, code, redirect} from stdin; writes each token it was given, as JSON.
import { readFileSync } from 'node:fs';
import { AuthorizationCode } from 'simple-oauth2';

const { server, id, secret, code, redirect, method } = JSON.parse(readFileSync(0, 'utf8'));
const cloud = new AuthorizationCode({
  client: { id, secret },
  auth: { tokenHost: server, tokenPath: '/oauth/token', revokePath: '/oauth/revoke' },
  options: { authorizationMethod: method },
});
let held = await cloud.getToken({ code, redirect_uri: redirect });
const seen = [held.token];
for (let time = 0; time < 2; time += 1) {
  held = await held.refresh();
  seen.push(held.token);
}
process.stdout.write(JSON.stringify(seen));
