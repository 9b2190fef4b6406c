import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { WireService } from '../../../localstack/embedded/wire'

export interface KinesisServer {
  readonly client: KinesisClient
  stop(): Promise<void>
}

/**
 * The SDK's client of AWS, unchanged but for its endpoint, before whatever service `service` gives at the time of a
 * call.
 */
export async function serveKinesis(service: () => WireService): Promise<KinesisServer> {
  const server = createServer(async (request, response) => {
    const { method = '', headers } = request
    const query = new URLSearchParams()
    const answer = await service()({ method, path: '/', query, headers, body: await bodyOf(request) })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new KinesisClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  })
  return {
    client,
    stop: () => {
      client.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
