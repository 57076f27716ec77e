// Stands in for Stripe.js: the part of https://docs.stripe.com/js that a page with card fields uses.
//
// Card numbers stay in frames of the emulator's own origin; the page only ever sees the id of a payment method.
// Styles are set through the CSSOM, so that a page's policy needs no `unsafe-inline`.
const KINDS = { pi: "payment_intent", seti: "setup_intent" };

// Show the bank's challenge over the page until it has ended.
const challenge = (url) =>
  new Promise((resolve) => {
    const overlay = document.createElement("div");
    overlay.setAttribute("role", "dialog");
    overlay.setAttribute("aria-modal", "true");
    overlay.setAttribute("aria-label", "3-D Secure authentication");
    style(overlay, {
      position: "fixed", inset: "0", background: "rgb(0 0 0 / 60%)", display: "flex",
      "align-items": "center", "justify-content": "center", "z-index": "2147483647",
    });
    const inner = document.createElement("iframe");
    inner.src = url;
    inner.title = "3-D Secure authentication";
    style(inner, { border: "0", background: "white", width: "min(420px, 95vw)", height: "min(420px, 95vh)" });
    const before = document.activeElement;
    const listener = (event) => {
      if (event.origin !== ORIGIN || event.source !== inner.contentWindow) return;
      if (event.data.type !== "challenge_done") return;
      window.removeEventListener("message", listener);
      overlay.remove();
      before?.focus?.();
      resolve();
    };
    window.addEventListener("message", listener);
    overlay.append(inner);
    document.body.append(overlay);
    inner.focus();
  });

class StripeInstance {
  constructor(key, options = {}) {
    if (!/^pk_/.test(key || "")) throw new Error("Please call Stripe() with your publishable key.");
    this._key = key;
    this._account = options.stripeAccount;
    this._locale = options.locale || "auto";
  }

  elements(options) {
    return new Elements(this, options);
  }

  async createPaymentMethod({ type = "card", card, element, elements, billing_details, params } = {}) {
    if (type !== "card") throw new Error("The Stripe emulator knows cards only.");
    const source = element || card || elements?._cardElement;
    const answer = await this._method({ card: source, billing_details: billing_details || params?.billing_details });
    return answer.error ? answer : { paymentMethod: answer.paymentMethod };
  }

  confirmCardSetup(secret, data = {}, options = {}) {
    return this._confirm(secret, data.payment_method, data.return_url, options.handleActions !== false);
  }

  confirmCardPayment(secret, data = {}, options = {}) {
    return this._confirm(secret, data.payment_method, data.return_url, options.handleActions !== false);
  }

  confirmSetup(options) {
    return this._confirmAndLeave(options);
  }

  confirmPayment(options) {
    return this._confirmAndLeave(options);
  }

  async handleNextAction({ clientSecret }) {
    const answer = await this._retrieve(clientSecret);
    return answer.error ? answer : this._finish(clientSecret, Object.values(answer)[0]);
  }

  handleCardAction(clientSecret) {
    return this.handleNextAction({ clientSecret });
  }

  retrievePaymentIntent(secret) {
    return this._retrieve(secret);
  }

  retrieveSetupIntent(secret) {
    return this._retrieve(secret);
  }

  async _confirmAndLeave({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    const secret = clientSecret || elements?.clientSecret;
    if (!["always", "if_required"].includes(redirect)) throw integrationError(`Invalid value for redirect: ${redirect}.`);
    if (redirect === "always" && !confirmParams.return_url) {
      throw integrationError("You must provide `confirmParams.return_url`, or set `redirect` to `if_required`.");
    }
    if (!confirmParams.payment_method && !elements?._cardElement?._frame.isConnected) {
      throw integrationError("`elements` should have a mounted Payment Element or Express Checkout Element.");
    }
    const billing_details = confirmParams.payment_method_data?.billing_details;
    const method = confirmParams.payment_method || { card: elements._cardElement, billing_details };
    const answer = await this._confirm(secret, method, confirmParams.return_url, true);
    if (!answer.error && redirect !== "if_required") this._leave(secret, confirmParams.return_url);
    return answer;
  }

  _leave(secret, url) {
    const kind = this._kind(secret);
    const target = new URL(url);
    target.searchParams.set(kind, secret.split("_secret_")[0]);
    target.searchParams.set(`${kind}_client_secret`, secret);
    target.searchParams.set("redirect_status", "succeeded");
    window.location.assign(target);
  }

  async _confirm(secret, method, returnUrl, handleActions) {
    const fields = { client_secret: secret, use_stripe_sdk: "true" };
    if (returnUrl) fields.return_url = returnUrl;
    if (method) {
      const made = await this._method(method);
      if (made.error) return { error: translated(this._localeOf(method), made.error) };
      fields.payment_method = made.paymentMethod.id;
    }
    const answer = await this._call("POST", `${this._path(secret)}/confirm`, fields);
    if (answer.error) return { error: translated(this._localeOf(method), answer.error) };
    return handleActions ? this._finish(secret, answer, this._localeOf(method)) : this._named(secret, answer);
  }

  _localeOf(method) {
    return method?.card?._owner?.locale || this._locale;
  }

  async _finish(secret, intent, locale = this._locale) {
    const action = intent.next_action;
    if (intent.status !== "requires_action" || !action) return this._named(secret, intent);
    if (action.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {});
    }
    await challenge(action.use_stripe_sdk.stripe_js);
    const answer = await this._retrieve(secret);
    if (answer.error) return answer;
    const ended = Object.values(answer)[0];
    const failure = ended.last_payment_error || ended.last_setup_error;
    if (ended.status !== "requires_payment_method" || !failure) return answer;
    return { error: translated(locale, { ...failure, [this._kind(secret)]: ended }) };
  }

  async _method(method) {
    if (typeof method === "string") return { paymentMethod: { id: method } };
    const card = method.card;
    if (card instanceof Element) {
      const details = { key: this._key, account: this._account, billing: method.billing_details || {} };
      return card._create(details);
    }
    if (card?.token) {
      const made = await this._call("POST", "/v1/payment_methods", { type: "card", "card[token]": card.token });
      return made.error ? made : { paymentMethod: made };
    }
    throw new Error("A payment method needs an element, a token, or the id of a saved card.");
  }

  async _retrieve(secret) {
    const query = new URLSearchParams({ client_secret: secret });
    const answer = await this._call("GET", `${this._path(secret)}?${query}`);
    return answer.error ? { error: answer.error } : this._named(secret, answer);
  }

  async _call(method, path, fields) {
    const headers = { Authorization: `Bearer ${this._key}` };
    if (this._account) headers["Stripe-Account"] = this._account;
    const body = fields && new URLSearchParams(fields);
    try {
      return await (await fetch(ORIGIN + path, { method, headers, body })).json();
    } catch {
      return { error: { type: "api_connection_error", message: message(this._locale, "api_connection_error") } };
    }
  }

  _kind(secret) {
    return KINDS[secret.split("_")[0]];
  }

  _path(secret) {
    return `/v1/${this._kind(secret)}s/${secret.split("_secret_")[0]}`;
  }

  _named(secret, intent) {
    return { [this._kind(secret) === "payment_intent" ? "paymentIntent" : "setupIntent"]: intent };
  }
}

window.Stripe = (key, options) => new StripeInstance(key, options);
window.Stripe.version = "emulator";
