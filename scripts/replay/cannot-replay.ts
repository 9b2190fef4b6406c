/** Nothing can be replayed, or no more: the edge node is not there or answers something else. */
export class CannotReplay extends Error {
  constructor(
    readonly code: 'unreachable-edge-node' | 'unexpected-answer' | 'edge-node-busy',
    message: string,
  ) {
    super(message)
  }
}
