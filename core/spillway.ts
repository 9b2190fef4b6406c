export { count } from './aggregates/count'
export { sum } from './aggregates/sum'
export { pipeline } from './pipeline/pipeline'
export { tumbling } from './pipeline/window'
