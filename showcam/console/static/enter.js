// The address holds the code behind "#", where no server and no log sees it. It is taken out of the address. A printed
// code is sent at once; a phone's code waits for a press.

const code = location.hash.slice(1);
const form = document.getElementById("enter");
if (code && form && !document.querySelector("[role=alert]")) {
  history.replaceState(null, "", location.pathname);
  const field = form.querySelector("input[type=text]");
  field.value = code;
  if ("press" in form.dataset) {
    field.closest(".field").hidden = true;
  } else {
    document.querySelector("main").hidden = true; // the form of the password is not for this browser
    form.requestSubmit(form.querySelector("button"));
  }
}

// An address that is pasted into this tab changes only what follows "#", and the page stays. It is fetched anew: a
// reload would send the form again that it may answer.
addEventListener("hashchange", () => location.hash && location.replace(`${location.pathname}?${location.hash}`));
