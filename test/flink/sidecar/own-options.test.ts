import { describe, expect, test } from '@jest/globals'
import { ownOptions } from '../../../flink/sidecar/own-options'

describe('--listen', () => {
  test.each([
    ['unix:/run/s.sock', { path: '/run/s.sock' }],
    ['127.0.0.1:7171', { host: '127.0.0.1', port: 7171 }],
    ['[::1]:7171', { host: '::1', port: 7171 }],
  ])('takes %s', (text, listen) => {
    expect(ownOptions(['--mode', 'never', '--listen', text, '--workers', '1'])).toEqual({
      listen,
      endsWithStdin: false,
      rest: ['--mode', 'never', '--workers', '1'],
    })
  })

  test.each(['0.0.0.0:7171', 'example.org:80', '7171', 'unix:', ''])(
    'refuses "%s": nobody is asked who they are',
    (text) => {
      expect(() => ownOptions(['--listen', text])).toThrow('give unix:FILE or 127.0.0.1:PORT')
    },
  )
})

test('--until-stdin-ends is an option of its own, wherever it stands', () => {
  const { endsWithStdin, rest } = ownOptions(['--mode', 'never', '--until-stdin-ends', '--workers', '1'])
  expect({ endsWithStdin, rest }).toEqual({ endsWithStdin: true, rest: ['--mode', 'never', '--workers', '1'] })
})
