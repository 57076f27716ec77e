// On pages with a link to a CSV.
(() => {
  "use strict";

  // A long history is returned in several answers, which are joined into one file.
  for (const link of document.querySelectorAll("a[data-csv]")) {
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      if (link.getAttribute("aria-disabled") === "true") return;
      link.setAttribute("aria-disabled", "true");
      try {
        const parts = ["\ufeff"]; // fetch removes the byte order mark of each answer
        let cursor = null;
        do {
          const url = new URL(link.dataset.csv, window.location.href);
          if (cursor) url.searchParams.set("cursor", cursor);
          const answer = await fetch(url, { credentials: "same-origin" });
          if (!answer.ok) throw new Error(String(answer.status));
          const text = await answer.text();
          parts.push(parts.length > 1 ? text.slice(text.indexOf("\n") + 1) : text);
          cursor = answer.headers.get("Next-Cursor");
        } while (cursor);
        const file = document.createElement("a");
        file.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
        file.download = link.dataset.name;
        file.click();
        URL.revokeObjectURL(file.href);
      } catch {
        window.location.assign(link.href);
      } finally {
        link.removeAttribute("aria-disabled");
      }
    });
  }
})();
