// Card fields and 3-D Secure: on pages that load Stripe's script, after it and portal.js.
(() => {
  "use strict";

  const { busy } = window.portal;
  const show = (node, visible) => { if (node) node.hidden = !visible; };

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
})();
