import { chmod, writeFile } from 'node:fs/promises'
import { type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { type Config, configSchema } from '../../../edge-node/config/config'
import { Keeper } from '../../../edge-node/http/access/keeper'
import { eventually } from '../../support/eventually'
import { event, testNodes } from '../../support/fixture'
import { certificate, certificateFiles } from '../../support/secret-files'

const { start, newFolder } = testNodes()

async function listening(config: Partial<Config>) {
  const node = await start({ config })
  const url = await node.app.listen({ host: '127.0.0.1', port: 0 })
  return { ...node, url, port: (node.app.server.address() as AddressInfo).port }
}

/** Asks over TLS as somebody who trusts the test authority; resolves to the status and whose certificate was shown. */
function ask(port: number, options: RequestOptions = {}): Promise<{ status: number; subject: string }> {
  return new Promise((resolve, reject) => {
    const target = { port, host: '127.0.0.1', path: '/healthz', agent: false, ...options }
    const sent = request(target, (response) => {
      const { socket } = response as unknown as { socket: import('node:tls').TLSSocket }
      resolve({ status: response.statusCode!, subject: String(socket.getPeerCertificate().subject?.CN) })
      response.resume()
    })
    sent.on('error', reject).end()
  })
}

const trusting = async () => ({ ca: await certificate('authority.pem') })

describe('S12 somebody who listens in on the way', () => {
  test('with a certificate the node speaks TLS alone', async () => {
    const node = await listening(await certificateFiles(await newFolder()))
    expect(node.url).toMatch(/^https:/)
    expect(await ask(node.port, await trusting())).toEqual({ status: 200, subject: 'server' })
    await expect(ask(node.port)).rejects.toThrow() // a client that does not trust the authority
    await expect(fetch(`http://127.0.0.1:${node.port}/healthz`)).rejects.toThrow()
    await expect(
      ask(node.port, { ...(await trusting()), maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }),
    ).rejects.toThrow()
  })

  test('another certificate takes the place of the first at a signal', async () => {
    const folder = await newFolder()
    const files = await certificateFiles(folder)
    const node = await listening(files)
    await writeFile(files.tlsCert, await certificate('stranger.pem'))
    await writeFile(files.tlsKey, await certificate('stranger.key'))
    process.emit('SIGHUP')
    await eventually(async () =>
      expect(await ask(node.port, { rejectUnauthorized: false })).toEqual({ status: 200, subject: 'stranger' }),
    )
  })

  test('certificates that cannot be used are refused at the start, repeating nothing of the key', async () => {
    const folder = await newFolder()
    const { tlsCert, tlsKey } = await certificateFiles(folder)
    const open = (config: Partial<Config>) => new Keeper(configSchema.parse(config), pino({ level: 'silent' }))
    const stranger = await certificateFiles(folder, 'stranger')
    expect(() => open({ tlsCert, tlsKey: stranger.tlsKey })).toThrow(/tlsCert, tlsKey or tlsClientCa cannot be used/)
    expect(() => open({ tlsCert, tlsKey: `${tlsKey}.absent` })).toThrow(/tlsKey cannot be used \(ENOENT\)/)
    await chmod(tlsKey, 0o644)
    expect(() => open({ tlsCert, tlsKey })).toThrow(/tlsKey cannot be used .*chmod 600/)
  })
})

describe('S13 a client that is not the one it says', () => {
  test('with authorities for clients, only a certificate that one of them signed gets a connection', async () => {
    const folder = await newFolder()
    const tlsClientCa = `${folder}/authority.pem`
    await writeFile(tlsClientCa, await certificate('authority.pem'))
    const node = await listening({ ...(await certificateFiles(folder)), tlsClientCa })
    const as = async (name: 'client' | 'stranger') => ({
      ...(await trusting()),
      cert: await certificate(`${name}.pem`),
      key: await certificate(`${name}.key`),
    })
    expect(await ask(node.port, await as('client'))).toMatchObject({ status: 200 })
    await expect(ask(node.port, await as('stranger'))).rejects.toThrow()
    await expect(ask(node.port, await trusting())).rejects.toThrow()
    expect((await node.post(event('a', 1))).statusCode).toBe(202)
  })
})
