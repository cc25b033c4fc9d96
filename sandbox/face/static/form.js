// The part of Sales' client API that a script needs which shows messages on a form; then the form's own scripts.
"use strict";
(() => {
  const place = document.querySelector("#form-notifications");
  const { table, id, handlers, scripts, rows } = place.dataset;
  const frame = document.querySelector("#form-panel");
  const collection = (items) => ({ forEach: (each) => items.forEach(each), get: (test) => test ? items.filter(test) : items });
  const levels = { ERROR: "refused", WARNING: "hint", INFO: "done" };
  const panel = frame && {
    getControlType: () => "webresource",
    getSrc: () => frame.src,
    getContentWindow: async () => frame.contentWindow,
  };
  const ui = {
    setFormNotification(text, level, name) {
      const note = Object.assign(document.createElement("p"), { textContent: text, className: `note ${levels[level]}` });
      note.dataset.name = name;
      place.append(note);
      return true;
    },
    clearFormNotification(name) {
      const notes = [...place.children].filter((note) => note.dataset.name === name);
      notes.forEach((note) => note.remove());
      return notes.length > 0;
    },
    controls: collection(panel ? [panel] : []),
    tabs: collection([]),
  };
  const form = {
    data: { addOnLoad() {}, entity: { getId: () => `{${id.toUpperCase()}}`, getEntityName: () => table } },
    getAttribute: () => null,
    ui,
  };
  window.Xrm = {
    Utility: { getGlobalContext: () => ({ userSettings: { languageId: /^n[bno]/.test(navigator.language) ? 1044 : 1033 } }) },
    WebApi: {
      async retrieveMultipleRecords(name, options = "") {
        const answer = await fetch(rows.replace("TABLE", name) + options);
        if (answer.ok) return answer.json();
        throw { errorCode: answer.status === 403 ? 0x80040220 : 0x80040217, message: (await answer.json()).error };
      },
    },
  };
  const load = (address) => new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: done, onerror: failed }));
  });
  const find = (name) => name.split(".").reduce((holder, part) => holder?.[part], window);
  scripts.split(" ").reduce((before, one) => before.then(() => load(one)), Promise.resolve()).then(
    () => handlers.split(" ").forEach((name) => find(name)({ getFormContext: () => form })),
    () => ui.setFormNotification("A script of this form cannot be loaded.", "ERROR", "form"),
  );
})();
