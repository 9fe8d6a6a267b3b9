// Refreshes the live part of the page and submits its switches.
"use strict";

const EVERY = 1000;
let tag = "";

async function refresh() {
  const answer = await fetch("/", { headers: { "If-None-Match": tag }, cache: "no-store" });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag") ?? "";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  replace(document.getElementById("live"), fresh.getElementById("live"));
}

function replace(old, fresh) {
  for (const details of old.querySelectorAll("details[open]")) {
    fresh.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
  }
  const focused = old.contains(document.activeElement) ? place(document.activeElement) : "";
  old.replaceWith(document.adoptNode(fresh));
  if (focused) document.querySelector(focused)?.focus();
}

function place(element) {
  const { off, decide, number } = element.dataset;
  if (off) return `[data-off="${off}"]`;
  if (decide) return `[data-decide="${decide}"][data-number="${number}"]`;
  const details = element.closest("details");
  return details ? `#${CSS.escape(details.id)} > summary` : "";
}

async function keepFresh() {
  if (!document.hidden) {
    try {
      await refresh();
      say("");
    } catch {
      say("The sandbox does not answer; trying again.");
    }
  }
  setTimeout(keepFresh, EVERY);
}

function say(text) {
  const said = document.getElementById("said");
  if (said.textContent !== text) said.textContent = text;
}

async function send(path, body, method = "POST") {
  const request = { method, headers: { "Content-Type": "application/json" } };
  if (body) request.body = JSON.stringify(body);
  const answer = await fetch(path, request);
  if (!answer.ok) window.alert("That was not accepted. Check the numbers.");
  await refresh();
}

document.getElementById("fault").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  send("/_faults", {
    name: form.get("name"),
    on: form.get("on"),
    count: form.get("count") ? Number(form.get("count")) : null,
    probability: Number(form.get("probability")),
    seconds: Number(form.get("seconds")),
  });
});

document.getElementById("pace").addEventListener("submit", (event) => {
  event.preventDefault();
  send("/_pace", { seconds: Number(new FormData(event.target).get("seconds")) });
});

document.addEventListener("submit", (event) => {
  const { life, number } = event.target.dataset;
  if (!life) return;
  event.preventDefault();
  const given = [...new FormData(event.target)].filter(([, value]) => value !== "");
  send(`/_entries/${encodeURIComponent(number)}/${life}`, Object.fromEntries(given));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { off, decide, number, allOff } = button.dataset;
  if (allOff !== undefined) send("/_faults", null, "DELETE");
  if (off) send("/_faults", { name: off, count: 0 });
  if (decide) send(`/_entries/${encodeURIComponent(number)}/decision`, { state: decide });
});

keepFresh();
