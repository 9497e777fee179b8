// Makes the hosted pages nicer. Everything works without it.
"use strict";

// Who has been told of a problem goes on from there.
document.querySelector("[data-problem]")?.focus();

// A second click, while the first is under way, does nothing. Who comes back by the browser's button may click again.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Passwords can be looked at while they are typed.
for (const box of document.querySelectorAll("[data-show]")) {
  const input = box.querySelector("input");
  const button = document.createElement("button");
  const draw = () => {
    const shown = input.type === "text";
    button.textContent = shown ? box.dataset.hide : box.dataset.show;
    button.setAttribute("aria-label", shown ? box.dataset.hideLabel : box.dataset.showLabel);
  };
  button.type = "button";
  button.addEventListener("click", () => {
    input.type = input.type === "text" ? "password" : "text";
    draw();
  });
  input.form.addEventListener("submit", () => { input.type = "password"; }); // so that no browser remembers it as text
  draw();
  box.append(button);
}

// Rules say when they are met. Lengths are counted as the server does: in UTF-16 code units.
for (const rule of document.querySelectorAll("[data-rule]")) {
  const input = document.getElementById(rule.dataset.rule);
  const check = () => rule.classList.toggle("met", input.value.length >= Number(rule.dataset.min));
  input.addEventListener("input", check);
  check();
}

// Times are those of this place.
for (const time of document.querySelectorAll("time[datetime]")) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  time.textContent = format.format(new Date(time.dateTime));
}
