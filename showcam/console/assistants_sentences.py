"""The sentences of the assistants' page: errors of a form, and the reports to a link."""

from showcam.i18n.catalogue import mark

# Errors of a form on the assistants' page.
ASSISTANTS = {
    "no_link": mark("Nothing was changed: that link has ended."),
    "nothing_ticked": mark("Nothing was changed: tick at least one camera, or end the link."),
    "no_client": mark("Nothing was changed: there is no such client."),
    "client_there": mark("Nothing was changed: this assistant is let in already. A new secret is made below."),
    "redirects": mark(
        "Nothing was changed. Copy the redirect addresses from the assistant's console, one on each line: each begins "
        "with https://."
    ),
    "pin": mark("Nothing was changed: a PIN is 4 to 8 digits."),
    "pins_differ": mark("Nothing was changed: the two PINs are not the same."),
    "user": mark("Nothing was changed: enter the user name of somebody's {vendor} account."),
    "invited": mark("That account may link here already."),
    "many_invited": mark("Nothing was changed: 200 invitations wait. Take one back that nobody will use."),
    "no_invitation": mark("Nothing was changed: that invitation does not wait any more."),
    "owners_alone": mark("Nothing was changed: whoever runs this showcam decides who may link."),
    "quiet_times": mark(
        "Nothing was changed: write the times like 22:00-07:00, several with commas between them, eight at most."
    ),
    "quiet_zone": mark("Nothing was changed: this machine knows no such time zone. One is Europe/Oslo."),
    "no_report": mark("Nothing was changed: that report is not there any more."),
    "not_deleted": mark("Nothing was deleted: that is not the name with which you are signed in."),
}

# The last report to a link's assistant, and reports that wait or were parked; keys are showcam.registry.reporting's.
LAST_TOLD = mark("Last told {when}: {what}.")
REPORTED = {
    "gone": mark("cameras gone: {count}"),
    "listed": mark("cameras new or different: {count}"),
    "changed": mark("cameras whose state changed: {count}"),
    "doorbell": mark("rings: {count}"),
    "person": mark("persons: {count}"),
    "motion": mark("motion: {count}"),
    "look": mark("How the cameras are"),
    "camera": mark("How {camera} is"),
    "ended": mark("That the link has ended"),
    "a doorbell": mark("Somebody rang at {camera}"),
    "a person": mark("A person at {camera}"),
    "a motion": mark("Motion at {camera}"),
}
