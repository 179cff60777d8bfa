// What is done without leaving a list or a record's page: statistics, changing one field, a look at a row.

// A request that is about the list as it stands takes the list's query along: the address is the state.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.matches("[data-with-query]")) detail.path += location.search;
});
