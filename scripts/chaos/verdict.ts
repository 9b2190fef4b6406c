import pc from 'picocolors'
import { type ChaosReport, isPassed } from './report'

const n = (count: number) => count.toLocaleString('en-US')

/** The outcome of one scenario as a person reads it. */
export function verdictOf(report: ChaosReport): string {
  const { scenario, seed, skipped, failed, faults, seconds } = report
  const name = `${scenario}, seed ${seed}`
  if (skipped !== undefined) return pc.yellow(`SKIPPED ${name}: ${skipped}`)
  if (failed !== undefined) return pc.red(`FAILED ${name}: ${failed}`)
  const done = Object.entries(faults).map(([kind, count]) => `${count} x ${kind}`)
  return [
    headline(name, report),
    `  faults       ${done.join(', ') || 'none'}`,
    `  accepted     ${n(report.accepted)} = edge ${n(report.edge)} + burst ${n(report.burst)} + dead letters ${n(report.deadLettered)}; late ${n(report.late)}`,
    `  windows      ${report.windows}, of them ${report.windowsWithBurst} with burst; missing ${report.missing}, extra ${report.extra}, mismatched ${report.mismatched}`,
    `  load         ${n(report.load?.retries ?? 0)} requests sent again`,
    ...Object.entries(report.warnings).map(([warning, count]) => `  warned       ${count} x ${warning}`),
    ...report.broken.map((promise) => pc.red(`  not kept     ${promise}`)),
    `  took         ${Math.round(seconds)} s`,
  ].join('\n')
}

function headline(name: string, report: ChaosReport): string {
  if (isPassed(report)) return pc.green(`EXACT ${name}: nothing lost, nothing counted twice.`)
  if (report.exact) return pc.red(`EXACT, BUT NOT AS PROMISED ${name}: see below.`)
  return pc.red(`NOT EXACT ${name}: the differences are in the report.`)
}
