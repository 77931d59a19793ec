/** In a worker: coin what is asked for, then look for the nearest known names. */
function serve(scope) {
  let model, memory, latest = 0;

  function look(job, names) {
    if (job !== latest || !names.length) return;
    const begin = performance.now();
    const nearest = [];
    while (names.length && performance.now() - begin < 40) {
      const name = names.shift();
      nearest.push({ name, nearest: memory.nearest(name) });
    }
    scope.postMessage({ job, nearest });
    setTimeout(look, 0, job, names); // so that another request can come between
  }

  scope.onmessage = ({ data }) => {
    if (data.header) {
      model = new Model(data.header, data.buffer);
      memory = new Memory(model);
      return;
    }
    latest = data.job;
    let last;
    for (last of coin(model, memory, data.request)) {
      scope.postMessage({ job: data.job, report: last });
    }
    if (memory.list) look(data.job, last.names.map(({ name }) => name));
  };
}

if (typeof document === "undefined" && typeof self !== "undefined") serve(self);
