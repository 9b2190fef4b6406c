import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { startEmbeddedCloud } from '../../localstack/embedded/start'
import { ensurePackaged } from '../../localstack/package'

const LOCALSTACK = path.resolve(__dirname, '../../localstack')

describe('the compose file', () => {
  let service: Record<string, unknown> & { environment: Record<string, string>; ports: string[]; image: string }

  beforeAll(async () => {
    service = parse(await readFile(path.join(LOCALSTACK, 'docker-compose.yml'), 'utf8')).services.localstack
  })

  test('pins the image, which the environment may change', () => {
    expect(service.image).toMatch(/^\$\{LOCALSTACK_IMAGE:-localstack\/localstack:\d+\.\d+\.\d+\}$/)
    expect(service.environment.LOCALSTACK_AUTH_TOKEN).toBe(`\${LOCALSTACK_AUTH_TOKEN:-}`)
  })

  test('binds to loopback only', () => {
    expect(service.ports.length).toBeGreaterThan(0)
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  test('has every service that the template needs, and waits until they answer', () => {
    const services = service.environment.SERVICES?.split(',')
    expect(services).toEqual(
      expect.arrayContaining(['cloudformation', 'dynamodb', 'iam', 'kinesis', 'lambda', 'logs', 's3', 'sqs']),
    )
    expect(service.healthcheck).toMatchObject({ test: expect.arrayContaining(['CMD', 'curl']) })
  })
})

describe('npm run localstack', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'spillway-docker-'))
    await ensurePackaged({ onProgress: () => {} })
  }, 180_000)
  afterAll(() => rm(folder, { recursive: true }))

  /** Runs the program with nothing but a `docker` of the test's own on the path. */
  async function up(dockerScript: string | undefined, port: string): Promise<{ code: number | null; output: string }> {
    const docker = path.join(folder, 'docker')
    await rm(docker, { force: true })
    if (dockerScript !== undefined) {
      await writeFile(docker, `#!/bin/sh\n${dockerScript}\n`)
      await chmod(docker, 0o755)
    }
    const child = spawn(process.execPath, ['--import', 'tsx', path.join(LOCALSTACK, 'up.ts')], {
      env: { ...process.env, PATH: folder, LOCALSTACK_PORT: port },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
  }

  test('says what to do where there is no Docker', async () => {
    const { code, output } = await up(undefined, '1')
    expect(code).toBe(1)
    expect(output).toMatch(/Install Docker with its Compose plugin.*spillway cloud/s)
  }, 30_000)

  test('says so when the container does not start', async () => {
    const { code, output } = await up('[ "$2" = version ] || exit 17', '1')
    expect(code).toBe(1)
    expect(output).toContain('docker compose up ended with code 17')
  }, 30_000)

  test('starts the container, deploys into what listens on its port, and shows how to use it', async () => {
    const cloud = await startEmbeddedCloud({ port: 0 })
    try {
      const port = new URL(cloud.endpoint).port
      const { code, output } = await up('[ "$2" = version ] || echo "docker $@"', port)
      expect(output).toMatch(/docker compose -f \S+docker-compose\.yml up --detach --wait/)
      expect(output).toContain(`export AWS_ENDPOINT_URL=http://127.0.0.1:${port}`)
      expect(output).toContain('spillway-dev-overflow')
      expect(code).toBe(0)
    } finally {
      await cloud.stop()
    }
  }, 30_000)
})
