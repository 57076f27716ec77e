// Tells the page that showed the challenge that it has ended. The message holds no secret, so any page may hear it;
// what came of the challenge is asked of the API.
(() => {
  "use strict";
  if (window.parent !== window) window.parent.postMessage({ type: "challenge_done" }, "*");
})();
