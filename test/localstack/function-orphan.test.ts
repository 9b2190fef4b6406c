import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { writeBootstrap } from '../../localstack/embedded/lambda/code'

test('a function whose cloud was killed ends when another cloud listens on its port', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-test-'))
  const other = createServer((_, response) => response.writeHead(410).end('{"errorMessage":"not known"}'))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  try {
    await writeFile(join(folder, 'index.js'), 'exports.handler = async () => 1')
    const child = spawn(process.execPath, [writeBootstrap(folder)], {
      stdio: 'ignore',
      env: {
        _HANDLER: 'index.handler',
        LAMBDA_TASK_ROOT: folder,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(other.address() as AddressInfo).port}/_runtime/of-the-old-cloud`,
      },
    })
    expect(await once(child, 'exit')).toEqual([0, null])
  } finally {
    other.closeAllConnections()
    other.close()
    await rm(folder, { recursive: true, force: true })
  }
})
