/** The key `/` leads to the page's search field, unless something is being typed already. */
export function focusSearch(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector<HTMLElement>("main [data-search] input, main input[data-search]");
  if (field === null) return;
  event.preventDefault();
  field.focus();
}
