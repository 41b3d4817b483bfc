// Workers for pages that are opened as files: a browser starts none from file://. A frame runs the script instead.
// Messages arrive later in both directions, as a worker's do.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.onmessage = null;
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<!doctype html>";
      this.frame.addEventListener("load", () => this.start(url), { once: true });
      if (document.body) document.body.append(this.frame);
      else addEventListener("DOMContentLoaded", () => document.body.append(this.frame));
    }

    start(url) {
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => setTimeout(() => this.onmessage?.(new MessageEvent("message", { data })));
      const script = inside.document.createElement("script");
      script.src = url;
      script.onload = () => {
        this.inside = inside;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      };
      script.onerror = () => this.onerror?.(new ErrorEvent("error", { message: `${url} does not load` }));
      inside.document.head.append(script);
    }

    postMessage(data) {
      if (this.inside) setTimeout(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
      else this.waiting.push(data);
    }

    // The frame stays: removing it would take the focus away from the search.
    terminate() {}
  };
}
