// Every page works without this file. It keeps fingers from sending a form twice, sends a pasted or filled-in code,
// counts down to the next code, and shows what was typed as a password.
"use strict";

const clearBusy = () => {
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  for (const form of document.forms) delete form.dataset.sent;
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's back-forward cache is fresh again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) clearBusy();
});

const code = document.querySelector("input[data-code-length]");
if (code) {
  const digits = () => (code.value.match(/\p{Nd}/gu) ?? []).length;
  let before = digits();
  code.addEventListener("input", () => {
    // A complete code that came at once was pasted or filled in. One that is typed waits for the person, who may want to correct it.
    const now = digits();
    const cameAtOnce = now - before > 1;
    before = now;
    if (cameAtOnce && now === Number(code.dataset.codeLength)) code.form.requestSubmit();
  });
}

for (const button of document.querySelectorAll("button[data-wait]")) {
  const end = performance.now() + Number(button.dataset.wait) * 1000;
  const label = button.textContent;
  // The digits of the page's language.
  const write = (number) => String(number).replace(/\d/g, (digit) => button.dataset.digits[digit]);
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.waitText.replace("{0}", write(left)) : label;
    if (left > 0) setTimeout(tick, 500);
  };
  tick();
}

for (const button of document.querySelectorAll("button[data-reveal]")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const [show, hide] = [button.textContent, button.dataset.reveal];
  const turn = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? hide : show;
  };
  button.hidden = false;
  button.addEventListener("click", () => turn(field.type === "password"));
  // Sent as text, it would be kept among the browser's suggestions.
  field.form.addEventListener("submit", () => turn(false));
}
