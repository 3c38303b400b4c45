// Keeps a page up to date: what stands in <main> is asked for again while somebody looks.
const main = document.querySelector("main[data-live]");

async function refresh() {
  if (document.hidden || window.getSelection().toString()) return;
  try {
    const response = await fetch(main.dataset.live);
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh.innerHTML !== main.innerHTML) main.replaceChildren(...fresh.childNodes);
  } catch {
    // The API restarts when code is saved.
  }
}

if (main) setInterval(refresh, 2000);
