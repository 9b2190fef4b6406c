import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { LoadError } from '../../../scripts/load/load-error'
import { PortTaken } from '../../../scripts/processes/free-port'
import { parseStartArguments } from '../../../scripts/start/cli'
import { checkRun, type RunOptions } from '../../../scripts/start/run'

const parse = (line: string) => parseStartArguments(line.split(' ').filter(Boolean))

function optionsOf(line: string): RunOptions {
  const command = parse(line)
  if (command.kind !== 'run') throw new Error(`${line} is no run`)
  return command.options
}

describe('the command line of spillway start', () => {
  test.each([
    '--nope',
    '--port x',
    '--port 70000',
    '--seconds 0',
    '--poison 2',
    '--seed 1.5',
    '--trace no-file',
    'more',
  ])('%s is refused, with a word on where to look', (line) => {
    expect(parse(line)).toMatchObject({ kind: 'wrong', message: expect.stringMatching(/See spillway start --help\.$/) })
  })

  test('a spike that is longer than what the run leaves for it is refused, and by default it fits', () => {
    expect(parse('--seconds 60 --spike-seconds 41')).toMatchObject({
      kind: 'wrong',
      message: expect.stringMatching(/--spike-seconds 41 does not fit: .* leaves 40 s\. See spillway start --help\.$/),
    })
    expect(optionsOf('--seconds 60 --spike-seconds 40').spikeSeconds).toBe(40)
    expect(optionsOf('').spikeSeconds).toBe(20)
    expect(optionsOf('--seconds 9').spikeSeconds).toBe(3)
  })

  test('takes no poison at all, and goes on after the report, unless told', () => {
    expect(parse('')).toMatchObject({
      isOnce: false,
      isJson: false,
      reportFile: null,
      options: { port: 7070, poison: 0 },
    })
    expect(parse('--once --poison 0 --port 0')).toMatchObject({ isOnce: true, options: { port: 0, poison: 0 } })
  })
})

describe('before anything is started', () => {
  test('a port that is taken is refused by name, and let through when it is free again', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const options = optionsOf(`--port ${port}`)
    const refused = checkRun(options)
    await expect(refused).rejects.toThrow(PortTaken)
    await expect(refused).rejects.toThrow(new RegExp(`port ${port} already.*--port`))
    server.close()
    await once(server, 'close')
    await checkRun(options)
  })

  test('a trace that is none is refused, and one that is one is not', async () => {
    const root = join(__dirname, '../../..')
    await expect(checkRun(optionsOf(`--port 0 --trace ${root}/README.md`))).rejects.toThrow(LoadError)
    await checkRun(optionsOf(`--port 0 --trace ${root}/lab/traces/two-spikes.csv`))
  })
})
