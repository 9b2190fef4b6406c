/** `npm run schemathesis`: asks a running node for what its own description says, and for what it does not say. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { ensurePackaged } from '../../localstack/package'
import { withFlags } from '../../scripts/command-line/ask'
import type { Stoppable } from '../../scripts/processes/child'
import { startCloud } from '../../scripts/processes/cloud-process'
import { startEdgeNode } from '../../scripts/processes/edge-process'
import { ensureTool } from './tool'

const CONFIG = join(__dirname, 'schemathesis.toml')
/** For each operation: some 20 s. Ten times as many take 100 s, and found nothing further. */
const EXAMPLES = 100
const REQUEST_TIMEOUT_S = 10

const WHAT =
  'Starts a local cloud and a node, and asks the node for what its description says, and for what it does not say.'

const say = (text: string) => process.stdout.write(`${text}\n`)

/** Exit code: 0 all holds, or it cannot be had here; 1 something does not hold, or it could not be run. */
async function main(): Promise<number> {
  const tool = ensureTool(say)
  if (tool.kind === 'missing') {
    say(`skipped: ${tool.reason}`)
    return 0
  }
  if (tool.kind === 'failed') {
    say(`cannot run: ${tool.reason}`)
    return 1
  }
  const folder = await mkdtemp(join(tmpdir(), 'spillway-schemathesis-'))
  const children: Stoppable[] = []
  try {
    await ensurePackaged()
    const endpoint = await startCloud({ logFile: join(folder, 'functions.log') }, children)
    const options = { pipeline: 'bids', mode: 'never' }
    const { client } = await startEdgeNode({ endpoint, dataDir: join(folder, 'edge'), options }, children)
    await fill(client.url)
    return await ask(resolve(tool.command), client.url, folder)
  } finally {
    for (const child of children.reverse()) await child.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A final window with a row and a dead letter, so that there is something to look at. */
async function fill(url: string): Promise<void> {
  const nowMs = Date.now()
  const bid = (agoMs: number, price: number) => ({ auction: 1, bidder: 7, price, dateTime: nowMs - agoMs })
  const body = [bid(60_000, 19.5), bid(60_000, 0), bid(0, 21)].map((each) => JSON.stringify(each)).join('\n')
  const answer = await fetch(`${url}/v1/events`, { method: 'POST', body })
  if (answer.status !== 202) throw new Error(`the node did not take events: ${await answer.text()}`)
}

async function ask(command: string, url: string, cwd: string): Promise<number> {
  const bounds = ['--max-examples', String(EXAMPLES), '--request-timeout', String(REQUEST_TIMEOUT_S)]
  const repeatable = ['--seed', '1', '--generation-database', 'none']
  const args = ['--config-file', CONFIG, 'run', `${url}/openapi.json`, '--url', url, ...bounds, ...repeatable]
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

const command = new Command('npm run schemathesis --').description(WHAT).allowExcessArguments(false)

withFlags(command, process.argv.slice(2), main).then((code) => process.exit(code))
