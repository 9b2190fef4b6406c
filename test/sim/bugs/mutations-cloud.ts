import type { Item, ItemStore } from '../../../cloud/item-store'
import { envelopePartition, HEAD, type Origin } from '../../../cloud/keys'
import { PartialStore } from '../../../cloud/partial-store'
import { type Candidate, digestOfRows, ResultStore } from '../../../cloud/result-store'
import type { Pipeline } from '../../../core/pipeline/pipeline'
import { decodeTally, type EncodedTally, emptyPartial, type Partial } from '../../../core/protocol/partial'
import type { Account } from '../../../core/protocol/protocol'
import { MergedRuns } from '../../../edge-node/closing/merged-runs'
import { type Merged, Merger } from '../../../edge-node/closing/merger'
import { Functions } from '../cloud/functions'
import type { Mutation } from '../context'
import { around, together } from '../random'

/** What mutations reach of a PartialStore. */
interface Partials {
  readonly items: ItemStore
  readonly heads: PartialStore['heads']
  item(pk: string, sk: string, content: unknown): Item
}

/** What mutations reach of a Merger. */
interface Adopting {
  readonly from: Origin
  readonly cloud: { readonly results: ResultStore }
}

type Tallies = { readonly folded: EncodedTally; readonly dead: EncodedTally }
type Assemble = (pipeline: Pipeline, tallies: Tallies, ...rest: never[]) => Promise<Partial | null>
type Adopt = (account: Account, digest: string) => Promise<Merged>

/** Bugs in how partials and candidates stand in the cloud and are read. */
export const CLOUD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the partial of one run is taken for all of them',
    breaks: 'A manifest names the partial of each run of envelopes.',
    apply: () =>
      around<MergedRuns['merged'], MergedRuns>(MergedRuns.prototype, 'merged', (original, runs, [, ref]) => {
        original(runs.next(1)[0]!, ref)
        for (const first of runs.next(Number.POSITIVE_INFINITY)) original(first, ref)
      }),
  },
  {
    name: 'partials are added up, as by ADD',
    breaks: 'A partial is put once, so that a redelivery changes nothing.',
    apply: () =>
      around<PartialStore['putEnvelope'], Partials>(
        PartialStore.prototype,
        'putEnvelope',
        async (original, self, args) => {
          const [, from, { number }] = args
          const head = (await self.heads(from, [number])).get(number)
          if (head?.kind !== 'done') return original(...args)
          const panes = head.panes.map((pane) => ({ ...pane, folded: twice(pane.folded), dead: twice(pane.dead) }))
          await self.items.putAll([self.item(envelopePartition(from, number), HEAD, { ...head, panes })])
          return true
        },
      ),
  },
  {
    name: 'each Lambda batch has partials of its own',
    breaks: 'No id is derived from a Lambda batch: a record comes again in another one.',
    apply: () => {
      const extra = new Map<string, number>()
      const idOf = (from: Origin, number: number) => envelopePartition(from, number)
      return together(
        around<PartialStore['putEnvelope']>(PartialStore.prototype, 'putEnvelope', async (original, _self, args) => {
          const [, from, { number }] = args
          const isFirst = await original(...args)
          if (!isFirst) extra.set(idOf(from, number), (extra.get(idOf(from, number)) ?? 0) + 1)
          return true
        }),
        around<PartialStore['panes']>(PartialStore.prototype, 'panes', async (original, _self, args) => {
          const [, from, number] = args
          const parts = await original(...args)
          return parts && [...parts, ...Array.from({ length: extra.get(idOf(from, number)) ?? 0 }, () => parts).flat()]
        }),
      )
    },
  },
  {
    name: 'chunks of all attempts share their keys',
    breaks:
      'Chunks are written under an attempt, and the head names the one whose chunks count: two attempts need not split alike.',
    apply: () =>
      around<PartialStore['putEnvelope']>(PartialStore.prototype, 'putEnvelope', (original, _self, args) => {
        const [pipeline, from, envelope, , ...rest] = args
        return original(pipeline, from, envelope, 'the only one', ...rest)
      }),
  },
  {
    name: 'the edge has one id for its partial of a window',
    breaks:
      'The partial of the edge stands under an id that is never used again: an old merger may still read the one before.',
    apply: () =>
      around<PartialStore['putPart']>(PartialStore.prototype, 'putPart', (original, _self, args) => {
        const [pipeline, from, endMs, , partial] = args
        return original(pipeline, from, endMs, 'edge', partial)
      }),
  },
  {
    name: 'an absent chunk is an empty one',
    breaks: 'An absent chunk means missing, never empty.',
    apply: () =>
      around<Assemble>(PartialStore.prototype, 'assemble', async (original, _self, args) => {
        const [pipeline, { folded, dead }] = args
        return (
          (await original(...args)) ?? {
            ...emptyPartial(pipeline),
            folded: decodeTally(folded),
            dead: decodeTally(dead),
          }
        )
      }),
  },
  {
    name: 'an envelope gets lost in a merge, and nobody checks the balance',
    breaks: 'A window that does not balance is never final.',
    apply: () => together(loseParts(), ignoreBalance()),
  },
  {
    name: 'the edge adopts any candidate that stands',
    breaks: 'A standing candidate is adopted only if it was made of exactly what the window accepted.',
    apply: () => adoptAnything((candidate) => candidate.result.accepted),
  },
  {
    name: 'the rows of a candidate are not checked',
    breaks: 'Rows are adopted only if they are those that were merged.',
    apply: () =>
      around<ResultStore['candidate'], ResultStore>(
        ResultStore.prototype,
        'candidate',
        async (original, store, args) => {
          const candidate = await original(...args)
          const rows = candidate && (await store.rows(...args, candidate))
          return candidate && rows ? { ...candidate, rowsDigest: digestOfRows(rows) } : candidate
        },
      ),
  },
]

const twice = ([count, sum]: EncodedTally): EncodedTally => [2 * count, sum]

function loseParts(): () => void {
  return around<PartialStore['panes']>(PartialStore.prototype, 'panes', (original, _self, args) => {
    const [, , number] = args
    return number % 3 === 0 ? Promise.resolve([]) : original(...args)
  })
}

/** The merge takes what it found for what was accepted, and the edge does not look at it again. */
function ignoreBalance(): () => void {
  const merging = around<Functions['merge']>(Functions.prototype, 'merge', async (original, _self, [manifest]) => {
    const answer = await original(manifest)
    return answer.status === 'unbalanced' ? original({ ...manifest, accepted: answer.found }) : answer
  })
  return together(
    merging,
    adoptAnything((_candidate, account) => account.accepted),
  )
}

function adoptAnything(accepted: (candidate: Candidate, account: Account) => EncodedTally): () => void {
  return around<Adopt, Adopting>(Merger.prototype, 'adopt', async (original, { from, cloud }, [account, digest]) => {
    const candidate = await cloud.results.candidate(from, account.endMs)
    const rows = candidate && (await cloud.results.rows(from, account.endMs, candidate))
    if (candidate === null || rows === null) return original(account, digest)
    return { kind: 'result', result: { ...candidate.result, accepted: accepted(candidate, account), rows } }
  })
}
