import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { draws } from '../load/events/random'
import type { LoadReport } from '../load/report'
import { verify } from '../verify/report'
import { fetchWindows } from '../verify/served'
import { describe, isSettled, statusOf, warningsIn } from './edge-view'
import type { Play, World } from './faults/scenario'
import { SCENARIOS, type ScenarioName } from './faults/scenarios'
import { runLoad, startProcesses } from './processes'
import { buildReport, type ChaosReport, emptyReport } from './report'
import { Interrupted, Stage } from './stage'

const QUIET_MS = 20_000 // so that a long wait is seen to be one

/** Shows what changes: gives the line to print `atMs` into a run, or null when it says nothing new. */
export function progress(): (atMs: number, text: string) => string | null {
  let last = { atMs: Number.NEGATIVE_INFINITY, text: '' }
  return (atMs, text) => {
    if (text === last.text && atMs - last.atMs < QUIET_MS) return null
    last = { atMs, text }
    return `${Math.round(atMs / 1000)} s`.padStart(6).padEnd(9) + text
  }
}

/** How to run a scenario; null takes the scenario's own. */
export interface RunOptions {
  readonly seed: number
  readonly seconds: number | null
  readonly times: number | null
  /** Events per second outside of the spike, and in it. */
  readonly rate: number
  readonly peak: number
  /** Folder for logs and data, kept; null: a temporary one, removed. */
  readonly keep: string | null
}

const PROGRESS_MS = 2_000
const FINAL_WITHIN_MS = 180_000 // a window, its lateness, a reclaim, and a cloud that has to catch up

/** Runs one scenario from nothing to its report and leaves nothing behind. Rejects only with Interrupted. */
export async function runScenario(
  scenario: ScenarioName,
  options: RunOptions,
  interrupt: AbortSignal,
  say: (text: string) => void,
): Promise<ChaosReport> {
  const startMs = performance.now()
  const { seed } = options
  const stage = new Stage(await folderFor(scenario, options.keep), say)
  if (options.keep === null) stage.undo(() => rm(stage.folder, { recursive: true, force: true }))
  const onInterrupt = () => stage.fail(new Interrupted())
  interrupt.addEventListener('abort', onInterrupt, { once: true })
  const facts = () => {
    const { faults, broken } = stage
    return { scenario, seed, faults, broken, seconds: (performance.now() - startMs) / 1000 }
  }
  try {
    if (interrupt.aborted) throw new Interrupted()
    const outcome = await conduct(scenario, options, stage)
    return 'skipped' in outcome ? emptyReport(outcome, facts()) : buildReport({ ...facts(), ...outcome })
  } catch (error) {
    if (interrupt.aborted) throw new Interrupted()
    return emptyReport({ failed: error instanceof Error ? error.message : String(error) }, facts())
  } finally {
    interrupt.removeEventListener('abort', onInterrupt)
    await stage.close()
  }
}

async function folderFor(scenario: string, keep: string | null): Promise<string> {
  if (keep === null) return mkdtemp(join(tmpdir(), `spillway-chaos-${scenario}-`))
  const folder = join(keep, scenario)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}

async function conduct(name: ScenarioName, options: RunOptions, stage: Stage) {
  const scenario = SCENARIOS[name]
  const { seconds: usualSeconds, times: usualTimes, spike } = scenario.defaults
  const { seed, rate, peak } = options
  const loadMs = (options.seconds ?? usualSeconds) * 1000
  const running = await startProcesses(stage, (cloudPort) => scenario.open(stage, { seed, cloudPort, loadMs }))
  if ('skipped' in running) return running
  const { play, ...services } = running
  const world: World = {
    ...services,
    stage,
    times: options.times ?? usualTimes,
    loadMs,
    spikeAtMs: spike.at * loadMs,
    draw: draws(seed, name),
    status: () => statusOf(services.edgeUrl),
  }
  await act(world, play, runLoad(stage, world.edgeUrl, { seed, rate, peak, seconds: loadMs / 1000, spike }))
  return evidenceOf(stage, world.edgeUrl)
}

/** Load and faults side by side, then the wait for the last window. */
async function act(world: World, play: Play, load: Promise<void>): Promise<void> {
  const { stage } = world
  const startMs = performance.now()
  const lineAt = progress()
  const show = async () => {
    const line = lineAt(performance.now() - startMs, describe(await world.status()))
    if (line !== null) stage.say(line)
  }
  const timer = setInterval(() => void show(), PROGRESS_MS)
  try {
    await stage.until(Promise.all([load, play.inject(world)]))
    const settled = await stage.watch(async () => settledNow(world), FINAL_WITHIN_MS, 500)
    stage.expect(
      settled !== null,
      `every window is final ${FINAL_WITHIN_MS / 1000} s after the load and the last fault`,
    )
    await show()
  } finally {
    clearInterval(timer)
  }
}

async function settledNow({ status }: World): Promise<true | null> {
  const now = await status()
  return now !== null && isSettled(now) ? true : null
}

async function evidenceOf(stage: Stage, url: string) {
  const load = JSON.parse(await readFile(join(stage.folder, 'load.json'), 'utf8')) as LoadReport
  const check = await verify({ accepted: [join(stage.folder, 'accepted.ndjson')], url })
  return { load, check, served: await fetchWindows(url), warnings: await warningsIn(join(stage.folder, 'edge.log')) }
}
