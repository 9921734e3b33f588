// All that knows Google's Cast Application Framework. It is loaded on a Cast device alone, from Google's address.

const FRAMEWORK = "https://www.gstatic.com/cast/sdk/libs/caf_receiver/v3/cast_receiver_framework.js";
const NAMESPACE = "urn:x-cast:showcam.picture"; // showcam/cast/screen.py has the same

export const isCastDevice = () => navigator.userAgent.includes("CrKey");

/**
 * `heard` gets what showcam says; `loaded` is called when somebody else loads something: Google, for “show the garden
 * on the TV”. Returns how to answer and how to leave.
 */
export async function connect(media, heard, loaded) {
  await load(FRAMEWORK);
  const { framework } = window.cast;
  const context = framework.CastReceiverContext.getInstance();
  const player = context.getPlayerManager();
  player.setMessageInterceptor(framework.messages.MessageType.LOAD, (request) => {
    loaded();
    // what showcam's HLS is made of; without these the framework guesses
    request.media.hlsSegmentFormat = framework.messages.HlsSegmentFormat.TS;
    request.media.hlsVideoSegmentFormat = framework.messages.HlsVideoSegmentFormat.MPEG2_TS;
    return request;
  });
  context.addCustomMessageListener(NAMESPACE, ({ data }) => heard(data));
  const options = new framework.CastReceiverOptions();
  options.disableIdleTimeout = true; // a picture by WebRTC is none of the framework's, which would take it for idle
  options.mediaElement = media;
  options.customNamespaces = { [NAMESPACE]: framework.system.MessageType.JSON };
  context.start(options);
  return {
    say: (data) => context.sendCustomMessage(NAMESPACE, undefined, data),
    leave: () => context.stop(),
    isPlaying: () => player.getPlayerState() !== framework.messages.PlayerState.IDLE,
  };
}

function load(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src, onload: resolve, onerror: () => reject(new Error("no Cast framework")) });
    document.head.append(script);
  });
}
