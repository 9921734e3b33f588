"""The sentences of set-up: why nothing was written, and the way to a public address."""

from showcam.i18n.catalogue import mark

# Errors of set-up.
SET_UP = {
    "not_written": mark("Not written. Is there room, and may showcam write there?"),
    "given_elsewhere": mark("A file, variable or option sets it. Change it there."),
}
# The tasks of a person on the way to an address, by `Stage.stand`; causes of a refusal, by `Stage.why`.
EXPOSING = {
    "working": mark("This takes seconds."),
    "sign_in": mark("Sign in to Tailscale; a free account does."),
    "approve": mark("Let a Tailscale admin approve this machine."),
    "allow": mark("Allow Funnel in your Tailscale network."),
    "choose": mark("Sign in to Cloudflare; choose your name's domain."),
    "done": mark("The address works in seconds."),
    "begun": mark("{detail} was begun, and not finished."),
    "closed": mark("Closed. Delete what Cloudflare still has: {detail}."),
}
NOT_EXPOSED = {
    "missing": mark("Tailscale is not installed here. Read how."),
    "denied": mark("Tailscale obeys only its operator. Read how showcam becomes it."),
    "down": mark("Tailscale does not run. Restart this machine."),
    "taken": mark("Tailscale serves another program here. End that."),
    "no_name": mark("Tailscale has no name for this machine. Switch MagicDNS on there."),
    "no_cloudflared": mark("cloudflared is not installed here. Read how."),
    "record": mark("Cloudflare has another record for {detail}. Delete that, or take another name."),
    "other_domain": mark("Delete Cloudflare's record {detail}: the name is in another domain."),
    "begun": mark("First take {detail} back."),
    "late": mark("Nobody went on in time. Try again."),
    "given_elsewhere": SET_UP["given_elsewhere"],
    "failed": mark("That was refused: {detail}"),
}
