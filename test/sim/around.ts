type Method = (...args: never[]) => unknown

/** Replaces a method of a class, private ones too, by what `wrap` makes of it; returns how to put the original back. */
export function around<Original extends Method>(
  prototype: object,
  name: string,
  wrap: (original: Original) => (this: never, ...args: Parameters<Original>) => unknown,
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (descriptor === undefined) throw new Error(`there is no ${name}`)
  Object.defineProperty(prototype, name, { ...descriptor, value: wrap(descriptor.value as Original) })
  return () => Object.defineProperty(prototype, name, descriptor)
}
