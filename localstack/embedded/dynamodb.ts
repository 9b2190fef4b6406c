import { EventEmitter } from 'node:events'
import dynalite from 'dynalite'
import { jsonError, type WireRequest, type WireResponse, type WireService } from './wire'

/**
 * DynamoDB in memory, in this process: dynalite without a socket of its own, and UpdateTimeToLive and
 * DescribeTimeToLive, which it lacks. The setting is stored and told; nothing expires in a local cloud's short life.
 */
export function dynamodbService(): WireService {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const ttlAttributes = new Map<string, string>()
  const throughDynalite: WireService = (request) =>
    new Promise((resolve) => {
      const incoming = Object.assign(new EventEmitter(), { method: request.method, url: '/', headers: request.headers })
      server.emit('request', incoming, answerTo(resolve))
      incoming.emit('data', request.body)
      incoming.emit('end')
    })

  return async (request) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1]
    if (operation !== 'UpdateTimeToLive' && operation !== 'DescribeTimeToLive') return throughDynalite(request)
    const described = await throughDynalite(describeTableRequest(request))
    if (described.status !== 200) return described
    return operation === 'UpdateTimeToLive'
      ? updateTimeToLive(request, ttlAttributes)
      : describeTimeToLive(request, ttlAttributes)
  }
}

/** The part of node's ServerResponse that dynalite writes to. */
function answerTo(resolve: (response: WireResponse) => void) {
  const headers: Record<string, string> = {}
  return {
    statusCode: 200,
    setHeader(name: string, value: string | number) {
      headers[name.toLowerCase()] = String(value)
    },
    end(body = '') {
      resolve({ status: this.statusCode, headers, body })
    },
  }
}

function describeTableRequest(request: WireRequest): WireRequest {
  const { TableName } = JSON.parse(request.body.toString()) as { TableName: string }
  return {
    ...request,
    headers: { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' },
    body: Buffer.from(JSON.stringify({ TableName })),
  }
}

interface TimeToLiveRequest {
  readonly TableName: string
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean }
}

function updateTimeToLive({ body }: WireRequest, ttlAttributes: Map<string, string>): WireResponse {
  const { TableName, TimeToLiveSpecification: wanted } = JSON.parse(body.toString()) as TimeToLiveRequest
  if (wanted === undefined) return jsonError(400, 'ValidationException', 'TimeToLiveSpecification is missing')
  if (wanted.Enabled) ttlAttributes.set(TableName, wanted.AttributeName)
  else ttlAttributes.delete(TableName)
  return json({ TimeToLiveSpecification: wanted })
}

function describeTimeToLive({ body }: WireRequest, ttlAttributes: Map<string, string>): WireResponse {
  const { TableName } = JSON.parse(body.toString()) as TimeToLiveRequest
  const AttributeName = ttlAttributes.get(TableName)
  const description = AttributeName === undefined ? {} : { AttributeName }
  const TimeToLiveStatus = AttributeName === undefined ? 'DISABLED' : 'ENABLED'
  return json({ TimeToLiveDescription: { TimeToLiveStatus, ...description } })
}

const json = (body: object): WireResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
})
