// A Cast receiver on npm's castv2, which nobody here wrote. Its one argument is {"behaves", "key", "cert"}; it prints
// its port, then each LOAD, and each STOP as "stop".
import castv2 from "castv2";
import proto from "castv2/lib/proto.js";

const { behaves, key, cert } = JSON.parse(process.argv[2]);
const SPACE = "urn:x-cast:com.google.cast.";
const MEDIA = "CC1AD845";
const server = new castv2.Server({ key, cert });
let running = null;
let sessions = 0;

function say(client, source, to, space, body) {
  server.send(client, source, to, SPACE + space, JSON.stringify(body));
}

function receiverStatus(requestId) {
  const applications = running === null ? [] : [{
    appId: running.app, displayName: running.app, namespaces: [{ name: SPACE + "media" }], sessionId: running.session,
    statusText: "", transportId: running.session,
  }];
  return { type: "RECEIVER_STATUS", requestId, status: { applications, volume: { level: 1, muted: false } } };
}

function mediaStatus(requestId, playerState, media, more = {}) {
  return { type: "MEDIA_STATUS", requestId, status: [{
    mediaSessionId: 1, playerState, playbackRate: 1, currentTime: 0, supportedMediaCommands: 3,
    volume: { level: 1, muted: false }, media, ...more,
  }] };
}

function launch(app) {
  sessions += 1;
  running = { app, session: `session-${sessions}` };
}

function load(client, source, body) {
  const session = running.session;
  console.log(JSON.stringify(body.media));
  switch (behaves) {
    case "vanishes":
      server.clients[client].socket.destroy();
      server.server.close();
      return;
    case "is silent":
      return;
    case "holds half a message back":
      server.clients[client].socket.write(Buffer.from([0, 0, 1, 0, 8, 0]));
      return;
    case "refuses":
      say(client, session, source, "media", { type: "LOAD_FAILED", requestId: body.requestId });
      return;
  }
  say(client, session, source, "media", mediaStatus(body.requestId, "BUFFERING", body.media));
  setTimeout(() => say(client, session, "*", "media", mediaStatus(0, "PLAYING", body.media)), 50);
  setTimeout(() => {
    if (behaves === "is taken over") {
      launch("233637DE");
      say(client, "receiver-0", "*", "receiver", receiverStatus(0));
    } else if (behaves === "is loaded by another") {
      say(client, session, "*", "media", mediaStatus(0, "PLAYING", { ...body.media, contentId: "https://else.example" }));
    } else if (behaves === "announces a gigabyte") {
      server.clients[client].socket.write(Buffer.from([64, 0, 0, 0, 8, 0]));
    } else if (behaves === "floods") {
      for (let sent = 0; sent < 1000; sent++) say(client, session, "*", "media", mediaStatus(0, "PLAYING", body.media));
    } else if (behaves === "floods without end") {
      const pour = () => {
        if (!server.clients[client]) return;
        for (let sent = 0; sent < 50; sent++) say(client, session, "*", "media", mediaStatus(0, "PLAYING", { ...body.media, customData: "x".repeat(60000) }));
        setTimeout(pour, 1);
      };
      pour();
    } else if (behaves === "nests deeply") {
      server.send(client, session, "*", SPACE + "media", `{"type":"MEDIA_STATUS","status":${"[".repeat(60000)}`);
    } else if (behaves === "says no numbers") {
      const status = JSON.stringify(mediaStatus(0, "PLAYING", body.media)).replaceAll('"currentTime":0', '"currentTime":1e400');
      for (const text of [status, status.replace('"mediaSessionId":1', '"mediaSessionId":"²"'), status.replace('"level":1', `"level":${"9".repeat(5000)}`)]) {
        server.send(client, session, "*", SPACE + "media", text);
      }
    } else if (behaves === "is costly") {
      // within what is counted, also by a sender that was held up for three seconds: 20 messages a second, each nearly
      // as long as one may be
      const media = { ...body.media, customData: Array(20000).fill([]) };
      setInterval(() => {
        if (server.clients[client]) say(client, session, "*", "media", mediaStatus(0, "PLAYING", media));
      }, 50);
    } else if (behaves === "gives up") {
      say(client, session, "*", "media", mediaStatus(0, "IDLE", body.media, { idleReason: "ERROR" }));
    }
  }, 150);
}

function tellWhoItIs(client, source, body) {
  const { requestId } = body;
  const answer = behaves === "says another thing"
    ? { type: "INVALID_REQUEST", requestId, reason: "INVALID_COMMAND" }
    : { type: "DEVICE_INFO", requestId, deviceId: "6f1c2a7e0b5d4c1e9a573d1f0c9b8e21", friendlyName: "Bedroom TV" };
  if (behaves !== "does not say who it is") say(client, "receiver-0", source, "receiver.discovery", answer);
}

server.on("message", (client, source, destination, space, text) => {
  const body = JSON.parse(text);
  const kind = `${space.slice(SPACE.length)} ${body.type}`;
  if (kind === "tp.heartbeat PING") say(client, destination, source, "tp.heartbeat", { type: "PONG" });
  else if (kind === "receiver GET_STATUS") say(client, "receiver-0", source, "receiver", receiverStatus(body.requestId));
  else if (kind === "receiver LAUNCH") {
    if (behaves === "launches nothing") {
      say(client, "receiver-0", source, "receiver", { type: "LAUNCH_ERROR", requestId: body.requestId, reason: "NOT_ALLOWED" });
      return;
    }
    launch(body.appId);
    say(client, "receiver-0", "*", "receiver", receiverStatus(body.requestId));
  } else if (kind === "receiver STOP") {
    console.log('"stop"');
    running = null;
    say(client, "receiver-0", "*", "receiver", receiverStatus(body.requestId));
  } else if (kind === "media GET_STATUS") {
    say(client, running.session, source, "media", { type: "MEDIA_STATUS", requestId: body.requestId, status: [] });
  } else if (kind === "media LOAD") load(client, source, body);
  else if (kind === "receiver.discovery GET_DEVICE_INFO") tellWhoItIs(client, source, body);
});
if (behaves === "has something on") launch(MEDIA);

function listen() {
  try {
    proto.CastMessage.serialize({
      protocolVersion: 0, sourceId: "a", destinationId: "b", namespace: "c", payloadType: 0, payloadUtf8: "{}",
    });
  } catch {
    setTimeout(listen, 20); // its messages are still being read from a file
    return;
  }
  server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
}

listen();
process.stdin.on("end", () => process.exit(0)).resume();
