// The shim that stands in for Stripe's script in test mode: the same
// Stripe(key).initEmbeddedCheckout({fetchClientSecret}) as the real one, showing
// the local gateway's page in a frame.
"use strict";
(() => {
  let mounted = false;

  const session = (secret) => {
    const at = typeof secret === "string" ? secret.indexOf("_secret_") : -1;
    if (at < 1) throw new Error("IntegrationError: the client secret is not one of a Checkout Session.");
    return secret.slice(0, at);
  };

  const checkout = async (options = {}) => {
    if (mounted) throw new Error("IntegrationError: You cannot have multiple Embedded Checkout objects.");
    mounted = true;
    let id;
    try {
      id = session(options.clientSecret || (await options.fetchClientSecret()));
    } catch (error) {
      mounted = false;
      throw error;
    }
    const frame = document.createElement("iframe");
    frame.src = "/gateway/c/" + encodeURIComponent(id);
    frame.title = "Secure payment form";
    frame.width = "100%";
    frame.height = "640";
    frame.setAttribute("frameborder", "0");
    frame.setAttribute("allow", "payment");
    let pages = 0;
    const listen = (event) => {
      if (event.origin !== window.location.origin || event.source !== frame.contentWindow || !event.data) return;
      if (event.data.height > 0) frame.height = String(Math.ceil(event.data.height));
      if (event.data.gateway === "page") {
        // A page that follows another may be much shorter, and begin above what is seen.
        const top = frame.getBoundingClientRect().top;
        if (pages++ > 0 && (top < 0 || top > window.innerHeight / 2)) frame.scrollIntoView({ block: "start" });
      }
      if (event.data.gateway === "complete" && options.onComplete) options.onComplete();
    };
    const remove = () => {
      window.removeEventListener("message", listen);
      frame.remove();
    };
    return {
      mount(target) {
        const place = typeof target === "string" ? document.querySelector(target) : target;
        if (!place) throw new Error("IntegrationError: The place to mount the checkout does not exist: " + target);
        window.addEventListener("message", listen);
        place.append(frame);
      },
      unmount: remove,
      destroy() {
        remove();
        mounted = false;
      },
    };
  };

  window.Stripe = (key) => {
    if (typeof key !== "string" || !key.startsWith("pk_test")) {
      throw new Error("IntegrationError: the local payment gateway takes a test key (pk_test_...) only.");
    }
    return { initEmbeddedCheckout: checkout, createEmbeddedCheckoutPage: checkout };
  };
  window.Stripe.version = 3;
})();
