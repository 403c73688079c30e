// Copy buttons: hidden until this script runs, since without it they could do nothing.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    const word = button.textContent;
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      field.select();
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = word; }, 2000);
  });
}

// Of a study's sections, the one that is shown is in sight on a narrow screen too.
const current = document.querySelector(".sections [aria-current]");
const row = current?.parentElement;
if (current && current.getBoundingClientRect().right > row.getBoundingClientRect().right) {
  row.scrollLeft += current.getBoundingClientRect().left - row.getBoundingClientRect().left - 48;
}

// A whole page where a part was asked for: the session has ended, and this is the page to sign in.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (/^\s*<!doctype/i.test(event.detail.xhr.responseText)) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// What refreshes itself rests while nobody sees it, and keeps what was unfolded.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.id === "live") event.preventDefault();
});
let unfolded = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  unfolded = [...event.target.querySelectorAll("details[id][open]")].map((details) => details.id);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
});
