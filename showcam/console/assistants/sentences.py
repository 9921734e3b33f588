"""The sentences of the assistants' page: errors of a form, and the reports to a link."""

from showcam.i18n.catalogue import mark

_GONE = mark("It is gone already.")
# Errors of a form on the assistants' page.
ASSISTANTS = {
    "no_link": mark("It is gone already."),
    "nothing_ticked": mark("Tick a camera, or end the link."),
    "no_client": _GONE,
    "client_there": mark("It is let in already."),
    "redirects": mark("Redirect addresses, one a line, with https://."),
    "pin": mark("A PIN has 4 to 8 digits."),
    "pins_differ": mark("The two differ."),
    "user": mark("Enter somebody's {vendor} user name."),
    "invited": mark("It is let in already."),
    "many_invited": mark("200 invitations wait. Take one back."),
    "no_invitation": _GONE,
    "owners_alone": mark("showcam's operator decides."),
    "quiet_times": mark("Times like 22:00-07:00, eight at most."),
    "quiet_zone": mark("No such time zone. One is Europe/Oslo."),
    "no_report": _GONE,
    "not_deleted": mark("Not deleted: another name."),
}

# The last report to a link's assistant, and reports that wait or were parked; keys are showcam.registry.reporting's.
LAST_TOLD = mark("Last told {when}: {what}.")
REPORTED = {
    "gone": mark("cameras gone: {count}"),
    "listed": mark("cameras changed: {count}"),
    "changed": mark("states changed: {count}"),
    "doorbell": mark("rings: {count}"),
    "person": mark("persons: {count}"),
    "motion": mark("motion: {count}"),
    "look": mark("All cameras"),
    "camera": mark("{camera}'s state"),
    "ended": mark("The link's end"),
    "a doorbell": mark("Somebody rang at {camera}"),
    "a person": mark("A person at {camera}"),
    "a motion": mark("Motion at {camera}"),
}
