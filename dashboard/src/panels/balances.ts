import type { FinalWindow } from '../../../edge-node/observe/feed'

/** Whether a final window adds up; the page checks it again, though no other becomes final. */
export const balances = ({ accepted, edge, burst, deadLettered }: FinalWindow): boolean =>
  accepted === edge + burst + deadLettered
