import { describe, expect, test } from '@jest/globals'
import { NotInstalled, optional } from '../../program/optional'

describe('a package that only some uses need', () => {
  const missing = () => {
    throw Object.assign(new Error("Cannot find module 'echarts'"), { code: 'MODULE_NOT_FOUND' })
  }

  test('is loaded when it is there', () => {
    expect(optional('plots need', ['echarts'], () => 7)).toBe(7)
  })

  test('is named with what to install when it is not', () => {
    expect(() => optional('plots need', ['echarts'], missing)).toThrow(NotInstalled)
    expect(() => optional('plots need', ['echarts'], missing)).toThrow(
      'plots need packages that are not installed: npm install echarts',
    )
  })

  test('that is broken is a bug, and stays one', () => {
    const broken = () => {
      throw new TypeError('it is broken')
    }
    expect(() => optional('plots need', ['echarts'], broken)).toThrow(TypeError)
  })
})
