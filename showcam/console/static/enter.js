// The printed address holds the code behind "#", where no server and no log sees it. It is taken out of the address.

const code = location.hash.slice(1);
const form = document.getElementById("enter");
if (code && form && !document.querySelector("[role=alert]")) {
  history.replaceState(null, "", location.pathname);
  form.elements.entry.value = code;
  document.querySelector("main").hidden = true; // the form of the password is not for this browser
  form.requestSubmit(form.querySelector("button"));
}
