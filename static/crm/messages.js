// The bell asks for news only while its page is seen, fails in silence, and tells each message once for all tabs.

const isPoll = (event) => event.target.id === "bell-state";
const key = (state) => `news:${state.dataset.user}`;

document.addEventListener("htmx:configRequest", (event) => {
  if (!isPoll(event)) return;
  event.detail.parameters.since = localStorage.getItem(key(event.target)) ?? "";
  event.detail.parameters.panel = document.querySelector("#jobs-list[data-live]") ? "jobs" : "";
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (isPoll(event) && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (!isPoll(event)) return;
  const seen = Math.max(event.target.dataset.newest, localStorage.getItem(key(event.target)) ?? 0);
  localStorage.setItem(key(event.target), seen);
});
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => isPoll(event) && event.stopPropagation(), true);
}
