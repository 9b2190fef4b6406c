type Method = (...args: never[]) => unknown

/**
 * Replaces a method of a class, a private one too: `instead` gets the original, bound, and the object and the arguments
 * of the call. Returns how to put the original back.
 */
export function around<Original extends Method, Self = unknown>(
  prototype: object,
  name: string,
  instead: (original: Original, self: Self, args: Parameters<Original>) => unknown,
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (typeof descriptor?.value !== 'function') throw new Error(`there is no method ${name}`)
  const original = descriptor.value as Original
  const value = function (this: Self, ...args: Parameters<Original>) {
    return instead(original.bind(this as never) as unknown as Original, this, args)
  }
  Object.defineProperty(prototype, name, { ...descriptor, value })
  return () => Object.defineProperty(prototype, name, descriptor)
}

/** Undoes several, last in, first out. */
export const together =
  (...undo: readonly (() => void)[]): (() => void) =>
  () => {
    for (const each of [...undo].reverse()) each()
  }
