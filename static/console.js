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

// A whole page where a part was asked for: the session has ended, and this is the page to sign in.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (/^\s*<!doctype/i.test(event.detail.xhr.responseText)) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
