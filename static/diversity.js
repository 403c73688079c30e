// A mark of the map says its answer below it, under the pointer and with the keyboard.
const said = document.getElementById("spot");
for (const spot of said ? document.querySelectorAll("[data-spot]") : []) {
  const say = () => {
    said.hidden = false;
    said.textContent = spot.querySelector("title").textContent;
  };
  spot.addEventListener("pointerenter", say);
  spot.addEventListener("focus", say);
}
