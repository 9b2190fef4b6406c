import type { LambdaClient } from '@aws-sdk/client-lambda'
import { describe, expect, test } from '@jest/globals'
import { FunctionInvoker, InvokeFailed } from '../../cloud/functions'
import { ScriptedClient } from './scripted-client'

const invokerOver = (client: ScriptedClient) => new FunctionInvoker(client.as<LambdaClient>(), 'merge')
const payload = (text: string) => new Uint8Array(Buffer.from(text))

describe('a call of a function', () => {
  test('sends its payload and gives the answer, both as JSON', async () => {
    const client = new ScriptedClient({ StatusCode: 200, Payload: payload('{"status":"ü"}') })
    expect(await invokerOver(client).invoke({ endMs: 10, name: 'ü' })).toEqual({ status: 'ü' })
    const [{ FunctionName, Payload }] = client.inputs as [{ FunctionName: string; Payload: Uint8Array }]
    expect(FunctionName).toBe('merge')
    expect(JSON.parse(Buffer.from(Payload).toString())).toEqual({ endMs: 10, name: 'ü' })
  })

  test('of a function that answers nothing gives null', async () => {
    expect(await invokerOver(new ScriptedClient({ StatusCode: 200 })).invoke({})).toBeNull()
  })

  test('that failed inside says so, with what the function threw', async () => {
    const thrown = '{"errorType":"Error","errorMessage":"PARTIALS_TABLE is not set"}'
    const client = new ScriptedClient({ StatusCode: 200, FunctionError: 'Unhandled', Payload: payload(thrown) })
    const call = invokerOver(client).invoke({})
    await expect(call).rejects.toBeInstanceOf(InvokeFailed)
    await expect(call).rejects.toMatchObject({ code: 'function_error', retryable: true, message: `merge: ${thrown}` })
  })

  test('whose function failed at length is reported in short', async () => {
    const client = new ScriptedClient({ FunctionError: 'Unhandled', Payload: payload('x'.repeat(100_000)) })
    await expect(invokerOver(client).invoke({})).rejects.toHaveProperty('message', `merge: ${'x'.repeat(500)}`)
  })

  test('that did not reach it says so, with the name of the error', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { name: 'TimeoutError' })
    const call = invokerOver(new ScriptedClient(refused)).invoke({})
    await expect(call).rejects.toBeInstanceOf(InvokeFailed)
    await expect(call).rejects.toMatchObject({
      code: 'unreachable',
      retryable: true,
      message: 'merge: TimeoutError: connect ECONNREFUSED',
    })
  })

  test.each([
    ['by name', { name: 'TooManyRequestsException' }],
    ['by status', { name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } }],
  ])('that was throttled is told from one that did not arrive, %s', async (_, error) => {
    const throttled = Object.assign(new Error('Rate Exceeded.'), error)
    const call = invokerOver(new ScriptedClient(throttled)).invoke({})
    await expect(call).rejects.toMatchObject({ code: 'throttled', message: `merge: ${error.name}: Rate Exceeded.` })
  })

  const answered = (name: string, httpStatusCode: number) =>
    Object.assign(new Error('detail'), { name, $metadata: { httpStatusCode } })

  test.each([
    ['RequestTooLargeException', 413],
    ['ResourceNotFoundException', 404],
    ['AccessDeniedException', 403],
    ['InvalidRequestContentException', 400],
  ])('that is refused will be refused again: %s', async (name, status) => {
    const call = invokerOver(new ScriptedClient(answered(name, status))).invoke({})
    await expect(call).rejects.toMatchObject({ code: 'refused', retryable: false })
  })

  test.each([
    ['ThrottlingException', 400],
    ['LimitExceededException', 400],
    ['RequestTimeout', 408],
    ['ResourceConflictException', 409],
    ['SnapStartNotReadyException', 409],
    ['ExpiredTokenException', 403],
    ['RequestExpired', 400],
    ['ServiceException', 500],
  ])('that passes is not refused: %s', async (name, status) => {
    const call = invokerOver(new ScriptedClient(answered(name, status))).invoke({})
    await expect(call).rejects.toMatchObject({ retryable: true })
  })
})
