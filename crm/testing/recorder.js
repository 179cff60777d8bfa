// Counts what people do on a page: window.recorder = {I, K}; see Recorder in browser.py.
(() => {
  window.recorder = JSON.parse(sessionStorage.getItem("recorder") ?? '{"I":0,"K":0}');
  let press = "";
  let pressedAt = 0;
  let typingInto = null;

  const add = (interactions, keys) => {
    Object.assign(window.recorder, { I: window.recorder.I + interactions, K: window.recorder.K + keys });
    sessionStorage.setItem("recorder", JSON.stringify(window.recorder));
  };
  const isText = (element) =>
    element?.localName === "textarea" ||
    element?.isContentEditable ||
    (element?.localName === "input" && !/checkbox|radio|file|button|submit|range/.test(element.type));

  // Two presses at one point within 400 ms are a double click: one interaction.
  addEventListener("pointerdown", (event) => {
    if (!event.isTrusted) return;
    const point = `${event.button}:${event.clientX}:${event.clientY}`;
    if (point !== press || event.timeStamp - pressedAt >= 400) add(1, 1);
    [press, pressedAt, typingInto] = [point, event.timeStamp, null];
  }, true);

  addEventListener("input", (event) => {
    if (!event.isTrusted || !isText(event.target) || /Paste|Drop/.test(event.inputType) || event.target === typingInto) return;
    typingInto = event.target;
    add(1, 1);
  }, true);

  addEventListener("keydown", (event) => {
    if (!event.isTrusted || event.isComposing || /^(Shift|Control|Alt|Meta|Process)$/.test(event.key)) return;
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    if (isText(event.target) && !chord && (event.key.length === 1 || /^(Backspace|Delete)$/.test(event.key))) return;
    typingInto = null;
    add(event.key === "Tab" ? 0 : 1, 1);
  }, true);
})();
