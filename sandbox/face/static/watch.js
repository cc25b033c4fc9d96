// Adds requests as they arrive; without this script the page shows those there were when it was loaded.
"use strict";
(() => {
  const table = document.querySelector("#seen tbody");
  const state = document.querySelector("#watching");
  const pause = document.querySelector("#pause");
  const most = Number(table.dataset.most);
  let last = Number(table.dataset.last);
  let paused = false;

  const cell = (row, label, text, css) => {
    const td = row.insertCell();
    if (label) td.dataset.label = label;
    td.textContent = text;
    if (css) td.className = css;
  };
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // a lone percent sign: shown as it came
    }
  };
  const request = (row, entry) => {
    const td = row.insertCell();
    td.dataset.label = "Request";
    td.className = "path";
    const short = `${entry.method} ${decoded(entry.path)}`;
    if (!entry.query) {
      td.textContent = short;
      return;
    }
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = `${short}?…`;
    details.append(summary, `?${decoded(entry.query)}`);
    td.append(details);
  };
  const add = (entry) => {
    const row = table.insertRow(0);
    cell(row, "", entry.at.slice(11, 19), "n");
    cell(row, "System", entry.system, "whole");
    request(row, entry);
    cell(row, "Status", entry.status === 0 ? "no reply" : String(entry.status), "n");
    cell(row, "Parts", String(entry.operations), "n");
    cell(row, "ms", String(entry.milliseconds), "n");
    cell(row, "Fault", entry.fault);
    while (table.rows.length > most) table.deleteRow(-1);
  };
  const look = async () => {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(`/_sandbox/requests?after=${last}&limit=${most}`);
        const seen = (await answer.json()).requests;
        seen.forEach(add);
        if (seen.length) {
          last = seen[seen.length - 1].number;
          document.querySelector("#none")?.remove();
        }
        state.textContent = "Watching: new requests appear by themselves.";
      } catch {
        state.textContent = "The sandbox does not answer. Trying again.";
      }
    }
    setTimeout(look, 1000);
  };
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
    state.textContent = paused ? "Paused." : "Watching: new requests appear by themselves.";
  });
  look();
})();
