// A stand-in for Google's Cast Application Framework, which comes from its own address alone and runs on a Cast device
// alone. It has what showcam's receiver calls, by Google's pages, and hands messages on to the test.
window.cast = { framework: (() => {
  const listeners = {};
  let options = null;
  let onLoad = null;
  let state = "IDLE";
  const named = (space) => {
    if (!space.startsWith("urn:x-cast:")) throw new Error(`${space} is no namespace`);
    return space;
  };
  const player = {
    setMessageInterceptor(type, intercept) {
      if (type !== "LOAD") throw new Error(`${type} is not LOAD`);
      onLoad = intercept;
    },
    getPlayerState: () => state,
  };
  const context = {
    getPlayerManager: () => player,
    addCustomMessageListener(space, heard) {
      if (options) throw new Error("listeners are added before start");
      listeners[named(space)] = heard;
    },
    sendCustomMessage(space, sender, data) {
      if (!options?.customNamespaces[named(space)]) throw new Error(`${space} was not declared`);
      window.toSenders(data);
    },
    start(given) {
      if (options) throw new Error("started twice");
      if (!(given.mediaElement instanceof HTMLMediaElement)) throw new Error("no media element");
      options = given;
      window.framework.started({ disableIdleTimeout: given.disableIdleTimeout === true });
    },
    stop: () => window.toSenders({ type: "left" }),
  };
  window.framework = {
    started: (found) => { window.framework.options = found; },
    hear: (space, data) => listeners[named(space)]({ senderId: "sender-0", data }),
    load(request) {
      state = "PLAYING";
      return onLoad(request);
    },
  };
  return {
    CastReceiverContext: { getInstance: () => context },
    CastReceiverOptions: class {},
    messages: {
      MessageType: { LOAD: "LOAD" },
      PlayerState: { IDLE: "IDLE", PLAYING: "PLAYING" },
      HlsSegmentFormat: { TS: "ts" },
      HlsVideoSegmentFormat: { MPEG2_TS: "mpeg2_ts" },
    },
    system: { MessageType: { JSON: "JSON" } },
  };
})() };
