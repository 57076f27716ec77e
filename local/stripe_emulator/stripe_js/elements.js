// Stripe's elements: the Payment Element and card fields, each in a frame of the emulator's own origin.
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
  constructor(type, group, [path, title] = ["card", "Secure card input frame"]) {
    this.type = type;
    this._handlers = {};
    this._waiting = new Map();
    const query = new URLSearchParams({ parent: window.location.origin, group });
    if (type in SPLIT_FIELDS) query.set("field", SPLIT_FIELDS[type]);
    this._frame = frame(`/_stripe/${path}?${query}`, title);
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
    return this._ask({ type: "create", ...details });
  }

  _ask(content) {
    const call = nextNumber();
    this._send({ ...content, call });
    return new Promise((resolve) => this._waiting.set(call, resolve));
  }

  _send(message) {
    this._frame.contentWindow.postMessage(message, ORIGIN);
  }

  _receive(event) {
    if (event.origin !== ORIGIN || event.source !== this._frame.contentWindow) return;
    const message = event.data;
    if (message.type === "answer") {
      this._waiting.get(message.call)?.(message.answer);
      this._waiting.delete(message.call);
      return;
    }
    this._emit(message.type, message.event);
  }

  _emit(name, event) {
    for (const handler of [...(this._handlers[name] || [])]) handler({ elementType: this.type, ...event });
  }
}

