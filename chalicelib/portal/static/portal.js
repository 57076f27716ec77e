// Enhances pages that work without it; only card fields and 3-D Secure need it.
(() => {
  "use strict";

  const show = (node, visible) => { if (node) node.hidden = !visible; };

  // Prevents a second click while the first is in progress. The form's key alone ensures that it pays once.
  const busy = (button, on) => {
    if (!button) return;
    if (on && button.dataset.busy) {
      button.dataset.idle = button.textContent;
      button.textContent = button.dataset.busy;
    } else if (!on && button.dataset.idle) {
      button.textContent = button.dataset.idle;
    }
    button.setAttribute("aria-disabled", on ? "true" : "false");
  };

  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      busy(event.submitter, true);
    });
    // The back button may show the page as it was left.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((button) => busy(button, false));
    });
  }

  // A link is opened when its page is shown. A prerendered page has not been shown yet.
  const opening = document.querySelector("form[data-open]");
  if (opening) {
    const open = () => opening.requestSubmit();
    if (document.prerendering) document.addEventListener("prerenderingchange", open, { once: true });
    else open();
  }

  for (const input of document.querySelectorAll("[data-chooses]")) {
    input.addEventListener("input", () => {
      const radio = input.form.querySelector(`[value="${input.dataset.chooses}"]`);
      if (radio && input.value) radio.checked = true;
    });
  }

  const post = async (form, path) => {
    const body = new URLSearchParams({ form_token: form.elements.form_token.value });
    const answer = await fetch(path, { method: "POST", body, credentials: "same-origin" });
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { problem: found.problem });
    return found;
  };

  const stripeOf = (found) =>
    window.Stripe(found.publishable_key, found.stripe_account ? { stripeAccount: found.stripe_account } : undefined);

  const tell = (form, text) => {
    const problem = form.querySelector("[data-problem]");
    problem.textContent = text;
    show(problem, Boolean(text));
  };

  const reveal = (form) => {
    form.querySelectorAll(".needs-script").forEach((node) => show(node, true));
    form.querySelectorAll(".no-script").forEach((node) => show(node, false));
  };

  const cardForm = document.querySelector("form[data-card]");
  if (cardForm && window.Stripe) {
    const button = cardForm.querySelector("button");
    let prepared = null;
    const prepare = () => (prepared ||= post(cardForm, cardForm.dataset.card).then(async (found) => {
      const stripe = stripeOf(found);
      const card = stripe.elements().create("card");
      const ready = new Promise((resolve) => card.on("ready", resolve));
      card.on("change", (event) => tell(cardForm, event.error ? event.error.message : ""));
      card.mount("#card-fields");
      await ready;
      return { stripe, card, secret: found.client_secret, id: found.setup_intent_id };
    }));
    reveal(cardForm);
    prepare().catch((error) => tell(cardForm, error.problem || button.dataset.failed));
    let working = false;
    cardForm.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (working) return;
      working = true;
      busy(button, true);
      tell(cardForm, "");
      try {
        const { stripe, card, secret, id } = await prepare();
        const outcome = await stripe.confirmCardSetup(secret, {
          payment_method: { card },
          return_url: window.location.href,
        });
        if (outcome.error) throw outcome.error;
        cardForm.elements.setup_intent_id.value = id;
        cardForm.submit();
      } catch (error) {
        tell(cardForm, (error && ((error.type && error.message) || error.problem)) || button.dataset.failed);
        if (!error || !error.type) prepared = null;
        working = false;
        busy(button, false);
      }
    });
  }

  const verifyForm = document.querySelector("form[data-verify]");
  if (verifyForm && window.Stripe) {
    const button = verifyForm.querySelector(".needs-script");
    let working = false;
    const verify = async () => {
      if (working) return;
      working = true;
      busy(button, true);
      tell(verifyForm, "");
      try {
        const found = await post(verifyForm, verifyForm.dataset.verify);
        if (found) await stripeOf(found).handleNextAction({ clientSecret: found.client_secret });
        verifyForm.submit();
      } catch {
        working = false;
        busy(button, false);
        tell(verifyForm, button.dataset.failed);
      }
    };
    reveal(verifyForm);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      verify();
    });
    verify();
  }

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
