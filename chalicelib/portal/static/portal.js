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

  const stripeOf = (found, locale = "auto") =>
    window.Stripe(found.publishable_key, {
      locale,
      ...(found.stripe_account ? { stripeAccount: found.stripe_account } : {}),
    });

  const tell = (form, text) => {
    const problem = form.querySelector("[data-problem]");
    problem.textContent = text;
    show(problem, Boolean(text));
  };

  const reveal = (form) => {
    form.querySelectorAll(".needs-script").forEach((node) => show(node, true));
    form.querySelectorAll(".no-script").forEach((node) => show(node, false));
  };

  // Stripe's fields look like the page's own: with its colors as they are now, its font and its corners.
  const appearanceIn = (place) => {
    const probe = document.createElement("span");
    place.before(probe);
    const color = (name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    const [surface, text, soft, edge, accent, bad] = ["surface", "text", "soft", "edge", "accent", "bad"].map(color);
    probe.remove();
    const [red, green, blue] = surface.match(/[\d.]+/g).map(Number);
    const { fontFamily, fontSize, borderRadius } = getComputedStyle(place);
    return {
      theme: red + green + blue < 384 ? "night" : "stripe",
      variables: {
        colorPrimary: accent, colorBackground: surface, colorText: text, colorTextSecondary: soft,
        colorTextPlaceholder: soft, iconColor: soft, colorDanger: bad, fontFamily, fontSizeBase: fontSize, borderRadius,
        focusOutline: `3px solid ${accent}`, focusBoxShadow: "none",
      },
      rules: {
        ".Input": { border: `1px solid ${edge}`, boxShadow: "none" },
        ".Input--invalid": { border: `2px solid ${bad}`, boxShadow: "none" },
        ".Tab": { border: `1px solid ${edge}`, boxShadow: "none" },
        ".Label": { fontWeight: "600" },
      },
    };
  };

  const onThemeChange = (restyle) => {
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
    new MutationObserver(restyle).observe(document.documentElement, { attributes: true });
  };

  // Where a bank's own page leads back to: this page, with what the form carries along.
  const returnUrl = (form) => {
    const url = new URL(window.location.pathname, window.location.href);
    for (const { name, value } of form.querySelectorAll("input[type=hidden]")) {
      if (value && name !== "form_token") url.searchParams.set(name, value);
    }
    return url.href;
  };

  const isForPeople = ({ type, code }) =>
    ["card_error", "validation_error", "api_connection_error"].includes(type) ||
    code === "setup_intent_authentication_failure";

  const cardForm = document.querySelector("form[data-card]");
  if (cardForm && window.Stripe) {
    const button = cardForm.querySelector("button");
    const place = document.getElementById("card-fields");
    const { locale, billing } = cardForm.dataset;
    let prepared = null;
    let elements = null;

    const mount = async (found) => {
      const stripe = stripeOf(found, locale);
      elements = stripe.elements({ clientSecret: found.client_secret, appearance: appearanceIn(place), locale });
      const element = elements.create("payment", { defaultValues: { billingDetails: JSON.parse(billing) } });
      element.on("change", () => tell(cardForm, ""));
      const ready = new Promise((resolve, reject) => {
        element.on("ready", resolve);
        element.on("loaderror", ({ error }) => reject(error));
      });
      element.mount(place);
      await ready.catch((error) => {
        element.destroy();
        throw error;
      });
      return { stripe, secret: found.client_secret, id: found.setup_intent_id };
    };
    const prepare = () => (prepared ||= post(cardForm, cardForm.dataset.card).then(mount));

    // The answer to a confirmation may be lost on its way; Stripe knows whether the card is saved.
    const isSaved = async ({ stripe, secret }) => {
      const { setupIntent } = await stripe.retrieveSetupIntent(secret);
      return setupIntent?.status === "succeeded";
    };

    const confirm = async (setup) => {
      const { error: typo } = await elements.submit();
      if (typo) throw typo;
      const { error } = await setup.stripe.confirmSetup({
        elements,
        redirect: "if_required",
        confirmParams: { return_url: returnUrl(cardForm) },
      });
      if (error && (error.type === "card_error" || !(await isSaved(setup)))) throw error;
    };

    const explain = (error) => {
      if (!error || !isForPeople(error)) prepared = null;
      tell(cardForm, (error && ((isForPeople(error) && error.message) || error.problem)) || button.dataset.failed);
    };

    reveal(cardForm);
    prepare().catch(explain);
    onThemeChange(() => elements?.update({ appearance: appearanceIn(place) }));
    let working = false;
    cardForm.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (working) return;
      working = true;
      busy(button, true);
      tell(cardForm, "");
      try {
        const setup = await prepare();
        await confirm(setup);
        cardForm.elements.setup_intent_id.value = setup.id;
        cardForm.submit();
      } catch (error) {
        explain(error);
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

  // The reader's own time after each moment. Nothing is added where it is the same as UTC.
  const local = document.querySelector("[data-local]");
  if (local) {
    const format = (moment, options) => new Intl.DateTimeFormat(local.dataset.locale, options).format(moment);
    const utcDay = (moment, timeZone) => new Intl.DateTimeFormat("en-CA", { timeZone }).format(moment);
    for (const node of document.querySelectorAll("time[datetime*='T']")) {
      const moment = new Date(node.dateTime);
      if (Number.isNaN(moment.getTime()) || !moment.getTimezoneOffset() || node.closest(".hidden")) continue;
      const sameDay = utcDay(moment) === utcDay(moment, "UTC");
      const text = format(moment, { timeStyle: "short", ...(sameDay ? {} : { dateStyle: "medium" }) });
      const added = document.createElement("span");
      added.className = "local";
      added.textContent = local.dataset.local.replace("{time}", text);
      node.append(" ", added);
      local.textContent = local.dataset.said;
    }
  }
})();
