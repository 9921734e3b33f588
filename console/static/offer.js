// A page's offer to receive a camera's picture and sound by WebRTC.

const GATHER_MS = 1000;

/** Complete, with every candidate: none is sent later. */
export async function offer(peer) {
  peer.addTransceiver("audio", { direction: "recvonly" });
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const h264 = codecs.filter(({ mimeType }) => mimeType === "video/H264");
  if (h264.length) video.setCodecPreferences?.(h264);
  await peer.setLocalDescription(await peer.createOffer());
  await new Promise((done) => {
    setTimeout(done, GATHER_MS);
    const look = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return peer.localDescription.sdp;
}
