// A browser's push service, which holds a sender to RFC 8030, 8188, 8291 and 8292, and the browser that opens what came.
// node push_service.mjs CERTIFICATE KEY: prints its port and the subscription, then a line for each request.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { webcrypto } from "node:crypto";
import { importJWK, jwtVerify } from "jose";

const { subtle } = webcrypto;
const [, , certificate, privateKey] = process.argv;
const text = (words) => new TextEncoder().encode(words);
const armoured = (bytes) => Buffer.from(bytes).toString("base64url");
const joined = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const browser = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
const point = await subtle.exportKey("raw", browser.publicKey);
const secret = webcrypto.getRandomValues(new Uint8Array(16));
let status = 201;

async function derived(salt, material, info, length) {
  const key = await subtle.importKey("raw", material, "HKDF", false, ["deriveBits"]);
  return Buffer.from(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, length * 8));
}

async function opened(body) {
  const [salt, size, length] = [body.subarray(0, 16), body.readUInt32BE(16), body[20]];
  const [theirs, sealed] = [body.subarray(21, 21 + length), body.subarray(21 + length)];
  if (sealed.length > size || body.length > 4096) throw new Error("more than one record of 4096 bytes");
  const sender = await subtle.importKey("raw", theirs, { name: "ECDH", namedCurve: "P-256" }, false, []);
  const shared = await subtle.deriveBits({ name: "ECDH", public: sender }, browser.privateKey, 256);
  const material = await derived(secret, shared, joined(text("WebPush: info\0"), point, theirs), 32);
  const key = await subtle.importKey("raw", await derived(salt, material, text("Content-Encoding: aes128gcm\0"), 16), "AES-GCM", false, ["decrypt"]);
  const iv = await derived(salt, material, text("Content-Encoding: nonce\0"), 12);
  const clear = Buffer.from(await subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
  if (clear.at(-1) !== 2) throw new Error("no delimiter of the last record");
  return clear.subarray(0, -1).toString();
}

async function judged({ headers, method }, body, port) {
  const [, token, key] = /^vapid t=([^,\s]+), ?k=([\w-]+)$/.exec(headers.authorization ?? "") ?? [];
  if (method !== "POST" || !token) throw new Error("no VAPID");
  const raw = Buffer.from(key, "base64url");
  const jwk = { kty: "EC", crv: "P-256", x: armoured(raw.subarray(1, 33)), y: armoured(raw.subarray(33)) };
  const { payload } = await jwtVerify(token, await importJWK(jwk, "ES256"), { audience: `https://127.0.0.1:${port}`, algorithms: ["ES256"] });
  if (!(payload.exp - Date.now() / 1000 <= 86400)) throw new Error("a token for more than a day");
  if (payload.sub !== undefined && !/^(https:|mailto:)/.test(payload.sub)) throw new Error("no contact");
  if (headers["content-encoding"] !== "aes128gcm" || !/^\d+$/.test(headers.ttl ?? "")) throw new Error("no encoding, or no TTL");
  if (!["very-low", "low", "normal", "high"].includes(headers.urgency)) throw new Error("no urgency");
  return { key, message: await opened(body), ttl: Number(headers.ttl), sub: payload.sub ?? "" };
}

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(privateKey) }, async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  if (request.url.startsWith("/answer/")) {
    status = Number(request.url.slice(8));
    return response.writeHead(200).end();
  }
  try {
    say(await judged(request, body, server.address().port));
    response.writeHead(status).end();
  } catch (error) {
    say({ broken: String(error) });
    response.writeHead(400).end();
  }
});
server.listen(0, "127.0.0.1", () => say({ port: server.address().port, key: armoured(point), secret: armoured(secret) }));
process.stdin.resume().on("end", () => process.exit());
