// Stripe's elements: card fields, each in a frame of the emulator's own origin.
const ORIGIN = new URL(document.currentScript.src).origin;
const SPLIT_FIELDS = { cardNumber: "number", cardExpiry: "expiry", cardCvc: "cvc" };

let lastNumber = 0;
const nextNumber = () => (lastNumber += 1);

const style = (node, rules) => {
  for (const [name, value] of Object.entries(rules)) node.style.setProperty(name, value);
};

const frame = (path, title) => {
  const node = document.createElement("iframe");
  node.src = ORIGIN + path;
  node.title = title;
  return node;
};

class Element {
  constructor(type, group) {
    this.type = type;
    this._handlers = {};
    this._waiting = new Map();
    const query = new URLSearchParams({ parent: window.location.origin, group });
    if (type in SPLIT_FIELDS) query.set("field", SPLIT_FIELDS[type]);
    this._frame = frame(`/_stripe/card?${query}`, "Secure card input frame");
    style(this._frame, { border: "0", width: "100%", height: "48px", display: "block" });
    this._listener = (event) => this._receive(event);
    window.addEventListener("message", this._listener);
  }

  mount(target) {
    const place = typeof target === "string" ? document.querySelector(target) : target;
    if (!place) throw new Error(`The selector you specified (${target}) applies to no DOM elements.`);
    place.replaceChildren(this._frame);
    return this;
  }

  on(name, handler) {
    (this._handlers[name] ||= []).push(handler);
    return this;
  }

  off(name, handler) {
    this._handlers[name] = (this._handlers[name] || []).filter((known) => handler && known !== handler);
    return this;
  }

  once(name, handler) {
    const only = (event) => {
      this.off(name, only);
      handler(event);
    };
    return this.on(name, only);
  }

  update() {}

  focus() {
    this._send({ type: "focus" });
  }

  blur() {
    this._frame.blur();
  }

  clear() {
    this._send({ type: "clear" });
  }

  unmount() {
    this._frame.remove();
  }

  destroy() {
    this.unmount();
    window.removeEventListener("message", this._listener);
  }

  // Ask the frame to make a payment method from what was typed into it.
  _create(details) {
    const call = nextNumber();
    this._send({ type: "create", call, ...details });
    return new Promise((resolve) => this._waiting.set(call, resolve));
  }

  _send(message) {
    this._frame.contentWindow.postMessage(message, ORIGIN);
  }

  _receive(event) {
    if (event.origin !== ORIGIN || event.source !== this._frame.contentWindow) return;
    const message = event.data;
    if (message.type === "created") {
      this._waiting.get(message.call)?.(message.answer);
      this._waiting.delete(message.call);
      return;
    }
    const shown = { elementType: this.type, ...message.event };
    for (const handler of [...(this._handlers[message.type] || [])]) handler(shown);
  }
}

class Elements {
  constructor(options = {}) {
    if ("paymentMethodTypes" in options) {
      throw new Error("`paymentMethodTypes` is not supported. Use `allowedPaymentMethodTypes`.");
    }
    this.clientSecret = options.clientSecret;
    this._group = `${Date.now()}-${nextNumber()}`;
    this._elements = {};
  }

  create(type) {
    if (!["card", "payment", ...Object.keys(SPLIT_FIELDS)].includes(type)) {
      throw new Error(`The Stripe emulator has no element of type ${type}.`);
    }
    this._elements[type] = new Element(type, this._group);
    return this._elements[type];
  }

  getElement(type) {
    return this._elements[type] || null;
  }

  update() {}

  async submit() {
    return {};
  }

  get _cardElement() {
    return this._elements.payment || this._elements.card || this._elements.cardNumber;
  }
}
