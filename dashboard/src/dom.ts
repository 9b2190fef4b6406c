/** The element with this id. Throws when the page has none: they are all in `index.html`. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element ${id}`)
  return found as E
}

/** A new element of a class with text or children. Text is never markup, whatever a key or a reason says. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...content)
  return element
}

/** Sets the text, if it is another one: what does not change is not laid out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Makes the children of `parent` show the items; those that stay keep their element, so that focus and what is unfolded
 * stay too.
 */
export function showList<Item>(
  parent: HTMLElement,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  create: (item: Item) => HTMLElement,
): void {
  const old = new Map([...parent.children].map((child) => [(child as HTMLElement).dataset.key, child as HTMLElement]))
  let place: Element | null = parent.firstElementChild
  for (const item of items) {
    const key = keyOf(item)
    const element = old.get(key) ?? create(item)
    old.delete(key)
    element.dataset.key = key
    if (element === place) place = place.nextElementSibling
    else parent.insertBefore(element, place)
  }
  for (const gone of old.values()) gone.remove()
}
