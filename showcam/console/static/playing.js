// A camera's picture on a video element, by WebRTC or by HLS: what /home, /home/try and the Cast receiver have in common.

export const HLS = { enableWorker: false, lowLatencyMode: false, liveSyncDurationCount: 1, backBufferLength: 10 };

/** An address of showcam's: below the path that a proxy may show the page at, which is where this script is from. */
export const at = (path) => (path.startsWith("/") ? new URL(`..${path}`, import.meta.url).href : path);

/** hls.js, which is fetched when it is first needed. */
export async function hlsPlayer() {
  const { default: Hls } = await import("./vendor/hls.light.min.mjs");
  return Hls;
}

const H265 = 'video/mp4; codecs="hvc1.1.6.L120.90"'; // Main, level 4: Full HD

/** The address of a list; it says so if the browser decodes H.265, which then comes as the camera sends it. */
export const listed = (url) => (globalThis.MediaSource?.isTypeSupported(H265) ? `${url}?codecs=hvc1` : url);

/** A connection whose tracks the video shows. */
export function connectionTo(video) {
  const peer = new RTCPeerConnection();
  const stream = new MediaStream();
  peer.addEventListener("track", ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream;
  });
  return peer;
}

/** Complete, with the candidates that are known within `gatherMs`: none is sent later. `sound`: sendrecv to talk as well. */
export async function offerOf(peer, gatherMs, sound = "recvonly") {
  peer.addTransceiver("audio", { direction: sound });
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const h264 = codecs.filter(({ mimeType }) => mimeType === "video/H264");
  if (h264.length) video.setCodecPreferences?.(h264);
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    setTimeout(done, gatherMs);
    const look = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return peer.localDescription.sdp;
}

/** Resolves with the first frame. Fails after `withinMs`, or when somebody calls `video.onerror`. */
export function firstFrame(video, withinMs) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no picture came in time")), withinMs);
    video.onerror = () => reject(new Error("the picture can't be played"));
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else video.addEventListener("loadeddata", resolve, { once: true });
  });
}
