import { z } from 'zod'

/** As in JSON. `Number` takes more: an empty word would be 0, and nobody who forgot a value means that. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

const number = z.string().regex(NUMBER, 'expected a number').transform(Number)

/** A number in a query. */
export const queryNumber = () => number.pipe(z.number())

/** How many a page may have at most. */
export const queryLimit = (most: number) => number.pipe(z.number().int().min(1).max(most))
