import { BASE_MACHINE, PRICES, usageLines, zeroUsage } from '../../core/control/cost'
import { code, page, table } from './markdown'

/** The reference of prices: what the node, the simulator and the reports count with. */
export function costPage(): string {
  const one = Object.fromEntries(Object.keys(zeroUsage()).map((name) => [name, 1])) as unknown as ReturnType<
    typeof zeroUsage
  >
  const lines = usageLines(one).map(({ item, unit, usd }) => [item, unit, dollars(usd * 1e6)])
  const { type, vcpus, memoryGib, usdPerHour } = BASE_MACHINE
  return page(
    '# Prices',
    `List prices of AWS in ${PRICES.region} as of ${PRICES.asOf}, on demand, Lambda on arm64: the table in ${code('core/control/cost.ts')}. Check before you quote them. Free
tiers, storage, logs, the queue and KMS are left out.`,
    `## What bursting uses\n\n${table(['item', 'unit', 'dollars a million'], lines)}`,
    `## What stands\n\n${table(
      ['item', 'dollars an hour'],
      [
        ['a shard of a provisioned stream, bursting or not', dollars(PRICES.kinesisShardHour)],
        ['a stream in on-demand mode (then instead of shards and put units)', dollars(PRICES.kinesisOnDemandHour)],
        [`a base machine, to compare with (${type}, ${vcpus} vCPU, ${memoryGib} GiB)`, dollars(usdPerHour)],
      ],
    )}`,
    `With ${code('transport: invoke')} the stream is not used, but a stack as deployed has one, and its shards are billed.`,
  )
}

const dollars = (usd: number) => `$${Number(usd.toPrecision(6))}`
