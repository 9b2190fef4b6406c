/**
 * What to tell at a start when the functions have other pipelines than this node; null when they have the same, or
 * nobody knows. It is no reason not to start: what a function hands back is folded here, and results are the same.
 */
export function otherVersion(here: string, deployed: string | undefined): string | null {
  if (deployed === undefined || deployed === here) return null
  return `the functions have pipelines ${deployed}, this node ${here}: they hand back all that bursts, which costs time and money and nothing of exactness; deploy again: npx sls deploy, or start the node from the code that was deployed`
}
