/** What a project's functions are made of: the entry `spillway/lambda`. */
export { burstFunction } from './burst'
export { mergeFunction } from './merge'
