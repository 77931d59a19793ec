const PATIENCE_MS = 6000; // for one block, where a pattern may run for ever

/**
 * Coins in a worker, so that the page stays alive and Stop always stops. Where a browser allows no
 * worker it coins in slices on the page; patterns, which no slice can interrupt, are off then.
 */
class Coiner {
  /**
   * @param {Header} header
   * @param {ArrayBuffer} buffer
   * @param {string} engine its source
   * @param {{onReport: (report: Report) => void, onNearest: (nearest: Object[]) => void}} listener
   */
  constructor(header, buffer, engine, listener) {
    Object.assign(this, { header, buffer, listener, job: 0, worker: null, canWork: true });
    const policy = globalThis.trustedTypes
      && trustedTypes.createPolicy("neonym", { createScriptURL: (url) => url });
    const url = URL.createObjectURL(new Blob([engine], { type: "text/javascript" }));
    this.url = policy ? policy.createScriptURL(url) : url;
    this.hire();
  }

  hire() {
    try {
      this.worker = new Worker(this.url);
    } catch {
      this.canWork = false;
      return;
    }
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.worker = null;
      this.canWork = false;
      clearTimeout(this.watch);
      if (this.request) this.coin(this.request);
    };
    this.worker.postMessage({ header: this.header, buffer: this.buffer });
  }

  coin(request) {
    if (this.request) this.stop();
    this.request = request;
    this.job += 1;
    if (this.canWork && !this.worker) this.hire();
    if (!this.canWork) {
      this.coinInSlices(request);
      return;
    }
    this.worker.postMessage({ job: this.job, request });
    this.wait();
  }

  /** Stop at once; what was found stays. */
  stop() {
    clearTimeout(this.watch);
    this.request = null;
    this.job += 1;
    if (this.worker) this.worker.terminate();
    this.worker = null;
    if (this.canWork) this.hire();
  }

  wait() {
    clearTimeout(this.watch);
    if (!this.request.wanted.matches) return;
    this.watch = setTimeout(() => {
      this.stop();
      this.listener.onReport({ end: "pattern" });
    }, PATIENCE_MS);
  }

  receive({ job, report, nearest }) {
    if (job !== this.job) return;
    if (nearest) this.listener.onNearest(nearest);
    if (!report) return;
    if (report.end) {
      clearTimeout(this.watch);
      this.request = null;
    } else {
      this.wait();
    }
    this.listener.onReport(report);
  }

  coinInSlices(request) {
    const { job } = this;
    this.model = this.model || new Model(this.header, this.buffer);
    this.memory = this.memory || new Memory(this.model);
    if (request.wanted.matches) {
      const problem = "This browser lets the page have no worker, so patterns are off: leave it out.";
      this.receive({ job, report: { end: "problem", problem } });
      return;
    }
    const reports = coin(this.model, this.memory, request);
    const slice = () => {
      if (job !== this.job) return;
      const { value, done } = reports.next();
      if (done) return;
      this.receive({ job, report: value });
      setTimeout(slice);
    };
    slice();
  }
}
